/** Where the pixels of a level lie among those of level 0. */

import type { Axis, Image, Level } from "./model";

export function channelAxis(axes: readonly Axis[]): number | undefined {
  const index = axes.findIndex((axis) => axis.type === "channel");
  return index < 0 ? undefined : index;
}

/** A place u of the level (0 is the edge of its first pixel) is factor * u + offset in level 0. */
export interface Mapping {
  factor: number;
  offset: number;
}

/**
 * Return the mapping of a level along an axis.
 *
 * Translations count where the document tells them apart; where all levels claim the same one, as most tools
 * write it, the edges of the arrays lie on each other, because that is how the pixels were made.
 */
export function mapping(image: Image, level: number, axis: number): Mapping {
  const base = image.levels[0]!;
  const own = image.levels[level]!;
  const size = base.scale[axis]!;
  const factor = Math.abs(own.scale[axis]! / size) || 1;
  if (level === 0 || !translated(image.levels)) return { factor, offset: 0 };
  const centre = (own.translation[axis]! - base.translation[axis]!) / size;
  const offset = centre + 0.5 - factor / 2;
  // What rounding leaves must not become a seam between tiles.
  return { factor, offset: Math.abs(offset) < 1e-6 * factor ? 0 : offset };
}

function translated(levels: readonly Level[]): boolean {
  const first = levels[0]!.translation;
  return levels.some((level) => level.translation.some((value, axis) => value !== first[axis]));
}
