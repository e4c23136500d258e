/** Huffman codes of the literals of zstd (RFC 8878, 4.2). */

import { BackwardBits, bitsOf, damaged, viewOf } from "./bits";
import { readFse } from "./fse";

export interface HuffmanTable {
  log: number;
  /** For each pattern of `log` bits: the symbol, and how many bits it takes above the eighth. */
  entries: Uint16Array;
}

const MOST_BITS = 11;

/** Read the description of a code; returns where it ends. */
export function readHuffman(bytes: Uint8Array, start: number, end: number): { table: HuffmanTable; next: number } {
  if (start >= end) throw damaged("a Huffman code is cut off");
  const head = bytes[start]!;
  const direct = head >= 128;
  const next = start + 1 + (direct ? (head - 126) >> 1 : head);
  if (next > end) throw damaged("a Huffman code is cut off");
  const weights = direct ? directWeights(bytes, start + 1, head - 127) : packedWeights(bytes, start + 1, next);
  return { table: makeHuffman(weights), next };
}

function directWeights(bytes: Uint8Array, start: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => (i % 2 ? bytes[start + (i >> 1)]! & 15 : bytes[start + (i >> 1)]! >> 4));
}

/** Two states take turns until the bits are used up. */
function packedWeights(bytes: Uint8Array, start: number, end: number): number[] {
  const { table, next } = readFse(bytes, start, end, { log: 6, symbol: 255 });
  const stream = new BackwardBits(viewOf(bytes), next, end);
  const states = [stream.read(table.log), stream.read(table.log)];
  const weights: number[] = [];
  for (let turn = 0; ; turn ^= 1) {
    const state = states[turn]!;
    weights.push(table.symbol[state]!);
    if (weights.length > 255) throw damaged("a Huffman code has too many symbols");
    states[turn] = table.base[state]! + stream.read(table.bits[state]!);
    if (stream.left < 0) {
      weights.push(table.symbol[states[turn ^ 1]!]!);
      return weights;
    }
  }
}

function makeHuffman(weights: number[]): HuffmanTable {
  const sum = weights.reduce((total, weight) => total + (weight ? 1 << (weight - 1) : 0), 0);
  const log = 32 - Math.clz32(sum);
  const left = (1 << log) - sum;
  const last = 32 - Math.clz32(left);
  if (sum === 0 || log > MOST_BITS || left !== 1 << (last - 1)) throw damaged("a Huffman code does not close");
  weights.push(last);
  const entries = new Uint16Array(1 << log);
  let at = 0;
  for (let weight = 1; weight <= log; weight++) {
    weights.forEach((own, symbol) => {
      if (own !== weight) return;
      const span = 1 << (weight - 1);
      entries.fill(symbol | ((log + 1 - weight) << 8), at, at + span);
      at += span;
    });
  }
  return { log, entries };
}

/** Decode one stream of symbols; it has to end where they do. */
export function decodeHuffman(
  table: HuffmanTable, view: DataView, start: number, end: number, out: Uint8Array, from: number, to: number,
): void {
  const { log, entries } = table;
  const first = start * 8;
  const mask = (1 << log) - 1;
  let at = first + bitsOf(view, start, end);
  let i = from;
  // Two symbols have at most 22 bits, and a word holds at least 25 of use.
  while (i + 1 < to && at - first >= 32) {
    const byte = (at - 25) >> 3;
    const word = view.getInt32(byte, true);
    let above = at - 8 * byte;
    const one = entries[(word >>> (above - log)) & mask]!;
    above -= one >> 8;
    const two = entries[(word >>> (above - log)) & mask]!;
    out[i] = one & 255;
    out[i + 1] = two & 255;
    at -= (one >> 8) + (two >> 8);
    i += 2;
  }
  for (; i < to; i++) {
    const low = at - log;
    const pattern = low >= first
      ? (view.getInt32(low >> 3, true) >>> (low & 7)) & mask
      : (view.getInt32(start, true) << (first - low)) & mask;
    const entry = entries[pattern]!;
    out[i] = entry & 255;
    at -= entry >> 8;
  }
  if (at !== first) throw damaged("a stream of literals does not end where it should");
}
