/** Unpacks Blosc 1: blocks, each perhaps in as many parts as a pixel has bytes, and the order of the bytes undone. */

import { damaged } from "./bits";
import { inflate } from "./inflate";
import { decodeBloscLz, decodeLz4 } from "./lz4";
import { unshuffle, unshuffleBits } from "./shuffle";
import { decodeZstd } from "./zstd";

interface Header {
  flags: number;
  width: number;
  size: number;
  block: number;
  stored: number;
}

const HEADER = 16;
/** Parts are made only of pixels up to so many bytes, and of at least so many pixels. */
const MOST_PARTS = 16;
const LEAST_PART = 128;
const FORMATS = ["blosclz", "lz4", "snappy", "zlib", "zstd"];

/** Unpack a chunk; more than `most` bytes are refused. */
export async function decodeBlosc(bytes: Uint8Array, most: number): Promise<Uint8Array> {
  const header = readHeader(bytes, most);
  const { size, block, flags } = header;
  if (flags & 2) {
    if (bytes.length < HEADER + size) throw damaged("Blosc data are cut off");
    return bytes.slice(HEADER, HEADER + size);
  }
  const out = new Uint8Array(size);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = Math.ceil(size / block);
  if (HEADER + 4 * count > header.stored) throw damaged("Blosc data are cut off");
  for (let i = 0; i < count; i++) {
    const place = out.subarray(i * block, Math.min(size, (i + 1) * block));
    const found = await readBlock(bytes, view.getUint32(HEADER + 4 * i, true), place.length, header);
    restore(found, place, header);
  }
  return out;
}

function readHeader(bytes: Uint8Array, most: number): Header {
  if (bytes.length < HEADER) throw damaged("Blosc data are cut off");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [size, block, stored] = [4, 8, 12].map((at) => view.getUint32(at, true)) as [number, number, number];
  const header = { flags: bytes[2]!, width: bytes[3]!, size, block, stored };
  if (stored > bytes.length) throw damaged(`${bytes.length} of its ${stored} bytes are there`);
  if (size > most) throw damaged(`it holds ${size} bytes where at most ${most} belong`);
  if (bytes[0]! > 2 || header.width === 0 || (size > 0 && (block === 0 || block > size))) throw damaged("these are no Blosc data");
  return header;
}

async function readBlock(bytes: Uint8Array, start: number, size: number, header: Header): Promise<Uint8Array> {
  const { flags, width, block, stored } = header;
  const whole = size === block;
  const splits = whole && !(flags & 16) && width <= MOST_PARTS && block / width >= LEAST_PART;
  const parts = splits ? width : 1;
  const length = Math.floor(size / parts);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const out = new Uint8Array(size);
  let at = start;
  for (let part = 0; part < parts; part++) {
    if (at + 4 > stored) throw damaged("Blosc data are cut off");
    const packed = view.getInt32(at, true);
    at += 4;
    if (packed < 0 || at + packed > stored) throw damaged("Blosc data are cut off");
    const own = bytes.subarray(at, at + packed);
    out.set(packed === length ? own : await unpack(own, length, flags >> 5), part * length);
    at += packed;
  }
  return out;
}

async function unpack(bytes: Uint8Array, size: number, format: number): Promise<Uint8Array> {
  const name = FORMATS[format];
  if (name === "blosclz") return decodeBloscLz(bytes, size);
  if (name === "lz4") return decodeLz4(bytes, size);
  if (name !== "zstd" && name !== "zlib") throw new Error(`it is packed by Blosc with ${name ?? "an unknown codec"}, which this viewer cannot read`);
  const found = name === "zstd" ? decodeZstd(bytes, size) : await inflate("deflate")(bytes, size);
  if (found.length !== size) throw damaged(`a block of Blosc holds ${found.length} bytes instead of ${size}`);
  return found;
}

function restore(found: Uint8Array, place: Uint8Array, { flags, width }: Header): void {
  if (flags & 4) unshuffleBits(found, place, width);
  else if (flags & 1 && width > 1) unshuffle(found, place, width);
  else place.set(found);
}
