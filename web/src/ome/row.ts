/** Images of one axis, shown as one row of pixels: the axis down that they lack is added. */

import type { ArrayInfo, Axis, Image, Level } from "./model";

/** Return an image that has two axes for a plane; one that lacks them gets one or two of length 1. */
export function withPlane(image: Image): Image {
  const plane = image.axes.flatMap((axis, i) => (axis.type === "channel" ? [] : [i]));
  if (plane.length >= 2) return image;
  // In front of the one there is, else behind the channels.
  return withPlane(widened(image, plane[0] ?? image.axes.length));
}

function widened(image: Image, at: number): Image {
  const beside = image.axes[at];
  const row: Axis = { name: beside ? "row" : "column", type: beside?.type ?? "space", added: true, ...(beside?.unit && { unit: beside.unit }) };
  return { ...image, axes: inserted(image.axes, at, row), levels: image.levels.map((level) => wider(level, at)) };
}

/** The step of a row is that of its pixels, so that these are squares. */
function wider(level: Level, at: number): Level {
  const wide: Level = {
    path: level.path,
    scale: inserted(level.scale, at, level.scale[at] ?? 1),
    translation: inserted(level.translation, at, 0),
    load: async () => (wide.info ??= arrayOf(await level.load(), at)),
  };
  if (level.info) wide.info = arrayOf(level.info, at);
  return wide;
}

function arrayOf(info: ArrayInfo, at: number): ArrayInfo {
  const { shards } = info;
  return {
    ...info,
    shape: inserted(info.shape, at, 1),
    chunks: inserted(info.chunks, at, 1),
    ...(shards && { shards: { ...shards, shape: inserted(shards.shape, at, 1) } }),
    keyOf: (place) => info.keyOf(place.filter((_, axis) => axis !== at)),
  };
}

function inserted<T>(list: readonly T[], at: number, value: T): T[] {
  return [...list.slice(0, at), value, ...list.slice(at)];
}
