/** What the renderer is given: planes on the canvas, and in each of them the layers with their tiles. */

import type { Grid } from "../scene/geometry";
import type { IdNumbers, Rgba } from "../scene/labels";
import type { Blending } from "../scene/state";
import type { BadTile, Tile } from "../tiles/contracts";

/** Tiles of one image; `grid` tells where the pixels of a level lie, in pixels of level 0 of the image shown. */
export interface Tiles {
  tiles: readonly Tile[];
  bad: readonly BadTile[];
  grid(level: number): { down: Grid; across: Grid };
}

export interface DrawnLayer extends Tiles {
  color: string;
  window: [number, number];
  gamma: number;
  opacity: number;
}

export interface DrawnLabels extends Tiles {
  /** One table of numbers and colours an image: equal keys, equal tables. */
  key: string;
  numbers: IdNumbers;
  colors: ReadonlyMap<number, Rgba>;
  opacity: number;
  outline: boolean;
}

/** A rectangle of the canvas in device pixels, and where pixel (0, 0) of level 0 lies in it. */
export interface DrawnPane {
  left: number;
  top: number;
  width: number;
  height: number;
  originX: number;
  originY: number;
  stepX: number;
  stepY: number;
  /** Size of the plane in pixels of level 0. */
  rows: number;
  columns: number;
  layers: readonly DrawnLayer[];
  labels: readonly DrawnLabels[];
}

export interface Picture {
  panes: readonly DrawnPane[];
  blending: Blending;
  /** What lies around the image: red, green, blue in 0..1. */
  background: [number, number, number];
}

/** Left, top, right, bottom in device pixels. */
export type Box = [number, number, number, number];

/** Where a rectangle of pixels of a level lies on the canvas. */
export function boxOf(
  pane: DrawnPane, grid: { down: Grid; across: Grid }, y: number, x: number, height: number, width: number,
): Box {
  const across = (i: number): number => pane.originX + pane.stepX * (grid.across.offset + grid.across.factor * i);
  const down = (i: number): number => pane.originY + pane.stepY * (grid.down.offset + grid.down.factor * i);
  return [across(x), down(y), across(x + width), down(y + height)];
}

/** The pixels of a pane whose centres lie in a box: graphics processors are inexact at edges and far outside. */
export function clip(pane: DrawnPane, box: Box): Box | undefined {
  const left = Math.ceil(Math.max(box[0], pane.left - 1) - 0.5);
  const top = Math.ceil(Math.max(box[1], pane.top - 1) - 0.5);
  const right = Math.ceil(Math.min(box[2], pane.left + pane.width + 1) - 0.5);
  const bottom = Math.ceil(Math.min(box[3], pane.top + pane.height + 1) - 0.5);
  return right > left && bottom > top ? [left, top, right, bottom] : undefined;
}

/** Finer levels lie nearer, so that they cover coarser ones whatever is drawn first. */
export function depthOf(level: number): number {
  return Math.min(0.9, -0.9 + 0.04 * level);
}

/** How fragments find their texel along one axis: at pixel k from `first` it is start + fraction + k * (coarse + fine). */
export interface TexelSteps {
  first: number;
  start: number;
  fraction: number;
  coarse: number;
  fine: number;
}

/** Bits of the coarse part of a step; with 13 bits of pixels, their product fits into a float. */
const COARSE_BITS = 10;

export function texelSteps(from: number, to: number, texels: number): TexelSteps {
  const step = texels / (to - from);
  const first = Math.max(0, Math.floor(from));
  const begin = (first + 0.5 - from) * step;
  const unit = 2 ** (Math.floor(Math.log2(step)) - COARSE_BITS);
  const coarse = Math.floor(step / unit) * unit;
  return { first, start: Math.floor(begin), fraction: begin - Math.floor(begin), coarse, fine: step - coarse };
}
