/**
 * Unpacks zstd (RFC 8878) without WebAssembly: the usual glue code makes functions out of strings, which a strict
 * Content-Security-Policy forbids, and it is larger than all the rest of the viewer.
 */

import { damaged } from "./bits";
import { type HuffmanTable } from "./huffman";
import { Output } from "./output";
import { readLiterals } from "./zstd_literals";
import { executeSequences, type SequenceTables } from "./zstd_sequences";

const MAGIC = 0xfd2fb528;
const LARGEST_BLOCK = 128 * 1024;

/** What blocks of one frame hand on to each other. */
export interface FrameState {
  huffman?: HuffmanTable;
  tables: Partial<SequenceTables>;
  /** The last three distances. */
  repeats: [number, number, number];
}

interface Header {
  size: number | undefined;
  checksum: boolean;
  next: number;
}

/** Unpack all frames; more than `most` bytes are refused. */
export function decodeZstd(packed: Uint8Array, most: number): Uint8Array {
  // Streams are read by words: a few bytes more behind the end save many looks at it.
  const bytes = new Uint8Array(packed.length + 8);
  bytes.set(packed);
  const end = packed.length;
  let at = 0;
  let output: Output | undefined;
  if (end === 0) throw damaged("it is empty");
  while (at < end) {
    if (at + 4 > end) throw damaged("zstd data are cut off");
    const magic = word(bytes, at);
    if ((magic & 0xfffffff0) >>> 0 === 0x184d2a50) {
      at += 8 + word(bytes, at + 4);
      continue;
    }
    if (magic !== MAGIC) throw damaged("these are no zstd data");
    const header = readHeader(bytes, at + 4, end);
    output ??= new Output(header.size, most);
    at = readFrame(bytes, header, end, output);
  }
  return output?.finish() ?? new Uint8Array(0);
}

function readHeader(bytes: Uint8Array, start: number, end: number): Header {
  const flags = bytes[start]!;
  const single = (flags & 32) !== 0;
  if (flags & 8) throw damaged("zstd uses bits that have no meaning");
  const dictionary = [0, 1, 2, 4][flags & 3]!;
  const sized = [single ? 1 : 0, 2, 4, 8][flags >> 6]!;
  let at = start + 1 + (single ? 0 : 1);
  for (let i = 0; i < dictionary; i++) if (bytes[at + i] !== 0) throw damaged("it needs a dictionary of zstd");
  at += dictionary;
  let size: number | undefined;
  if (sized > 0) {
    size = sized === 2 ? 256 : 0;
    for (let i = 0; i < sized; i++) size += bytes[at + i]! * 256 ** i;
  }
  if (at + sized > end) throw damaged("zstd data are cut off");
  return { size, checksum: (flags & 4) !== 0, next: at + sized };
}

function readFrame(bytes: Uint8Array, header: Header, end: number, output: Output): number {
  const state: FrameState = { tables: {}, repeats: [1, 4, 8] };
  const begun = output.length;
  let at = header.next;
  for (let last = false; !last; ) {
    if (at + 3 > end) throw damaged("zstd data are cut off");
    const head = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16);
    last = (head & 1) === 1;
    const type = (head >> 1) & 3;
    const size = head >> 3;
    at += 3;
    const stored = type === 1 ? 1 : size;
    if (at + stored > end || type === 3 || (type !== 1 && size > LARGEST_BLOCK)) throw damaged("zstd data are cut off");
    if (type === 0) output.copy(bytes, at, size);
    else if (type === 1) output.fill(bytes[at]!, size);
    else readBlock(bytes, at, at + size, state, output, begun);
    at += stored;
  }
  if (header.size !== undefined && output.length - begun !== header.size) throw damaged("zstd data have another length than they say");
  return at + (header.checksum ? 4 : 0);
}

function readBlock(bytes: Uint8Array, start: number, end: number, state: FrameState, output: Output, begun: number): void {
  const literals = readLiterals(bytes, start, end, state);
  executeSequences(bytes, literals.next, end, state, literals.bytes, output, begun);
}

function word(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}
