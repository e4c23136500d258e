/** Planes cut out of decoded chunks. */

import type { ArrayInfo, DType } from "../ome/model";
import type { Pixels, Plane } from "./contracts";
import { covered } from "./levels";

const KINDS: Record<DType, new (length: number) => Pixels> = {
  bool: Uint8Array, int8: Int8Array, uint8: Uint8Array, int16: Int16Array, uint16: Uint16Array,
  int32: Int32Array, uint32: Uint32Array, int64: BigInt64Array, uint64: BigUint64Array,
  float16: Float32Array, float32: Float32Array, float64: Float64Array,
};

export interface Piece {
  y: number;
  x: number;
  height: number;
  width: number;
  pixels: Pixels;
}

/** Return the part of a plane that a chunk holds; without pixels it is full of the fill value. */
export function cut(info: ArrayInfo, plane: Plane, place: readonly number[], pixels: Pixels | undefined): Piece {
  const part = covered(info, plane, place);
  const height = part.y1 - part.y0;
  const width = part.x1 - part.x0;
  const size = { y: part.y0, x: part.x0, height, width };
  if (!pixels) return { ...size, pixels: filled(info, height * width) };
  const steps = strides(info.chunks);
  const [down, across] = [steps[plane.down]!, steps[plane.across]!];
  const from = origin(info, plane, steps);
  if (across === 1 && (down === width || height === 1)) {
    return { ...size, pixels: pixels.subarray(from, from + height * width) };
  }
  const out = new KINDS[info.dtype](height * width);
  for (let y = 0; y < height; y++) {
    const row = from + y * down;
    if (across === 1) out.set(pixels.subarray(row, row + width) as never, y * width);
    else for (let x = 0; x < width; x++) out[y * width + x] = pixels[row + x * across]!;
  }
  return { ...size, pixels: out };
}

export function filled(info: ArrayInfo, length: number): Pixels {
  const out = new KINDS[info.dtype](length);
  const value = typeof info.fill === "boolean" ? Number(info.fill) : info.fill;
  return value ? (out.fill(value as never) as Pixels) : out;
}

export function strides(shape: readonly number[]): number[] {
  return shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
}

/** Where the first pixel of a plane stands within its chunk. */
function origin(info: ArrayInfo, plane: Plane, steps: readonly number[]): number {
  return plane.at.reduce((sum, index, axis) => {
    const inside = axis === plane.down || axis === plane.across ? 0 : index % info.chunks[axis]!;
    return sum + inside * steps[axis]!;
  }, 0);
}
