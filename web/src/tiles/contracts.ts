/** Pieces of planes, as the renderer asks for them and receives them. */

import type { Image } from "../ome/model";

export type Pixels =
  | Uint8Array | Int8Array | Uint16Array | Int16Array | Uint32Array | Int32Array | Float32Array | Float64Array
  | BigUint64Array | BigInt64Array;

/** A plane of one level: the axes that run down and across, and where the others stand. */
export interface Plane {
  image: Image;
  level: number;
  /** Indices of the axes that run down and across the screen. */
  down: number;
  across: number;
  /** One index an axis, in pixels of this level; those of `down` and `across` mean nothing. */
  at: readonly number[];
}

/** A part of a plane that comes from one chunk, ready to become a texture: rows from top to bottom, no gaps. */
export interface Tile {
  /** Equal for equal pixels, whatever was asked for. */
  id: string;
  level: number;
  /** First row and column in the plane, in pixels of the level. */
  y: number;
  x: number;
  height: number;
  width: number;
  pixels: Pixels;
  /** The chunk is not stored: all pixels are the fill value. */
  empty: boolean;
}

/** A chunk that could not be shown: its place is marked in the picture. */
export interface BadTile {
  id: string;
  level: number;
  y: number;
  x: number;
  height: number;
  width: number;
  error: Error;
}

/** A rectangle in pixels of level 0 of a plane (fractions allowed); it may reach past the image. */
export interface Rect {
  y0: number;
  x0: number;
  y1: number;
  x1: number;
}

/** One thing that is on the screen: what the engine is to have ready. */
export interface Want {
  /** The plane at level 0: levels are chosen by the engine. */
  plane: Plane;
  rect: Rect;
  /** Size of a pixel of level 0 on the screen, in device pixels. */
  zoom: number;
  /** Smaller comes first among wants: 0 is seen now, 1 a margin around it, 2 prefetched. */
  priority: number;
}

/** Sees to it that what is wanted becomes ready; coarse levels come first, what is no longer wanted is cancelled. */
export interface TileEngine {
  /** Replace all that is wanted. */
  want(wants: readonly Want[]): void;
  /** What can be drawn for a want right now, from the coarsest level to the finest; bad tiles too. */
  ready(want: Want): { tiles: Tile[]; bad: BadTile[]; complete: boolean };
  /** Called whenever something more is ready. */
  onReady: () => void;
  /** The value at one pixel of a level, if it is here. */
  value(plane: Plane, y: number, x: number): number | bigint | undefined;
  readonly stats: { requests: number; bytes: number; decoded: number; kept: number; waiting: number };
  close(): void;
}
