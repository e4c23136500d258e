/** Tables of finite state entropy, by which zstd packs numbers (RFC 8878, 4.1). */

import { damaged, ForwardBits } from "./bits";

/** What each state stands for, and how it leads to the next one. */
export interface FseTable {
  log: number;
  symbol: Uint8Array;
  bits: Uint8Array;
  base: Uint16Array;
}

/** Read a distribution; it begins at a byte and ends before another one, which is returned too. */
export function readFse(bytes: Uint8Array, start: number, end: number, most: { log: number; symbol: number }): { table: FseTable; next: number } {
  const stream = new ForwardBits(bytes, start, end);
  const log = stream.read(4) + 5;
  if (log > most.log) throw damaged(`a table of zstd has ${log} bits`);
  const counts: number[] = [];
  let left = 1 << log;
  while (left > 0) {
    const count = readCount(stream, left);
    counts.push(count);
    left -= Math.abs(count);
    if (count === 0) {
      let zeros: number;
      do {
        zeros = stream.read(2);
        for (let i = 0; i < zeros; i++) counts.push(0);
      } while (zeros === 3);
    }
    if (counts.length > most.symbol + 1) throw damaged("a table of zstd has too many symbols");
  }
  return { table: makeFse(counts, log), next: stream.byte };
}

/** A probability in as few bits as what is left needs; -1 means less than one. */
function readCount(stream: ForwardBits, left: number): number {
  const width = 32 - Math.clz32(left + 1);
  const low = (1 << (width - 1)) - 1;
  const threshold = (1 << width) - 2 - left;
  const value = stream.peek(width);
  if ((value & low) < threshold) {
    stream.skip(width - 1);
    return (value & low) - 1;
  }
  stream.skip(width);
  const count = (value > low ? value - threshold : value) - 1;
  if (count > left) throw damaged("a table of zstd has probabilities above 1");
  return count;
}

export function makeFse(counts: readonly number[], log: number): FseTable {
  const size = 1 << log;
  const symbol = new Uint8Array(size);
  const next = counts.map((count) => (count < 0 ? 1 : count));
  let high = size;
  counts.forEach((count, number) => {
    if (count < 0) symbol[--high] = number;
  });
  spread(counts, symbol, high);
  const bits = new Uint8Array(size);
  const base = new Uint16Array(size);
  for (let state = 0; state < size; state++) {
    const x = next[symbol[state]!]!++;
    bits[state] = log - (31 - Math.clz32(x));
    base[state] = (x << bits[state]!) - size;
  }
  return { log, symbol, bits, base };
}

function spread(counts: readonly number[], symbol: Uint8Array, high: number): void {
  const size = symbol.length;
  const step = (size >> 1) + (size >> 3) + 3;
  let at = 0;
  counts.forEach((count, number) => {
    for (let i = 0; i < count; i++) {
      symbol[at] = number;
      do at = (at + step) & (size - 1);
      while (at >= high && high > 0);
    }
  });
  if (at !== 0) throw damaged("a table of zstd does not close");
}

/** A table that knows one symbol only. */
export function onlySymbol(symbol: number): FseTable {
  return { log: 0, symbol: Uint8Array.of(symbol), bits: Uint8Array.of(0), base: Uint16Array.of(0) };
}
