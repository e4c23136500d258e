/** What has to be read for a view: planes, rectangles and how large their pixels are on the screen. */

import { BYTES } from "../ome/arrays";
import { channelAxis } from "../ome/geometry";
import type { Image } from "../ome/model";
import type { Plane, Rect, Want } from "../tiles/contracts";
import type { Extent, Pane } from "./camera";
import { type Grid, imageGrid, levelGrid, planeAxes, proportion, sizeOf, within } from "./geometry";

export interface Axes {
  down: number;
  across: number;
}

export function extentOf(image: Image): Extent {
  const { down, across, depth } = planeAxes(image);
  return {
    down: sizeOf(image, down),
    across: sizeOf(image, across),
    depth: depth === undefined ? 1 : sizeOf(image, depth),
    ratioDown: proportion(image, down, across),
    ratioDepth: depth === undefined ? 1 : proportion(image, depth, across),
  };
}

/** The axes of an image that run down and across in a pane. */
export function axesOf(image: Image, pane: Pane["name"]): Axes {
  const { down, across, depth } = planeAxes(image);
  if (pane === "zy") return { down, across: depth ?? across };
  if (pane === "xz") return { down: depth ?? down, across };
  return { down, across };
}

/** The plane of a channel that goes through a place. */
export function planeOf(image: Image, axes: Axes, place: readonly number[], channel: number): Plane {
  const c = channelAxis(image.axes);
  return { image, level: 0, ...axes, at: place.map((index, axis) => (axis === c ? channel : index)) };
}

/** Where the axes of a label image are in the image that is shown, by name. */
function matching(shown: Image, other: Image, axis: number): number {
  const name = other.axes[axis]!.name;
  return other.axes[axis]!.type === "channel" ? -1 : shown.axes.findIndex((candidate) => candidate.name === name);
}

/** The same plane of another image (labels); undefined where that has no such axes, or does not reach. */
export function planeIn(other: Image, shown: Image, axes: Axes, place: readonly number[]): Plane | undefined {
  if (other === shown) return planeOf(shown, axes, place, 0);
  const own = other.axes.map((_, axis) => matching(shown, other, axis));
  const [down, across] = [own.indexOf(axes.down), own.indexOf(axes.across)];
  if (down < 0 || across < 0) return undefined;
  const at = own.map((axis, i) => {
    if (axis < 0 || i === down || i === across) return 0;
    const grid = imageGrid(shown, axis, other, i);
    const index = Math.floor((place[axis]! + 0.5 - grid.offset) / grid.factor);
    return index < 0 || index >= sizeOf(other, i) ? undefined : index;
  });
  if (!at.every((index) => index !== undefined)) return undefined;
  return { image: other, level: 0, down, across, at };
}

/** Grids of a level of a plane, in pixels of level 0 of the image that is shown. */
export function gridOf(shown: Image, axes: Axes, plane: Plane, level: number): { down: Grid; across: Grid } {
  const one = (axis: number, own: number): Grid =>
    within(imageGrid(shown, axis, plane.image, own), levelGrid(plane.image, level, own));
  return { down: one(axes.down, plane.down), across: one(axes.across, plane.across) };
}

/** Asks for a rectangle of the plane (in pixels of the shown image) at the detail of a pane. */
export function wantOf(
  shown: Image, axes: Axes, plane: Plane, rect: Rect, step: { down: number; across: number }, priority: number,
): Want {
  const down = imageGrid(shown, axes.down, plane.image, plane.down);
  const across = imageGrid(shown, axes.across, plane.image, plane.across);
  const own = {
    y0: (rect.y0 - down.offset) / down.factor,
    y1: (rect.y1 - down.offset) / down.factor,
    x0: (rect.x0 - across.offset) / across.factor,
    x1: (rect.x1 - across.offset) / across.factor,
  };
  return { plane, rect: own, zoom: Math.min(step.down * down.factor, step.across * across.factor), priority };
}

/** A rectangle that is larger at each side, by a share of itself. */
export function grown(rect: Rect, share: number): Rect {
  const [dy, dx] = [(rect.y1 - rect.y0) * share, (rect.x1 - rect.x0) * share];
  return { y0: rect.y0 - dy, x0: rect.x0 - dx, y1: rect.y1 + dy, x1: rect.x1 + dx };
}

/** Pixels of a plane of the coarsest level, as far as documents tell without reading it. */
export function coarsestPixels(image: Image, axes: Axes): number {
  const last = image.levels.length - 1;
  const size = (axis: number): number => sizeOf(image, axis) / levelGrid(image, last, axis).factor;
  return Math.ceil(size(axes.down)) * Math.ceil(size(axes.across));
}

/** Bytes of all chunks that a plane goes through at a level, before compression; chunks of level 0 stand for all. */
export function bytesOf(image: Image, axes: Axes, level: number): number {
  const info = image.levels[level]?.info ?? image.levels[0]!.info!;
  const covered = (axis: number): number => {
    const size = sizeOf(image, axis) / levelGrid(image, level, axis).factor;
    return Math.ceil(size / info.chunks[axis]!) * info.chunks[axis]!;
  };
  return image.axes.reduce((product, _, axis) => {
    const inPlane = axis === axes.down || axis === axes.across;
    return product * (inPlane ? covered(axis) : info.chunks[axis]!);
  }, BYTES[info.dtype]);
}
