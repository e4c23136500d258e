/** Channels, and where to begin, from the `omero` member; whatever is missing stays unknown. */

import { integer, type Json, list, number, object, objects, text } from "./fields";
import type { Channel, DType } from "./model";

const COLOR = /^[0-9A-Fa-f]{6}$/;
const PURE = ["FF0000", "00FF00", "0000FF"];
const NAMES = [["red", "r"], ["green", "g"], ["blue", "b"]];
/** What programs call channels of which they know nothing: "Channel 0", "Channel:0:0", "C1", "0". */
const NO_NAME = /^((c|ch|channel)?[ :_-]*[0-9]+(:[0-9]+)*)?$/i;

export function decodeChannels(omero: unknown): Channel[] {
  return (list(object(omero)?.["channels"]) ?? []).map((item) => channel(object(item) ?? {}));
}

function channel(entry: Json): Channel {
  const color = text(entry["color"]);
  const active = entry["active"];
  const window = decodeWindow(entry["window"]);
  return {
    label: text(entry["label"]) ?? "",
    active: typeof active === "boolean" ? active : true,
    ...(color !== undefined && COLOR.test(color) && { color }),
    ...(window && { window }),
  };
}

function decodeWindow(value: unknown): Channel["window"] {
  const entry = object(value) ?? {};
  const [start, end, min, max] = ["start", "end", "min", "max"].map((key) => number(entry[key]));
  if (start === undefined || end === undefined) return undefined;
  return { start, end, ...(min !== undefined && { min }), ...(max !== undefined && { max }) };
}

/** As many channels as the axis is long, whatever the document has. */
export function fitted(channels: readonly Channel[], count: number): Channel[] {
  return Array.from({ length: count }, (_, index) => channels[index] ?? { label: "", active: true });
}

/**
 * Whether these are the three samples of one picture. Pure colours alone are no proof: programs give them to any
 * three channels, and a window of its own or a name such as DAPI says that one was.
 */
export function isRgb(channels: readonly Channel[], dtype: DType): boolean {
  if (channels.length !== 3 || dtype !== "uint8") return false;
  const labels = channels.map((one) => one.label.trim());
  const named = labels.every((label, index) => NAMES[index]!.includes(label.toLowerCase()));
  const coloured = channels.every((one, index) => one.color?.toUpperCase() === PURE[index]);
  const whole = channels.every(({ window }) => !window || (window.start === 0 && window.end === 255));
  return named || (coloured && whole && labels.every((label) => NO_NAME.test(label)));
}

export function decodeDefaults(omero: unknown): { z?: number; t?: number } {
  const rdefs = object(object(omero)?.["rdefs"]) ?? {};
  const [z, t] = [integer(rdefs["defaultZ"]), integer(rdefs["defaultT"])];
  return { ...(z !== undefined && z >= 0 && { z }), ...(t !== undefined && t >= 0 && { t }) };
}

/** Colours and properties of the values of a label image; where a value stands twice, the last one counts. */
export function decodeLabel(value: unknown): {
  colors: Map<number, [number, number, number, number]>;
  properties: Map<number, Json>;
} {
  const colors = new Map<number, [number, number, number, number]>();
  const properties = new Map<number, Json>();
  const label = object(value);
  for (const entry of objects(label?.["colors"])) {
    const id = integer(entry["label-value"]);
    const parts = (list(entry["rgba"]) ?? []).map(integer);
    const good = parts.length === 4 && parts.every((part) => part !== undefined && part >= 0 && part <= 255);
    if (id !== undefined && good) colors.set(id, parts as [number, number, number, number]);
  }
  for (const entry of objects(label?.["properties"])) {
    const { "label-value": id, ...values } = entry;
    const known = integer(id);
    if (known !== undefined) properties.set(known, values);
  }
  return { colors, properties };
}
