/** Which image the page is about, and the door to it. */

import { mapping } from "../ome/geometry";
import type { Image } from "../ome/model";
import { openImage, openRoot } from "../ome/open";
import { planeAxes } from "../scene/geometry";
import { HttpStore } from "../store/http";
import { createEngine } from "../tiles/engine";
import { h } from "./dom";
import type { Messages } from "./messages";
import type { Source } from "./session";

export interface NamedImage {
  name: string;
  title: string;
  source: string;
  /** What the server makes the image from, if it is not stored as OME-Zarr. */
  format?: string;
  /** Where the server makes pixels on demand: what that costs, image by image. */
  images?: Made[];
}

/** What the server says of an image that is not stored as it is shown. */
interface Made {
  path: string;
  levels: { path: string; computed: boolean; plane_bytes: number }[];
  first: { level: string; start: number[]; stop: number[] };
  /** Channels whose window is not the source's, but comes from a small sample. */
  guessed_windows: number[];
}

/** Bytes of source that a server reads soon enough for a first picture. */
const SOON = 64 * 2 ** 20;

/** Notes what an image is made from, which levels come late, and what can be seen before them. */
export function noteCosts(image: Image, named: NamedImage | undefined): void {
  if (named?.format) image.madeFrom = named.format;
  const made = named?.images?.find((one) => one.path === image.path);
  const number = (path: string): number => image.levels.findIndex((level) => level.path === path);
  const slow = made?.levels.filter((one) => one.computed && one.plane_bytes > SOON).map((one) => number(one.path)) ?? [];
  if (!made) return;
  // The page sees more of the image than the sample was, unless that comes late.
  if (slow.length === 0) for (const channel of made.guessed_windows) delete image.channels[channel]?.window;
  if (slow.length === 0) return;
  image.slow = new Set(slow);
  const level = number(made.first.level);
  const { down, across } = planeAxes(image);
  const middle = (axis: number): number => {
    const { factor, offset } = mapping(image, level, axis);
    return offset + (factor * (made.first.start[axis]! + made.first.stop[axis]!)) / 2;
  };
  if (level >= 0) image.first = { level, y: middle(down), x: middle(across) };
}

export interface PageInfo {
  images: NamedImage[];
  /** The image that is shown where the state names none. */
  first?: string;
}

function isImage(value: unknown): value is NamedImage {
  const image = value as Partial<NamedImage> | null;
  return typeof image?.name === "string" && typeof image.source === "string";
}

/** Whether two addresses, relative to the page or not, are of the same place. */
export function samePlace(a: string, b: string | undefined): boolean {
  if (b === undefined) return false;
  const [one, other] = [a, b].map((address) => new URL(address, document.baseURI).href.replace(/\/+$/, ""));
  return one === other;
}

/** Without it a page can still show what its address names. */
const PATIENCE_MS = 10_000;

/** What our own server offers; other servers offer nothing. */
async function offered(): Promise<NamedImage[]> {
  try {
    const response = await fetch(new URL("api/info", document.baseURI), { signal: AbortSignal.timeout(PATIENCE_MS) });
    if (!response.ok || !response.headers.get("content-type")?.includes("json")) return [];
    const { images } = (await response.json()) as { images?: unknown };
    const all = Array.isArray(images) ? images.filter(isImage) : [];
    return all.map((image) => ({ ...image, title: image.title || image.name }));
  } catch {
    return [];
  }
}

/** The image named in the query of the address. */
export function askedSource(): string | undefined {
  return new URLSearchParams(location.search).get("source") ?? undefined;
}

/** The image named in the query of the address, else the first one that the server offers. */
export async function sourceOf(): Promise<PageInfo> {
  const asked = askedSource();
  const images = await offered();
  const first = asked ?? images[0]?.source;
  return first === undefined ? { images } : { images, first };
}

/** Bytes of decoded chunks that are kept: what three planes of a stack need at once, where the machine has it. */
function cacheBytes(): number {
  const memory = (navigator as { deviceMemory?: number }).deviceMemory ?? 4;
  return (memory >= 4 ? 512 : 256) * 2 ** 20;
}

/** Opens an address, relative to the page or absolute. */
export function openSource(address: string): Source {
  const url = new URL(address, document.baseURI);
  if (!/^https?:$/.test(url.protocol)) throw new Error(`${address} is no address that a page can read: it has to begin with http`);
  const store = new HttpStore(url);
  return {
    openRoot: () => openRoot(store, ""),
    openImage: (at) => openImage(store, at),
    engine: createEngine(store, { cacheBytes: cacheBytes() }),
  };
}

/** Asks for an address where nothing names one. */
export function askForSource(messages: Messages, chosen: (source: string) => void): void {
  const input = h("input", {
    attrs: { type: "url", name: "source", placeholder: "https://…/image.ome.zarr", "aria-label": "Address of an OME-Zarr", required: true },
  });
  const form = h("form", {
    class: "ask",
    on: {
      submit: (event) => {
        event.preventDefault();
        if (input.value.trim() !== "") chosen(input.value.trim());
      },
    },
  }, input, h("button", { text: "Open", attrs: { type: "submit" } }));
  messages.card("Open an image", "Type the address of an OME-Zarr on any web server that allows other pages to read it (CORS).", form);
  input.focus();
}
