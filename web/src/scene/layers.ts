/** What is drawn of an image: its channels as they are shown, from what the documents say and what somebody changed. */

import type { DType, Image } from "../ome/model";
import { isMap } from "./colormaps";
import type { LabelChange, State } from "./state";

export interface Layer {
  channel: number;
  name: string;
  visible: boolean;
  /** Six hexadecimal digits, or the name of a colour map. */
  color: string;
  /** Undefined until there is something to take an automatic one from. */
  window: [number, number] | undefined;
  /** Neither a document nor a person has said what the window is. */
  automatic: boolean;
  gamma: number;
  opacity: number;
}

export interface LabelLayer {
  path: string;
  visible: boolean;
  opacity: number;
  outline: boolean;
}

/** Colours of channels that have none: far apart from each other, and bright enough on black. */
const PALETTE = ["4d9dff", "3fe07a", "ff5a4f", "ffd23f", "e05cff", "2ee6e6", "ff9a3c", "b9ff66", "ff7fb0", "ffffff"];
/** Two channels are complements: where both are bright is white, whoever looks. */
const PAIR = ["00ff00", "ff00ff"];
const RGB = ["ff0000", "00ff00", "0000ff"];
/** More channels than this are not shown at once unless a document says so. */
const AT_ONCE = 4;

/** The smallest and the largest value of a type of integers. */
export function rangeOf(dtype: DType): [number, number] | undefined {
  const match = /^(u?)int(8|16|32|64)$/.exec(dtype);
  if (dtype === "bool") return [0, 1];
  if (!match) return undefined;
  const bits = Number(match[2]);
  return match[1] ? [0, 2 ** bits - 1] : [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1];
}

export function isColor(text: string): boolean {
  return /^[0-9a-f]{6}$/i.test(text);
}

export function toRgb(hex: string): [number, number, number] {
  const value = Number.parseInt(hex, 16);
  return [((value >> 16) & 255) / 255, ((value >> 8) & 255) / 255, (value & 255) / 255];
}

function nameOf(image: Image, channel: number): string {
  const told = image.channels[channel]!.label;
  if (told !== "") return told;
  if (image.rgb) return ["Red", "Green", "Blue"][channel % 3]!;
  if (image.channels.length > 1) return `channel ${channel}`;
  return /\w/.test(image.name) ? image.name : "image";
}

function usualColor(image: Image, channel: number): string {
  if (image.rgb) return RGB[channel % 3]!;
  const own = image.channels[channel]?.color;
  if (own && isColor(own)) return own.toLowerCase();
  if (image.channels.length <= 2) return image.channels.length === 1 ? "ffffff" : PAIR[channel]!;
  return PALETTE[channel % PALETTE.length]!;
}

function usualWindow(image: Image, channel: number): [number, number] | undefined {
  const dtype = image.levels[0]?.info?.dtype;
  if (dtype === "bool") return [0, 1];
  const own = image.channels[channel]?.window;
  if (own && Number.isFinite(own.start) && own.end > own.start) return [own.start, own.end];
  return image.rgb && dtype ? rangeOf(dtype) : undefined;
}

/** Whether the document says anything about how channels look. */
function described(image: Image): boolean {
  return image.channels.some((channel) => channel.color !== undefined || channel.window !== undefined);
}

/** All channels; `automatic` are windows taken from pixels, by channel. */
export function layersOf(image: Image, state: State, automatic: ReadonlyMap<number, [number, number]>): Layer[] {
  if (image.kind === "label") return [];
  const many = image.channels.length > AT_ONCE && !described(image);
  const changes = new Map(state.layers.map((change) => [change.channel, change]));
  return image.channels.map((channel, index) => {
    const change = changes.get(index);
    const told = change?.window ?? usualWindow(image, index);
    const color = change?.color;
    return {
      channel: index,
      name: nameOf(image, index),
      visible: change?.visible ?? (channel.active && (!many || index < AT_ONCE)),
      color: color && (isColor(color) || isMap(color)) ? color.toLowerCase() : usualColor(image, index),
      window: told ?? automatic.get(index),
      automatic: told === undefined,
      gamma: change?.gamma ?? 1,
      opacity: change?.opacity ?? 1,
    };
  });
}

/** Label images: the first one is shown, translucent; one that is looked at by itself is opaque. */
export function labelsOf(image: Image, paths: readonly string[], state: State): LabelLayer[] {
  const alone = image.kind === "label";
  const all = alone ? [image.path] : paths;
  const changes = new Map<string, LabelChange>(state.labels.map((change) => [change.path, change]));
  return all.map((path, index) => {
    const change = changes.get(path);
    return {
      path,
      visible: change?.visible ?? index === 0,
      opacity: change?.opacity ?? (alone ? 1 : 0.5),
      outline: change?.outline ?? false,
    };
  });
}
