/** The view of a plane: what lies where on the screen. Lengths on the screen are CSS pixels. */

import type { Rect } from "../tiles/contracts";
import type { Layout, View } from "./state";

/** A plane on the screen: a rectangle of the canvas, its centre in pixels of level 0 and the size of such a pixel. */
export interface Pane {
  name: "xy" | "xz" | "zy";
  left: number;
  top: number;
  width: number;
  height: number;
  centreDown: number;
  centreAcross: number;
  stepDown: number;
  stepAcross: number;
}

/** What the camera has to know of an image: sizes in pixels, and how large pixels are compared with one across. */
export interface Extent {
  down: number;
  across: number;
  depth: number;
  ratioDown: number;
  ratioDepth: number;
}

export interface Area {
  width: number;
  height: number;
}

const GAP = 2;
const FILL = 0.94;
export const MAX_ZOOM = 256;

/** Splits the canvas for three planes as a draughtsman would: below lies x and z, to the right z and y. */
export function split(extent: Extent, area: Area, layout: Layout): { across: number; down: number } {
  if (layout === "plane") return { across: area.width, down: area.height };
  const depth = Math.max(1, extent.depth * extent.ratioDepth);
  const share = (length: number): number => Math.min(0.85, Math.max(0.5, length / (length + depth)));
  return {
    across: Math.round(area.width * share(extent.across)) - GAP,
    down: Math.round(area.height * share(extent.down * extent.ratioDown)) - GAP,
  };
}

/** The view that shows everything, with a little air around it. */
export function fit(extent: Extent, area: Area, layout: Layout): View {
  const main = split(extent, area, layout);
  const high = extent.down * extent.ratioDown;
  let zoom = Math.min(main.across / extent.across, main.down / high);
  if (layout === "ortho") {
    const depth = extent.depth * extent.ratioDepth;
    zoom = Math.min(zoom, (area.width - main.across - GAP) / depth, (area.height - main.down - GAP) / depth);
  }
  const view = { y: extent.down / 2, x: extent.across / 2, zoom: Math.max(1e-7, Math.min(zoom * FILL, 64)) };
  return layout === "ortho" ? { ...view, z: extent.depth / 2 } : view;
}

/** The rectangles of the planes that a layout shows. */
export function panes(extent: Extent, area: Area, layout: Layout, view: View): Pane[] {
  const main = split(extent, area, layout);
  const [stepAcross, stepDown] = [view.zoom, view.zoom * extent.ratioDown];
  const xy: Pane = {
    name: "xy", left: 0, top: 0, width: main.across, height: main.down,
    centreDown: view.y, centreAcross: view.x, stepDown, stepAcross,
  };
  if (layout === "plane") return [xy];
  const z = view.z ?? extent.depth / 2;
  const stepDepth = view.zoom * extent.ratioDepth;
  const right = main.across + GAP;
  const below = main.down + GAP;
  return [
    xy,
    { ...xy, name: "zy", left: right, width: area.width - right, centreAcross: z, stepAcross: stepDepth },
    { ...xy, name: "xz", top: below, height: area.height - below, centreDown: z, stepDown: stepDepth },
  ];
}

export function paneAt(all: readonly Pane[], x: number, y: number): Pane | undefined {
  return all.find((p) => x >= p.left && y >= p.top && x < p.left + p.width && y < p.top + p.height);
}

/** Position in pixels of level 0 under a point of the canvas. */
export function toPixel(pane: Pane, x: number, y: number): { down: number; across: number } {
  return {
    across: pane.centreAcross + (x - pane.left - pane.width / 2) / pane.stepAcross,
    down: pane.centreDown + (y - pane.top - pane.height / 2) / pane.stepDown,
  };
}

export function toScreen(pane: Pane, down: number, across: number): { x: number; y: number } {
  return {
    x: pane.left + pane.width / 2 + (across - pane.centreAcross) * pane.stepAcross,
    y: pane.top + pane.height / 2 + (down - pane.centreDown) * pane.stepDown,
  };
}

/** The part of the plane that a pane shows. */
export function visible(pane: Pane): Rect {
  const from = toPixel(pane, pane.left, pane.top);
  const to = toPixel(pane, pane.left + pane.width, pane.top + pane.height);
  return { y0: from.down, x0: from.across, y1: to.down, x1: to.across };
}

function moved(view: View, pane: Pane, down: number, across: number): View {
  if (pane.name === "xy") return { ...view, y: view.y + down, x: view.x + across };
  if (pane.name === "zy") return { ...view, y: view.y + down, z: pane.centreAcross + across };
  return { ...view, x: view.x + across, z: pane.centreDown + down };
}

/** The view after the picture was moved by so many CSS pixels. */
export function pan(view: View, pane: Pane, dx: number, dy: number): View {
  return moved(view, pane, -dy / pane.stepDown, -dx / pane.stepAcross);
}

/** The view after zooming by a factor, with the point under (x, y) staying where it is. */
export function zoomAt(view: View, pane: Pane, x: number, y: number, factor: number, least: number): View {
  const zoom = Math.min(MAX_ZOOM, Math.max(Math.min(least, view.zoom), view.zoom * factor));
  const change = zoom / view.zoom;
  const at = toPixel(pane, x, y);
  const keep = 1 - 1 / change;
  const next = moved(view, pane, (at.down - pane.centreDown) * keep, (at.across - pane.centreAcross) * keep);
  return { ...next, zoom };
}
