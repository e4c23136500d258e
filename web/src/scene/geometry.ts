/** Where pixels of any level and of any image lie, in pixels of level 0 of the image that is shown. */

import { mapping } from "../ome/geometry";
import type { Image } from "../ome/model";
import { METRES } from "./numbers";

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

/** The unit of lengths on the screen; undefined where the two axes of a plane do not share one: pixels are counted then. */
export function planeUnit(image: Image): string | undefined {
  const { down, across } = planeAxes(image);
  const unit = unitOf(image, across);
  return unit === unitOf(image, down) ? unit : undefined;
}

/** Whether the document tells how far apart the planes of a stack are, compared with the pixels across. */
export function isDepthKnown(image: Image): boolean {
  const { across, depth } = planeAxes(image);
  if (depth === undefined) return true;
  if (unitOf(image, depth) !== unitOf(image, across)) return false;
  return unitOf(image, depth) !== undefined || stepOf(image, depth) !== 1 || stepOf(image, across) !== 1;
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

/**
 * Whether the document of an image says where it lies. Steps of 1 from 0 are what programs write that know
 * nothing of it, often beside an image that has other steps.
 */
function isPlaced(image: Image): boolean {
  const { scale, translation } = image.levels[0]!;
  return image.axes.some((axis, i) => axis.type === "space" && (scale[i] !== 1 || translation[i] !== 0));
}

/** What a length in one unit is in another; undefined where they cannot be compared. */
function exchanged(unit: string | undefined, into: string | undefined): number | undefined {
  if (unit === into || unit === undefined || into === undefined) return 1;
  const ratio = METRES[unit]! / METRES[into]!;
  return Number.isFinite(ratio) ? ratio : undefined;
}

/** Whether an image begins elsewhere: where none says so, edges lie on each other, as among levels. */
function isMoved(shown: Image, other: Image): boolean {
  const begin = (image: Image, axis: number): number => image.levels[0]!.translation[axis] ?? 0;
  return other.axes.some(({ name, type }, i) => {
    const own = shown.axes.findIndex((axis) => axis.name === name);
    return type === "space" && own >= 0 && begin(other, i) !== begin(shown, own);
  });
}

/**
 * The grid of level 0 of another image (labels) in pixels of level 0 of the one that is shown: where its own
 * document says that it lies. Where that says nothing it covers the whole.
 */
export function imageGrid(shown: Image, shownAxis: number, other: Image, axis: number): Grid {
  if (shown === other) return { factor: 1, offset: 0 };
  const ratio = exchanged(unitOf(other, axis), unitOf(shown, shownAxis));
  if (ratio === undefined || other.axes[axis]!.type !== "space" || !isPlaced(other)) {
    return { factor: sizeOf(shown, shownAxis) / Math.max(1, sizeOf(other, axis)), offset: 0 };
  }
  const [step, own] = [stepOf(shown, shownAxis), ratio * stepOf(other, axis)];
  const from = (shown.levels[0]?.translation[shownAxis] ?? 0) - step / 2;
  const to = ratio * (other.levels[0]?.translation[axis] ?? 0) - own / 2;
  const [factor, offset] = [own / step, isMoved(shown, other) ? (to - from) / step : 0];
  // What rounding leaves is no shift.
  return { factor: near(factor, 1) ? 1 : factor, offset: near(offset, 0) ? 0 : offset };
}

/**
 * Whether another image covers the whole although that is not what its pixel sizes say: people are told, because
 * it may be meant to cover a part.
 */
export function isLaidOver(shown: Image, other: Image): boolean {
  return other.axes.some(({ name, type }, axis) => {
    const own = shown.axes.findIndex((one) => one.name === name);
    if (shown === other || type !== "space" || own < 0) return false;
    const ratio = exchanged(unitOf(other, axis), unitOf(shown, own));
    if (ratio === undefined) return true;
    const { factor } = imageGrid(shown, own, other, axis);
    return !isPlaced(other) && !near((ratio * stepOf(other, axis)) / stepOf(shown, own) / factor, 1);
  });
}

function near(value: number, whole: number): boolean {
  return Math.abs(value - whole) < 1e-6;
}

/** One grid inside another. */
export function within(outer: Grid, inner: Grid): Grid {
  return { factor: outer.factor * inner.factor, offset: outer.offset + outer.factor * inner.offset };
}

/** Physical place of a position in pixels of level 0, where 0 is the edge of the first pixel. */
export function toPhysical(image: Image, axis: number, position: number): number {
  return (image.levels[0]?.translation[axis] ?? 0) + (position - 0.5) * (image.levels[0]?.scale[axis] ?? 1);
}
