/** The one state of the viewer: a versioned JSON document that stands in the address, is undone, and comes from Python. */

import { isMap } from "./colormaps";

export type Blending = "add" | "max" | "over";
export type Layout = "plane" | "ortho";
export type Panel = "layers" | "metadata" | "checks" | "none";

/** What somebody changed about a channel; whatever is not here is as the image says. */
export interface LayerChange {
  channel: number;
  visible?: boolean;
  /** Six hexadecimal digits, or the name of a colour map. */
  color?: string;
  window?: [number, number];
  gamma?: number;
  opacity?: number;
}

/** What somebody changed about a label image. */
export interface LabelChange {
  path: string;
  visible?: boolean;
  opacity?: number;
  outline?: boolean;
}

/** The centre of the view in pixels of level 0, and CSS pixels a pixel across. */
export interface View {
  y: number;
  x: number;
  /** Along the depth of a stack, in the layout of three planes. */
  z?: number;
  zoom: number;
}

/** Only what differs from what the image itself asks for; everything else is resolved when it is drawn. */
export interface State {
  v: 1;
  source?: string;
  series?: string;
  /** Index by name of axis; of the axes of the plane it is the place of the crosshair. */
  dims: Record<string, number>;
  /** Absent: the whole plane. */
  view?: View;
  layout: Layout;
  layers: LayerChange[];
  blending: Blending;
  labels: LabelChange[];
  panel: Panel;
  minimap: boolean;
  scaleBar: boolean;
  /** Keys of other versions, kept as they are. */
  extra: Record<string, unknown>;
}

/** What graphics processors can count with. */
const LARGEST = 3e38;

export function emptyState(): State {
  return {
    v: 1, dims: {}, layout: "plane", layers: [], blending: "add", labels: [],
    panel: "layers", minimap: true, scaleBar: true, extra: {},
  };
}

/** What belongs to one image, as it is before anybody has changed anything about the next. */
export function untouched(): { dims: State["dims"]; view: undefined; layers: State["layers"]; labels: State["labels"] } {
  return { dims: {}, view: undefined, layers: [], labels: [] };
}

type Json = Record<string, unknown>;

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

/** Collects what was wrong while values are taken from a document. */
class Reader {
  readonly notes: string[] = [];

  private wrong(key: string, wanted: string): undefined {
    this.notes.push(`"${key}" is not ${wanted} and was left out`);
    return undefined;
  }

  number(from: Json, key: string, low = -Infinity, high = Infinity): number | undefined {
    const value = from[key];
    if (value === undefined) return undefined;
    if (isNumber(value) && value >= low && value <= high) return value;
    return this.wrong(key, "a number that is allowed here");
  }

  /** A count from 0. */
  whole(from: Json, key: string): number | undefined {
    const value = from[key];
    if (value === undefined) return undefined;
    return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : this.wrong(key, "a whole number from 0 on");
  }

  boolean(from: Json, key: string): boolean | undefined {
    const value = from[key];
    if (value === undefined || typeof value === "boolean") return value;
    return this.wrong(key, "true or false");
  }

  text(from: Json, key: string): string | undefined {
    const value = from[key];
    if (value === undefined || typeof value === "string") return value;
    return this.wrong(key, "a text");
  }

  choice<T extends string>(from: Json, key: string, choices: readonly T[]): T | undefined {
    const value = from[key];
    if (value === undefined) return undefined;
    if (choices.includes(value as T)) return value as T;
    return this.wrong(key, `one of ${choices.join(", ")}`);
  }

  list(from: Json, key: string): Json[] {
    const value = from[key];
    if (value === undefined) return [];
    if (Array.isArray(value) && value.every(isObject)) return value;
    this.wrong(key, "a list of objects");
    return [];
  }

  window(from: Json): [number, number] | undefined {
    const value = from.window;
    if (value === undefined) return undefined;
    if (Array.isArray(value) && value.length === 2) {
      const [low, high] = value as unknown[];
      if (isNumber(low) && isNumber(high) && low < high && -LARGEST <= low && high <= LARGEST) return [low, high];
    }
    return this.wrong("window", "a pair of numbers in order");
  }

  color(from: Json): string | undefined {
    const color = this.text(from, "color")?.replace(/^#/, "");
    if (color === undefined || /^[0-9a-f]{6}$/i.test(color) || isMap(color)) return color;
    return this.wrong("color", "six hexadecimal digits or the name of a colour map");
  }
}

function withoutAbsent<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const kept = Object.entries(value).filter(([, v]) => v !== undefined);
  return Object.fromEntries(kept) as { [K in keyof T]: Exclude<T[K], undefined> };
}

function readLayers(reader: Reader, document: Json): LayerChange[] {
  const layers = new Map<number, LayerChange>();
  for (const raw of reader.list(document, "layers")) {
    const channel = reader.whole(raw, "channel");
    if (channel === undefined) continue;
    const change = withoutAbsent({
      channel,
      visible: reader.boolean(raw, "visible"),
      color: reader.color(raw),
      window: reader.window(raw),
      gamma: reader.number(raw, "gamma", 0.05, 20),
      opacity: reader.number(raw, "opacity", 0, 1),
    });
    layers.set(channel, change as LayerChange);
  }
  return [...layers.values()];
}

function readLabels(reader: Reader, document: Json): LabelChange[] {
  return reader.list(document, "labels").flatMap((raw) => {
    const path = reader.text(raw, "path");
    if (path === undefined) return [];
    const change = withoutAbsent({
      path,
      visible: reader.boolean(raw, "visible"),
      opacity: reader.number(raw, "opacity", 0, 1),
      outline: reader.boolean(raw, "outline"),
    });
    return [change as LabelChange];
  });
}

function readView(reader: Reader, document: Json): View | undefined {
  if (document.view === undefined) return undefined;
  if (!isObject(document.view)) {
    reader.notes.push('"view" is not an object and was left out');
    return undefined;
  }
  const [y, x] = [reader.number(document.view, "y"), reader.number(document.view, "x")];
  const zoom = reader.number(document.view, "zoom", 1e-7, 1e5);
  const z = reader.number(document.view, "z");
  if (y === undefined || x === undefined || zoom === undefined) return undefined;
  return z === undefined ? { y, x, zoom } : { y, x, z, zoom };
}

function readDims(reader: Reader, document: Json): Record<string, number> {
  if (document.dims === undefined) return {};
  if (!isObject(document.dims)) {
    reader.notes.push('"dims" is not an object and was left out');
    return {};
  }
  const dims: Record<string, number> = {};
  for (const name of Object.keys(document.dims)) {
    const index = reader.whole(document.dims, name);
    if (index !== undefined) dims[name] = index;
  }
  return dims;
}

const KNOWN = new Set([
  "v", "source", "series", "dims", "view", "layout", "layers", "blending", "labels", "panel", "minimap", "scaleBar",
]);

/** Takes what can be understood of a document, keeps unknown keys, and tells what was wrong. */
export function parseState(document: unknown): { state: State; notes: string[] } {
  const state = emptyState();
  if (!isObject(document)) return { state, notes: ["the state is not a JSON object and was left out"] };
  const reader = new Reader();
  if (document.v !== 1) reader.notes.push("the state is of another version; what is understood of it is shown");
  const read = withoutAbsent({
    source: reader.text(document, "source"),
    series: reader.text(document, "series"),
    view: readView(reader, document),
    layout: reader.choice(document, "layout", ["plane", "ortho"] as const),
    blending: reader.choice(document, "blending", ["add", "max", "over"] as const),
    panel: reader.choice(document, "panel", ["layers", "metadata", "checks", "none"] as const),
    minimap: reader.boolean(document, "minimap"),
    scaleBar: reader.boolean(document, "scaleBar"),
  });
  Object.assign(state, read, {
    dims: readDims(reader, document),
    layers: readLayers(reader, document),
    labels: readLabels(reader, document),
    extra: Object.fromEntries(Object.entries(document).filter(([key]) => !KNOWN.has(key))),
  });
  return { state, notes: reader.notes };
}

/** The document of a state: without everything that is as it would be anyhow. */
export function toDocument(state: State): Json {
  const { extra, ...known } = state;
  const usual = emptyState() as unknown as Json;
  const document: Json = { ...extra };
  for (const [key, value] of Object.entries(known)) {
    if (key !== "v" && JSON.stringify(value) === JSON.stringify(usual[key])) continue;
    if (value !== undefined) document[key] = value;
  }
  return document;
}

export function toHash(state: State): string {
  return `#${encodeURIComponent(JSON.stringify(toDocument(state)))}`;
}

/** Reads the part of an address behind `#`; an empty one is the usual state. */
export function fromHash(hash: string): { state: State; notes: string[] } {
  const text = hash.replace(/^#/, "");
  if (text === "") return { state: emptyState(), notes: [] };
  try {
    return parseState(JSON.parse(decodeURIComponent(text)));
  } catch {
    return { state: emptyState(), notes: ["the state in the address is not JSON and was left out"] };
  }
}

/** A list with the change of one channel replaced by itself and more. */
export function changeLayer(state: State, channel: number, change: Omit<LayerChange, "channel">): LayerChange[] {
  const before = state.layers.find((layer) => layer.channel === channel);
  const others = state.layers.filter((layer) => layer.channel !== channel);
  return [...others, { ...before, ...change, channel }].sort((a, b) => a.channel - b.channel);
}

/** The same for a label image. */
export function changeLabel(state: State, path: string, change: Omit<LabelChange, "path">): LabelChange[] {
  const before = state.labels.find((label) => label.path === path);
  return [...state.labels.filter((label) => label.path !== path), { ...before, ...change, path }];
}
