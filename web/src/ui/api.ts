/** `window.zarrscope`: what scripts, tests and notebooks may ask of the page. */

import { changeLabel, changeLayer, parseState, toDocument, untouched } from "../scene/state";
import type { Viewer } from "./viewer";

export interface PageApi {
  /** Resolves once all that is wanted is drawn, or a message says why nothing can be. */
  ready(): Promise<void>;
  /** The state as it is written into the address: what differs from what the image asks for. */
  state(): Record<string, unknown>;
  /** What is in effect: view, place along each axis, layers and labels with windows and colours. */
  resolved(): Record<string, unknown>;
  /** Changes parts of the state, one step of undo; layers and labels are joined by channel and path. */
  setState(parts: Record<string, unknown>): void;
  stats(): Record<string, number>;
  /** Red, green, blue, alpha of a pixel of the picture (device pixels, from the top left). */
  pixel(x: number, y: number): [number, number, number, number] | undefined;
  /** The whole picture, without what lies over it. */
  pixels(): ImageData | undefined;
  canvas: HTMLCanvasElement;
}

function setState(viewer: Viewer, parts: Record<string, unknown>): void {
  const { state: wanted, notes } = parseState({ v: 1, ...parts });
  if (notes.length > 0) throw new Error(notes.join("; "));
  const now = viewer.history.state;
  const other = (["source", "series"] as const).some((key) => key in parts && wanted[key] !== now[key]);
  const before = other ? { ...now, ...untouched() } : now;
  let { layers, labels } = before;
  for (const { channel, ...change } of wanted.layers) layers = changeLayer({ ...now, layers }, channel, change);
  for (const { path, ...change } of wanted.labels) labels = changeLabel({ ...now, labels }, path, change);
  const dims = { ...before.dims, ...wanted.dims };
  const given = Object.fromEntries(Object.entries(wanted).filter(([key]) => key in parts));
  const all = { ...(other && { view: undefined }), ...given, layers, labels, dims };
  if (other || !viewer.session) viewer.history.set(all);
  else viewer.change(all);
}

export function apiOf(viewer: Viewer): PageApi {
  return {
    ready: () => viewer.ready(),
    state: () => toDocument(viewer.history.state),
    resolved: () => {
      const { frame } = viewer;
      if (!frame) return {};
      const { view, place, layers, labels, area, ratio, state } = frame;
      const dims = Object.fromEntries(frame.image.axes.map((axis, i) => [axis.name, place[i]!]));
      return { view, dims, layers, labels, area, ratio, blending: state.blending, layout: state.layout };
    },
    setState: (parts) => setState(viewer, parts),
    stats: () => {
      const { made, session } = viewer;
      const { bytes, uploads } = made?.textures ?? { bytes: 0, uploads: 0 };
      return { frames: made?.frames ?? 0, textures: bytes, uploads, ...session?.source.engine.stats };
    },
    pixel: (x, y) => {
      const pixels = viewer.pixels();
      if (!pixels || x < 0 || y < 0 || x >= pixels.width || y >= pixels.height) return undefined;
      const at = 4 * (Math.floor(y) * pixels.width + Math.floor(x));
      return [pixels.data[at]!, pixels.data[at + 1]!, pixels.data[at + 2]!, pixels.data[at + 3]!];
    },
    pixels: () => viewer.pixels(),
    canvas: viewer.canvas,
  };
}

declare global {
  // The page's own name in scripts.
  var zarrscope: PageApi | undefined;
}

export function installApi(viewer: Viewer): void {
  globalThis.zarrscope = apiOf(viewer);
}
