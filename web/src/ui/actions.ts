/** What buttons and keys do. */

import { zoomAt } from "../scene/camera";
import { sliders } from "../scene/dims";
import { planeAxes, proportion, sizeOf } from "../scene/geometry";
import { formatBytes } from "../scene/numbers";
import { toRgb } from "../scene/layers";
import { axesOf, bytesOf } from "../scene/wants";
import { chooseLevel } from "../tiles/levels";
import type { DimsBar } from "./dimsbar";
import type { Help } from "./help";
import type { Messages } from "./messages";
import type { Overlay } from "./overlay";
import { drawScaleBar, save } from "./screenshot";
import type { Viewer } from "./viewer";

export interface Actions {
  undo(): void;
  redo(): void;
  fit(): void;
  /** Zooms about the middle of the view. */
  zoom(factor: number): void;
  /** Moves the view by shares of itself. */
  pan(across: number, down: number): void;
  step(name: string, by: number): void;
  play(): void;
  ortho(): void;
  canOrtho(): boolean;
  channel(index: number): void;
  labels(): void;
  screenshot(): void;
  copyLink(): void;
  help(): void;
  minimap(): void;
  scaleBar(): void;
  panel(): void;
}

interface Parts {
  viewer: Viewer;
  messages: Messages;
  dims: DimsBar;
  overlay: Overlay;
  help: Help;
  /** Writes the state into the address now. */
  flush(): void;
}

/** Planes across a stack that take more than this are read only when somebody agrees. */
const ASK_ABOVE = 256e6;

export function actionsOf(parts: Parts): Actions {
  const { viewer, dims, help } = parts;
  const { history } = viewer;
  return {
    undo: () => history.undo(),
    redo: () => history.redo(),
    fit: () => viewer.fit(),
    zoom: (factor) => zoom(viewer, factor),
    pan: (across, down) => pan(viewer, across, down),
    step: (name, by) => dims.step(name, by),
    play: () => dims.toggle(),
    ortho: () => ortho(parts),
    canOrtho: () => canOrtho(viewer),
    channel: (index) => {
      const layer = viewer.frame?.layers[index];
      if (layer) viewer.changeLayer(index, { visible: !layer.visible });
    },
    labels: () => toggleLabels(viewer),
    screenshot: () => void screenshot(parts),
    copyLink: () => void copyLink(parts),
    help: () => help.toggle(),
    minimap: () => history.set({ minimap: !history.state.minimap }),
    scaleBar: () => history.set({ scaleBar: !history.state.scaleBar }),
    panel: () => history.set({ panel: history.state.panel === "none" ? "layers" : "none" }, { silent: true }),
  };
}

function zoom(viewer: Viewer, factor: number): void {
  const { frame, history } = viewer;
  const pane = viewer.paneOf(history.state);
  if (!frame || !pane) return;
  const view = history.state.view ?? frame.view;
  const [x, y] = [pane.left + pane.width / 2, pane.top + pane.height / 2];
  viewer.change({ view: zoomAt(view, pane, x, y, factor, viewer.leastZoom) }, { gesture: "zoom" });
}

function pan(viewer: Viewer, across: number, down: number): void {
  const { frame, history } = viewer;
  const pane = viewer.paneOf(history.state);
  if (!frame || !pane) return;
  const view = history.state.view ?? frame.view;
  const y = view.y + (down * pane.height) / pane.stepDown;
  const x = view.x + (across * pane.width) / pane.stepAcross;
  viewer.change({ view: { ...view, y, x } }, { gesture: "pan" });
}

function canOrtho(viewer: Viewer): boolean {
  const image = viewer.session?.image;
  const depth = image && planeAxes(image).depth;
  return image !== undefined && depth !== undefined && sizeOf(image, depth) > 1;
}

/** Bytes of the chunks that the two planes across the stack go through, before compression. */
function orthoBytes(viewer: Viewer): number {
  const { frame } = viewer;
  if (!frame) return 0;
  const channels = Math.max(1, frame.layers.filter((layer) => layer.visible).length);
  const planes = (["xz", "zy"] as const).map((name) => {
    const { down, across } = axesOf(frame.image, name);
    const { across: x } = planeAxes(frame.image);
    const zoom = frame.view.zoom * frame.ratio * Math.min(proportion(frame.image, down, x), proportion(frame.image, across, x));
    return bytesOf(frame.image, { down, across }, chooseLevel(frame.image, down, across, zoom));
  });
  return channels * planes.reduce((sum, bytes) => sum + bytes, 0);
}

function ortho({ viewer, messages }: Parts): void {
  const on = viewer.history.state.layout === "ortho";
  const change = (): void => viewer.change({ layout: on ? "plane" : "ortho", view: undefined });
  const bytes = on ? 0 : orthoBytes(viewer);
  if (on || !canOrtho(viewer)) {
    if (on) change();
  } else if (bytes < ASK_ABOVE) change();
  else {
    const text = `The planes across this stack go through chunks of ${formatBytes(bytes)} before compression. They come in piece by piece; going back to one plane stops the reading.`;
    messages.ask("Show three planes?", text, `Read up to ${formatBytes(bytes)}`, change);
  }
}

function toggleLabels(viewer: Viewer): void {
  const labels = viewer.frame?.labels ?? [];
  const on = labels.some((label) => label.visible);
  const all = on ? labels.filter((label) => label.visible) : labels.slice(0, 1);
  for (const label of all) viewer.changeLabel(label.path, { visible: !on }, "labels");
}

async function screenshot({ viewer, messages, overlay }: Parts): Promise<void> {
  const pixels = viewer.pixels();
  const { frame } = viewer;
  if (!pixels || !frame) return;
  const light = viewer.background[0] > 0.5;
  const bar = frame.state.scaleBar ? overlay.bar : undefined;
  const blob = await drawScaleBar(pixels, bar, overlay.raised, frame.ratio, toRgb(light ? "111111" : "ffffff"));
  const name = document.title.split(" · ")[0]!.replace(/[^\w.-]+/g, "_") || "zarrscope";
  const place = sliders(frame.image, frame.state).map((dim) => `_${dim.name}${dim.index}`).join("");
  save(blob, `${name}${place.replace(/[^\w.-]+/g, "_")}.png`);
  messages.note("The screenshot was saved.", 3);
}

async function copyLink({ viewer, messages, flush }: Parts): Promise<void> {
  viewer.change({}, { silent: true });
  flush();
  try {
    await navigator.clipboard.writeText(location.href);
    messages.note("The link to this view was copied.", 4);
  } catch {
    messages.note(`The browser does not let pages copy; the address of this page is the link.`, 8);
  }
}
