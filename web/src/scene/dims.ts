/** The axes that have a slider, and where they stand. */

import type { Image } from "../ome/model";
import { planeAxes, sizeOf } from "./geometry";
import type { State } from "./state";

export interface Dim {
  axis: number;
  name: string;
  size: number;
  index: number;
}

/** Where an axis begins: where the document says; stacks in the middle, since their ends are often empty. */
function startOf(image: Image, axis: number, depth: number | undefined): number {
  const name = image.axes[axis]!.name;
  const told = name === "z" ? image.defaults.z : name === "t" ? image.defaults.t : undefined;
  if (told !== undefined) return told;
  return axis === depth ? Math.floor((sizeOf(image, axis) - 1) / 2) : 0;
}

function clampIndex(index: number, size: number): number {
  return Math.min(Math.max(0, Math.floor(index)), Math.max(0, size - 1));
}

/** Index along every axis; the crosshair along those of the plane, 0 along channels. */
export function placeOf(image: Image, state: State): number[] {
  const { down, across, depth } = planeAxes(image);
  return image.axes.map((axis, i) => {
    if (axis.type === "channel") return 0;
    const size = sizeOf(image, i);
    const inPlane = i === down || i === across;
    const usual = inPlane ? Math.floor((size - 1) / 2) : startOf(image, i, depth);
    return clampIndex(state.dims[axis.name] ?? usual, size);
  });
}

/** All axes but those of the plane and the channels, where there is more than one place to stand. */
export function sliders(image: Image, state: State): Dim[] {
  const { down, across } = planeAxes(image);
  const place = placeOf(image, state);
  return image.axes.flatMap((axis, i) => {
    const size = sizeOf(image, i);
    if (i === down || i === across || axis.type === "channel" || size < 2) return [];
    return [{ axis: i, name: axis.name, size, index: place[i]! }];
  });
}
