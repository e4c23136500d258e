/** The literals of a block of zstd: bytes that are no repetition (RFC 8878, 3.1.1.3.1). */

import { damaged, viewOf } from "./bits";
import { decodeHuffman, readHuffman } from "./huffman";
import type { FrameState } from "./zstd";

const MOST = 128 * 1024;

export function readLiterals(bytes: Uint8Array, start: number, end: number, state: FrameState): { bytes: Uint8Array; next: number } {
  if (start >= end) throw damaged("a block of zstd is empty");
  const head = bytes[start]!;
  const type = head & 3;
  const format = (head >> 2) & 3;
  return type < 2 ? plain(bytes, start, end, type, format) : packed(bytes, start, end, type, format, state);
}

/** As they are, or one byte many times. */
function plain(bytes: Uint8Array, start: number, end: number, type: number, format: number) {
  const width = format === 1 ? 2 : format === 3 ? 3 : 1;
  const number = little(bytes, start, width);
  const size = width === 1 ? number >> 3 : number >> 4;
  const at = start + width;
  const stored = type === 0 ? size : 1;
  if (size > MOST || at + stored > end) throw damaged("the literals of a block are cut off");
  if (type === 0) return { bytes: bytes.subarray(at, at + size), next: at + size };
  return { bytes: new Uint8Array(size).fill(bytes[at]!), next: at + 1 };
}

/** By a Huffman code: one of their own (type 2) or that of the block before. */
function packed(bytes: Uint8Array, start: number, end: number, type: number, format: number, state: FrameState) {
  const width = [3, 3, 4, 5][format]!;
  const bits = [10, 10, 14, 18][format]!;
  const number = little(bytes, start, width);
  const size = Math.floor(number / 16) % 2 ** bits;
  const stored = Math.floor(number / 2 ** (4 + bits)) % 2 ** bits;
  let at = start + width;
  const stop = at + stored;
  if (size > MOST || stop > end) throw damaged("the literals of a block are cut off");
  if (type === 2) {
    const found = readHuffman(bytes, at, stop);
    state.huffman = found.table;
    at = found.next;
  }
  const table = state.huffman;
  if (!table) throw damaged("a block of zstd refers to a code that is not there");
  const out = new Uint8Array(size);
  const view = viewOf(bytes);
  if (format === 0) {
    decodeHuffman(table, view, at, stop, out, 0, size);
    return { bytes: out, next: stop };
  }
  const part = (size + 3) >> 2;
  const lengths = [0, 2, 4].map((offset) => little(bytes, at + offset, 2));
  at += 6;
  for (let i = 0; i < 4; i++) {
    const until = i < 3 ? at + lengths[i]! : stop;
    if (until > stop || 3 * part > size) throw damaged("the literals of a block are cut off");
    decodeHuffman(table, view, at, until, out, i * part, i < 3 ? (i + 1) * part : size);
    at = until;
  }
  return { bytes: out, next: stop };
}

function little(bytes: Uint8Array, at: number, width: number): number {
  let number = 0;
  for (let i = 0; i < width; i++) number += bytes[at + i]! * 256 ** i;
  return number;
}
