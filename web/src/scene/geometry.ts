/** Where pixels of any level and of any image lie, in pixels of level 0 of the image that is shown. */

import { mapping } from "../ome/geometry";
import type { Image } from "../ome/model";

/** The axes that run down and across the screen, and along the depth of a stack if there is one. */
export interface PlaneAxes {
  down: number;
  across: number;
  depth?: number;
}

/** The edge of pixel i of a level lies at `offset + factor * i`. */
export interface Grid {
  factor: number;
  offset: number;
}

/** Chooses by name first: an image stored as x, y, c is still shown with x across. */
export function planeAxes(image: Image): PlaneAxes {
  const named = (name: string): number => image.axes.findIndex((axis) => axis.name.toLowerCase() === name);
  const space = image.axes.flatMap((axis, i) => (axis.type === "space" ? [i] : []));
  const any = image.axes.flatMap((axis, i) => (axis.type === "channel" ? [] : [i]));
  const candidates = space.length >= 2 ? space : any.length >= 2 ? any : image.axes.map((_, i) => i);
  const across = candidates.includes(named("x")) ? named("x") : candidates[candidates.length - 1]!;
  const rest = candidates.filter((i) => i !== across);
  const down = rest.includes(named("y")) ? named("y") : rest[rest.length - 1]!;
  const left = space.filter((i) => i !== across && i !== down);
  const depth = left.includes(named("z")) ? named("z") : left[left.length - 1];
  return depth === undefined ? { down, across } : { down, across, depth };
}

/** Pixels of level 0 along an axis. */
export function sizeOf(image: Image, axis: number): number {
  return image.levels[0]?.info?.shape[axis] ?? 1;
}

/** Size of a pixel of level 0; 1 where the document has nothing usable. */
export function stepOf(image: Image, axis: number): number {
  const step = Math.abs(image.levels[0]?.scale[axis] ?? 1);
  return Number.isFinite(step) && step > 0 ? step : 1;
}

export function unitOf(image: Image, axis: number): string | undefined {
  return image.axes[axis]?.unit;
}

/** How much larger a pixel is along one axis than along another; 1 where their units cannot be compared. */
export function proportion(image: Image, axis: number, than: number): number {
  if (axis === than) return 1;
  const [a, b] = [image.axes[axis], image.axes[than]];
  if (!a || !b || a.type !== b.type || a.unit !== b.unit) return 1;
  const ratio = stepOf(image, axis) / stepOf(image, than);
  return Math.min(1000, Math.max(0.001, ratio));
}

/** The grid of a level in pixels of level 0 of its own image: the same that decides what is read. */
export function levelGrid(image: Image, level: number, axis: number): Grid {
  return mapping(image, level, axis);
}

/** The grid of level 0 of another image (labels) in pixels of level 0 of the one that is shown. */
export function imageGrid(shown: Image, shownAxis: number, other: Image, axis: number): Grid {
  if (shown === other) return { factor: 1, offset: 0 };
  const [a, b] = [sizeOf(shown, shownAxis), sizeOf(other, axis)];
  if (a === b) return { factor: 1, offset: 0 };
  const factor = stepOf(other, axis) / stepOf(shown, shownAxis);
  const from = (shown.levels[0]?.translation[shownAxis] ?? 0) - stepOf(shown, shownAxis) / 2;
  const to = (other.levels[0]?.translation[axis] ?? 0) - stepOf(other, axis) / 2;
  const offset = (to - from) / stepOf(shown, shownAxis);
  const covers = Math.abs(b * factor - a) <= Math.max(2 * factor, 0.5 * a);
  return covers ? { factor, offset } : { factor: a / b, offset: 0 };
}

/** One grid inside another. */
export function within(outer: Grid, inner: Grid): Grid {
  return { factor: outer.factor * inner.factor, offset: outer.offset + outer.factor * inner.offset };
}

/** Physical place of a position in pixels of level 0, where 0 is the edge of the first pixel. */
export function toPhysical(image: Image, axis: number, position: number): number {
  return (image.levels[0]?.translation[axis] ?? 0) + (position - 0.5) * (image.levels[0]?.scale[axis] ?? 1);
}
