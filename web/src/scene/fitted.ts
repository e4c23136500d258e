/** A state from outside, held against the image that it is for. */

import type { Image } from "../ome/model";
import { MAX_ZOOM } from "./camera";
import { planeAxes, sizeOf } from "./geometry";
import type { State, View } from "./state";

/** The parts of a state that an image can show, and what had to be changed for that. */
export function fitted(image: Image, state: State): { parts: Pick<State, "dims" | "layers"> & { view: View | undefined }; notes: string[] } {
  const notes: string[] = [];
  const dims: State["dims"] = {};
  for (const [name, index] of Object.entries(state.dims)) {
    const axis = image.axes.findIndex((one) => one.name === name);
    const last = sizeOf(image, axis) - 1;
    if (axis < 0) notes.push(`there is no axis "${name}"`);
    else dims[name] = Math.min(index, Math.max(0, last));
    if (axis >= 0 && index > last) notes.push(`"${name}" ends at ${last}, not at ${index}`);
  }
  const layers = state.layers.filter(({ channel }) => channel < image.channels.length);
  const absent = state.layers.filter((layer) => !layers.includes(layer)).map(({ channel }) => channel);
  if (absent.length > 0) notes.push(`there is no channel ${absent.join(", ")} (counted from 0)`);
  const view = state.view && near(image, state.view);
  if (view !== state.view) notes.push("the view lay beside the image, or too close");
  return { parts: { dims, layers, view }, notes };
}

/** Pixels of the screen from the middle of a view to what may still be seen of the image. */
const HALF_A_SCREEN = 400;

/** The same view where something of the image may be seen in it, else one with its middle in the image. */
function near(image: Image, view: View): View {
  const { down, across, depth } = planeAxes(image);
  const within = (position: number, axis: number): number => {
    const [size, reach] = [sizeOf(image, axis), HALF_A_SCREEN / Math.min(MAX_ZOOM, view.zoom)];
    return position >= -reach && position <= size + reach ? position : Math.min(size, Math.max(0, position));
  };
  const moved = {
    ...view, y: within(view.y, down), x: within(view.x, across), zoom: Math.min(MAX_ZOOM, view.zoom),
    ...(view.z !== undefined && depth !== undefined && { z: within(view.z, depth) }),
  };
  return JSON.stringify(moved) === JSON.stringify(view) ? view : moved;
}

/** All that was wrong in one line. */
export function inOneLine(notes: readonly string[]): string {
  const most = 4;
  const more = notes.length > most ? `; and ${notes.length - most} more` : "";
  return `Not all of the link could be used: ${notes.slice(0, most).join("; ")}${more}.`;
}
