/** Which level suits a zoom, and what of a plane lies where. */

import { mapping } from "../ome/geometry";
import type { ArrayInfo, Image } from "../ome/model";
import type { Plane, Rect, Want } from "./contracts";

/** A pixel of the level that is shown takes at least so many device pixels, where there is such a level. */
const SHARP = 0.7;

/** Return the finest level whose pixels are not lost between those of the screen, else the coarsest. */
export function chooseLevel(image: Image, down: number, across: number, zoom: number): number {
  for (let level = 0; level < image.levels.length; level++) {
    const factor = Math.max(mapping(image, level, down).factor, mapping(image, level, across).factor);
    if (factor * zoom >= SHARP) return level;
  }
  return image.levels.length - 1;
}

/** The same plane at another level: where the other axes stand there. */
export function planeAt(plane: Plane, level: number, info: ArrayInfo): Plane {
  const at = plane.at.map((index, axis) => {
    if (axis === plane.down || axis === plane.across) return 0;
    const { factor, offset } = mapping(plane.image, level, axis);
    return Math.min(info.shape[axis]! - 1, Math.max(0, Math.floor((index + 0.5 - offset) / factor)));
  });
  return { ...plane, level, at };
}

/** First chunk and the one after the last, down and across. */
export interface Footprint {
  y: [number, number];
  x: [number, number];
  /** The middle of what is wanted, counted in chunks. */
  centre: { y: number; x: number };
}

/** Return which chunks of a level a want needs; nothing where it lies beside the image. */
export function footprint(want: Want, level: number, info: ArrayInfo, whole = false): Footprint {
  const { down, across } = want.plane;
  const rows = along(want.plane, level, info, down, [want.rect.y0, want.rect.y1]);
  const columns = along(want.plane, level, info, across, [want.rect.x0, want.rect.x1]);
  const centre = { y: rows.centre, x: columns.centre };
  if (!whole) return { y: rows.span, x: columns.span, centre };
  return { y: [0, gridSize(info, down)], x: [0, gridSize(info, across)], centre };
}

function along(plane: Plane, level: number, info: ArrayInfo, axis: number, edges: [number, number]) {
  const { factor, offset } = mapping(plane.image, level, axis);
  const size = info.shape[axis]!;
  const chunk = info.chunks[axis]!;
  const [from, to] = edges.map((edge) => Math.min(size, Math.max(0, (edge - offset) / factor)));
  const first = Math.floor(from! / chunk);
  const span: [number, number] = [first, to! > from! ? Math.ceil(to! / chunk) : first];
  return { span, centre: (from! + to!) / 2 / chunk };
}

function gridSize(info: ArrayInfo, axis: number): number {
  return Math.ceil(info.shape[axis]! / info.chunks[axis]!);
}

/** The part of a plane that one chunk covers, in pixels of its level; chunks at the rim reach past the image. */
export function covered(info: ArrayInfo, plane: Plane, place: readonly number[]): Rect {
  const [y0, y1] = extent(info, plane.down, place);
  const [x0, x1] = extent(info, plane.across, place);
  return { y0, x0, y1, x1 };
}

function extent(info: ArrayInfo, axis: number, place: readonly number[]): [number, number] {
  const start = place[axis]! * info.chunks[axis]!;
  return [start, Math.min(info.shape[axis]!, start + info.chunks[axis]!)];
}
