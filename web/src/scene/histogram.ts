/** Automatic windows and histograms, from pixels that are here anyhow. */

import type { Pixels, Tile } from "../tiles/contracts";

/** More values than this are thinned out evenly. */
const SAMPLES = 1 << 18;
const LOW = 0.001;
const HIGH = 0.999;

export interface Histogram {
  low: number;
  high: number;
  /** Width of a bin: a whole number where values are, so that no bin has more numbers in it than another. */
  step: number;
  counts: Uint32Array;
}

function* every(pixels: Pixels, step: number): Generator<number> {
  for (let i = 0; i < pixels.length; i += step) yield Number(pixels[i]);
}

/** Finite values of some tiles, in order of size. Chunks that are not stored are no picture and do not count. */
export function sample(tiles: readonly Tile[]): Float64Array {
  const stored = tiles.filter((tile) => !tile.empty);
  const total = stored.reduce((sum, tile) => sum + tile.pixels.length, 0);
  const step = Math.max(1, Math.ceil(total / SAMPLES));
  const values = new Float64Array(stored.reduce((sum, tile) => sum + Math.ceil(tile.pixels.length / step), 0));
  let count = 0;
  for (const tile of stored) {
    for (const value of every(tile.pixels, step)) if (Number.isFinite(value)) values[count++] = value;
  }
  return values.subarray(0, count).sort();
}

/** From the value below which 0.1 % lie to the one below which 99.9 % lie; all of it where those are equal. */
export function automaticWindow(sorted: Float64Array): [number, number] | undefined {
  if (sorted.length === 0) return undefined;
  const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))]!;
  const [low, high] = [at(LOW), at(HIGH)];
  if (high > low) return [low, high];
  const [least, most] = [sorted[0]!, sorted[sorted.length - 1]!];
  return most > least ? [least, most] : [least, least + 1];
}

/** Counts values in equal steps from the least to the most, in at most so many bins. */
export function histogram(sorted: Float64Array, bins = 128, whole = false): Histogram | undefined {
  if (sorted.length === 0) return undefined;
  const low = sorted[0]!;
  const high = sorted[sorted.length - 1]!;
  const step = whole ? Math.ceil((high - low + 1) / bins) : (high - low) / bins || 1;
  const counts = new Uint32Array(whole ? Math.ceil((high - low + 1) / step) : bins);
  for (const value of sorted) counts[Math.min(counts.length - 1, Math.floor((value - low) / step))]!++;
  return { low, high, step, counts };
}
