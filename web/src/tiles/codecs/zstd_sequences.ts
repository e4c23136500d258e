/** Sequences of zstd: so many literals, then a repetition of what came before (RFC 8878, 3.1.1.3.2). */

import { BackwardBits, damaged, viewOf } from "./bits";
import { type FseTable, makeFse, onlySymbol, readFse } from "./fse";
import type { Output } from "./output";
import type { FrameState } from "./zstd";

export interface SequenceTables {
  literals: FseTable;
  offsets: FseTable;
  matches: FseTable;
}

const LITERAL_BITS = extraBits(16, [1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
const MATCH_BITS = extraBits(32, [1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
const LITERAL_BASE = bases(LITERAL_BITS, 0);
const MATCH_BASE = bases(MATCH_BITS, 3);

interface Kind {
  name: keyof SequenceTables;
  most: { log: number; symbol: number };
  usual: FseTable;
}

/** In the order in which the tables are written; the usual distributions stand in the RFC, 3.1.1.3.2.2. */
const KINDS: readonly Kind[] = [
  { name: "literals", most: { log: 9, symbol: 35 }, usual: makeFse([4, 3, ...Array<number>(11).fill(2), 1, 1, 1, ...Array<number>(9).fill(2), 3, 2, 1, 1, 1, 1, 1, -1, -1, -1, -1], 6) },
  { name: "offsets", most: { log: 8, symbol: 31 }, usual: makeFse([1, 1, 1, 1, 1, 1, 2, 2, 2, ...Array<number>(15).fill(1), -1, -1, -1, -1, -1], 5) },
  { name: "matches", most: { log: 9, symbol: 52 }, usual: makeFse([1, 4, 3, 2, 2, 2, 2, 2, 2, ...Array<number>(37).fill(1), -1, -1, -1, -1, -1, -1, -1], 6) },
];

export function executeSequences(
  bytes: Uint8Array, start: number, end: number, state: FrameState, literals: Uint8Array, output: Output, begun: number,
): void {
  if (start >= end) throw damaged("a block of zstd is cut off");
  let at = start + 1;
  let count = bytes[start]!;
  if (count === 255) {
    count = bytes[at]! + (bytes[at + 1]! << 8) + 0x7f00;
    at += 2;
  } else if (count > 127) {
    count = ((count - 128) << 8) + bytes[at]!;
    at += 1;
  }
  if (count === 0) return output.copy(literals, 0, literals.length);
  const next = readTables(bytes, at, end, state);
  const used = run(new BackwardBits(viewOf(bytes), next, end), count, state, literals, output, begun);
  output.copy(literals, used, literals.length - used);
}

function readTables(bytes: Uint8Array, start: number, end: number, state: FrameState): number {
  const modes = bytes[start]!;
  let at = start + 1;
  KINDS.forEach(({ name, most, usual }, place) => {
    const mode = (modes >> (6 - 2 * place)) & 3;
    if (mode === 0) state.tables[name] = usual;
    else if (mode === 1) {
      if (bytes[at]! > most.symbol) throw damaged("a table of zstd has too many symbols");
      state.tables[name] = onlySymbol(bytes[at++]!);
    } else if (mode === 2) {
      const found = readFse(bytes, at, end, most);
      state.tables[name] = found.table;
      at = found.next;
    } else if (!state.tables[name]) throw damaged("a block of zstd refers to a table that is not there");
  });
  if (at >= end) throw damaged("a block of zstd is cut off");
  return at;
}

/** Returns how many of the literals were used. */
function run(stream: BackwardBits, count: number, state: FrameState, literals: Uint8Array, output: Output, begun: number): number {
  const { literals: ll, offsets: of, matches: ml } = state.tables as SequenceTables;
  let [literalState, offsetState, matchState] = [stream.read(ll.log), stream.read(of.log), stream.read(ml.log)];
  let used = 0;
  for (let i = 0; i < count; i++) {
    const code = of.symbol[offsetState]!;
    const value = code < 25 ? (1 << code) + stream.read(code) : 2 ** code + stream.readLong(code);
    const match = ml.symbol[matchState]!;
    const length = MATCH_BASE[match]! + stream.read(MATCH_BITS[match]!);
    const literal = ll.symbol[literalState]!;
    const before = LITERAL_BASE[literal]! + stream.read(LITERAL_BITS[literal]!);
    if (i < count - 1) {
      literalState = ll.base[literalState]! + stream.read(ll.bits[literalState]!);
      matchState = ml.base[matchState]! + stream.read(ml.bits[matchState]!);
      offsetState = of.base[offsetState]! + stream.read(of.bits[offsetState]!);
    }
    if (used + before > literals.length || stream.left < 0) throw damaged("a block of zstd is cut off");
    const distance = value > 3 ? fresh(value - 3, state.repeats) : repeated(value - 1 + Number(before === 0), state.repeats);
    if (distance < 1 || distance > output.length + before - begun) throw damaged("a block of zstd refers to what is not there");
    output.append(literals, used, before, distance, length);
    used += before;
  }
  if (stream.left !== 0) throw damaged("a block of zstd does not end where it should");
  return used;
}

type Repeats = [number, number, number];

function fresh(distance: number, repeats: Repeats): number {
  repeats[2] = repeats[1];
  repeats[1] = repeats[0];
  return (repeats[0] = distance);
}

/** One of the last distances; where no literals come before, the choice is one further. */
function repeated(choice: number, repeats: Repeats): number {
  const [first, second, third] = repeats;
  if (choice === 0) return first;
  const found = choice === 1 ? second : choice === 2 ? third : first - 1;
  repeats[0] = found;
  repeats[1] = first;
  if (choice !== 1) repeats[2] = second;
  return found;
}

function extraBits(plain: number, more: readonly number[]): Uint8Array {
  return Uint8Array.from([...Array<number>(plain).fill(0), ...more]);
}

/** Each code begins where the one before ends. */
function bases(bits: Uint8Array, first: number): Uint32Array {
  const found = new Uint32Array(bits.length).fill(first);
  for (let i = 1; i < bits.length; i++) found[i] = found[i - 1]! + 2 ** bits[i - 1]!;
  return found;
}
