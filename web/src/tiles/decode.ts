/** From the stored bytes of one chunk to its pixels in C order; zarrita does it, with checksums that are checked. */

import * as zarr from "zarrita";
import { half } from "../ome/fill";
import type { ArrayInfo } from "../ome/model";
import { checked, CorruptError } from "../store/checksum";
import { decodeBlosc } from "./codecs/blosc";
import { inflate } from "./codecs/inflate";
import { decodeSizedLz4 } from "./codecs/lz4";
import { decodeZstd } from "./codecs/zstd";
import type { Pixels } from "./contracts";

/** What a decoder has to know of an array. */
export type ChunkForm = Pick<ArrayInfo, "document" | "dtype" | "chunks">;

type Stored = zarr.Array<zarr.DataType>;
type Decoded = { data: Pixels | Iterable<number>; shape: number[]; stride: number[] };

const arrays = new Map<string, Promise<Stored>>();
const MOST_ARRAYS = 64;
let halves: Float32Array | undefined;

/** zarrita takes the checksum off without a look at it. */
class Checksum {
  readonly kind = "bytes_to_bytes";
  static fromConfig(): Checksum {
    return new Checksum();
  }
  encode(): never {
    throw new Error("chunks are not written here");
  }
  decode(bytes: Uint8Array): Uint8Array {
    return checked(bytes, "the chunk");
  }
}

for (const name of ["crc32c", "numcodecs.crc32c"]) zarr.registry.set(name, (() => Checksum) as never);
type Unpack = (bytes: Uint8Array, most: number) => Uint8Array | Promise<Uint8Array>;

/** Our own in place of those that zarrita brings: they need no eval, and are a hundredth of their size. */
const UNPACK: Record<string, Unpack> = {
  blosc: decodeBlosc, zstd: decodeZstd, lz4: decodeSizedLz4, gzip: inflate("gzip"), zlib: inflate("deflate"),
};

/** What a chunk may grow to, with some room for checksums and the like between two codecs. */
const SLACK = 4096;

for (const [name, unpack] of Object.entries(UNPACK)) {
  const codec = {
    fromConfig: (_: unknown, { shape }: { shape: number[] }) => {
      const most = shape.reduce((a, b) => a * b, 8) + SLACK;
      return { kind: "bytes_to_bytes", decode: (bytes: Uint8Array) => unpack(bytes, most) };
    },
  };
  for (const id of [name, `numcodecs.${name}`]) zarr.registry.set(id, (() => codec) as never);
}

/** Decode one chunk. Errors name what is wrong with it, but not its address. */
export async function decodeChunk(form: ChunkForm, bytes: Uint8Array): Promise<Pixels> {
  let found: Decoded;
  try {
    const array = await opened(form.document);
    found = (await array.getChunk(form.chunks.map(() => 0), { bytes } as never)) as unknown as Decoded;
  } catch (error) {
    throw explained(error);
  }
  const expected = form.chunks.reduce((a, b) => a * b, 1);
  const { length } = found.data as Uint8Array;
  if (length !== expected) {
    throw new CorruptError(`the chunk is damaged: it holds ${length} pixels instead of ${expected}`);
  }
  return native(inOrder(found), form.dtype);
}

/** The array of a document over a store that holds nothing but it; chunks come along with the question. */
function opened(document: Record<string, unknown>): Promise<Stored> {
  const text = JSON.stringify(document);
  let array = arrays.get(text);
  if (!array) {
    const name = document["zarr_format"] === 3 ? "/zarr.json" : "/.zarray";
    const store = {
      get: (key: string, options?: { bytes?: Uint8Array }): Promise<Uint8Array | undefined> =>
        Promise.resolve(key === name ? new TextEncoder().encode(text) : options?.bytes),
    };
    array = document["zarr_format"] === 3
      ? zarr.open.v3(store as never, { kind: "array" })
      : zarr.open.v2(store as never, { kind: "array", attrs: false });
    if (arrays.size >= MOST_ARRAYS) arrays.clear();
    arrays.set(text, array);
  }
  return array;
}

/** Pixels in C order, whatever order they were stored in. */
function inOrder({ data, shape, stride }: Decoded): Pixels {
  const pixels = data as Pixels;
  const steps = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  if (steps.every((step, axis) => step === stride[axis] || shape[axis] === 1)) return pixels;
  const out = new (pixels.constructor as new (length: number) => Pixels)(pixels.length);
  const place = shape.map(() => 0);
  let from = 0;
  for (let to = 0; to < out.length; to++) {
    out[to] = pixels[from]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += stride[axis]!;
      if (++place[axis]! < shape[axis]!) break;
      from -= stride[axis]! * shape[axis]!;
      place[axis] = 0;
    }
  }
  return out;
}

/** Types that textures know: halves become floats, truth values bytes. */
function native(pixels: Pixels, dtype: ArrayInfo["dtype"]): Pixels {
  if (dtype === "float16") {
    if (!(pixels instanceof Uint16Array)) return Float32Array.from(pixels as Float32Array);
    halves ??= Float32Array.from({ length: 65536 }, (_, bits) => half(bits));
    const table = halves;
    return Float32Array.from(pixels, (bits) => table[bits]!);
  }
  return dtype === "bool" && !(pixels instanceof Uint8Array) ? Uint8Array.from(pixels as unknown as Iterable<number>, Number) : pixels;
}

/** Say in words what zarrita found. */
function explained(error: unknown): Error {
  if (zarr.isZarritaError(error, "UnknownCodecError")) {
    const name = error.codec.replace("numcodecs.", "");
    return new Error(`it is packed by the codec ${JSON.stringify(name)}, which this viewer cannot read (it reads blosc, zstd, gzip, zlib and lz4); convert it, for example by zarrscope copy`);
  }
  if (zarr.isZarritaError(error, "CodecPipelineError")) {
    if (error.cause instanceof CorruptError) return error.cause;
    const reason = error.cause instanceof Error ? error.cause.message : String(error.cause);
    return new CorruptError(`the chunk is damaged: ${error.codec ?? "a codec"} cannot unpack it (${reason})`);
  }
  return error instanceof Error ? error : new Error(String(error));
}
