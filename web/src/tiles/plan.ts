/** What wants need: chunks, the most urgent first. */

import { BYTES } from "../ome/arrays";
import { mapping } from "../ome/geometry";
import type { ArrayInfo, Image, Level } from "../ome/model";
import type { Plane, Want } from "./contracts";
import { chooseLevel, type Footprint, footprint, planeAt } from "./levels";

/** A chunk that is wanted. */
export interface Need {
  id: string;
  info: ArrayInfo;
  place: number[];
  urgency: number;
}

/** What a want needs of one level: which chunks, and the plane there. */
export interface Part {
  level: number;
  info: ArrayInfo;
  plane: Plane;
  places: number[][];
  /** More than fits would be needed: what lies around the middle is there, the rest is not. */
  cropped: boolean;
}

/** The plane of the coarsest level is read whole up to this size: it lies under all that is seen later. */
const WHOLE_PLANE = 2 ** 20;
const MOST_CHUNKS = 4096;
/** Shares of the cache for what is seen, for the margin, and for what may come. */
const SHARES = [0.75, 0.15, 0.1];

export function chunkBytes(info: ArrayInfo): number {
  const wide = info.dtype === "float16" ? 4 : BYTES[info.dtype];
  return info.chunks.reduce((a, b) => a * b, wide);
}

/** Bytes of chunks that a want may have, so that what is wanted at once also fits at once. */
export function budgetOf(want: Want, wants: readonly Want[], cache: number): number {
  const same = wants.filter(({ priority }) => priority === want.priority).length;
  return (cache * (SHARES[want.priority] ?? SHARES.at(-1)!)) / Math.max(1, same);
}

export function chunkId(info: ArrayInfo, place: readonly number[]): string {
  return `${info.path}:${place.join(".")}`;
}

/** The level that suits the zoom; a coarser one where that one's chunks (thick ones, say) would not fit. */
export function targetLevel(want: Want, budget: number): number {
  const { image, down, across } = want.plane;
  let level = chooseLevel(image, down, across, want.zoom);
  while (level < image.levels.length - 1) {
    const info = image.levels[level]!.info ?? likely(image, level);
    if (!info || area(footprint(want, level, info)) <= mostChunks(info, budget)) break;
    level += 1;
  }
  return level;
}

/** What the document of a level will say, most likely: the chunks of level 0. */
function likely(image: Image, level: number): ArrayInfo | undefined {
  const { info } = image.levels[0]!;
  if (!info) return undefined;
  const shape = info.shape.map((size, axis) => Math.max(1, Math.ceil(size / mapping(image, level, axis).factor)));
  return { ...info, shape };
}

function mostChunks(info: ArrayInfo, budget: number): number {
  return Math.max(1, Math.min(MOST_CHUNKS, Math.floor(budget / chunkBytes(info))));
}

function area({ y, x }: Footprint): number {
  return (y[1] - y[0]) * (x[1] - x[0]);
}

/** Levels that a want asks for, the first one first. Only what is seen now begins with the coarsest that comes soon. */
export function wantedLevels(want: Want, budget: number): number[] {
  const target = targetLevel(want, budget);
  const { levels, slow } = want.plane.image;
  let coarsest = levels.length - 1;
  while (coarsest > target && slow?.has(coarsest)) coarsest -= 1;
  return want.priority > 0 || target === coarsest ? [target] : [coarsest, target];
}

export function levelOf(want: Want, level: number): Level {
  return want.plane.image.levels[level]!;
}

/** Return which chunks a want needs of a level whose document is known, the middle first. */
export function partOf(want: Want, level: number, info: ArrayInfo, budget: number): Part {
  const { down, across, image } = want.plane;
  const pixels = info.shape[down]! * info.shape[across]!;
  const whole = level === image.levels.length - 1 && level > 0 && want.priority === 0 && pixels <= WHOLE_PLANE;
  const plane = planeAt(want.plane, level, info);
  const most = mostChunks(info, budget);
  const found = footprint(want, level, info, whole);
  const cropped = area(found) > most;
  const places = cells(cropped ? inner(found, most) : found).map(({ y, x }) =>
    plane.at.map((index, axis) => (axis === down ? y : axis === across ? x : Math.floor(index / info.chunks[axis]!))),
  );
  return { level, info, plane, places, cropped };
}

/** About so many chunks around the middle. */
function inner(found: Footprint, most: number): Footprint {
  const side = Math.max(1, Math.floor(Math.sqrt(most)));
  const [rows, columns] = [found.y[1] - found.y[0], found.x[1] - found.x[0]];
  const height = Math.min(rows, columns < side ? Math.floor(most / columns) : side);
  const width = Math.min(columns, Math.max(1, Math.floor(most / height)));
  return { ...found, y: around(found.centre.y, height, found.y), x: around(found.centre.x, width, found.x) };
}

function around(centre: number, size: number, [from, to]: [number, number]): [number, number] {
  const first = Math.min(to - size, Math.max(from, Math.round(centre - size / 2)));
  return [first, first + size];
}

function cells({ y, x, centre }: Footprint): { y: number; x: number }[] {
  const found: { y: number; x: number; far: number }[] = [];
  for (let row = y[0]; row < y[1]; row++) {
    for (let column = x[0]; column < x[1]; column++) {
      found.push({ y: row, x: column, far: Math.hypot(row + 0.5 - centre.y, column + 0.5 - centre.x) });
    }
  }
  return found.sort((a, b) => a.far - b.far);
}
