/** From the stored bytes of one chunk to its pixels in C order; zarrita does it, with checksums that are checked. */

import * as zarr from "zarrita";
import { half } from "../ome/fill";
import type { ArrayInfo } from "../ome/model";
import { checked, CorruptError } from "../store/checksum";
import type { Pixels } from "./contracts";

/** What a decoder has to know of an array. */
export type ChunkForm = Pick<ArrayInfo, "document" | "dtype" | "chunks">;

type Stored = zarr.Array<zarr.DataType>;
type Decoded = { data: Pixels | Iterable<number>; shape: number[]; stride: number[] };

const arrays = new Map<string, Promise<Stored>>();
const MOST_ARRAYS = 64;
interface CodecMaker {
  fromConfig(options: unknown): { decode(bytes: Uint8Array): unknown };
}

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
for (const name of ["blosc", "numcodecs.blosc"]) guardBlosc(name);

/** Blosc goes on reading where its bytes are cut off, into whatever lies behind them: its header says how many there are. */
function guardBlosc(name: string): void {
  const load = zarr.registry.get(name)! as unknown as () => Promise<CodecMaker>;
  const guarded = async (): Promise<unknown> => {
    const codec = await load();
    return {
      fromConfig: (options: unknown) => {
        const inner = codec.fromConfig(options);
        return { kind: "bytes_to_bytes", decode: (bytes: Uint8Array) => inner.decode(wholeBlosc(bytes)) };
      },
    };
  };
  zarr.registry.set(name, guarded as never);
}

function wholeBlosc(bytes: Uint8Array): Uint8Array {
  const said = bytes.length < 16 ? 16 : new DataView(bytes.buffer, bytes.byteOffset).getUint32(12, true);
  if (said > bytes.length) throw new CorruptError(`the chunk is damaged: ${bytes.length} of its ${said} bytes are there`);
  return bytes;
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
