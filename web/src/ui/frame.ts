/** One frame: from the state to what is wanted, and from what is ready to what is drawn. */

import { mapping } from "../ome/geometry";
import type { Image } from "../ome/model";
import type { DrawnLabels, DrawnLayer, DrawnPane, Picture } from "../render/drawing";
import { type Area, fit, type Pane, panes, visible } from "../scene/camera";
import { placeOf } from "../scene/dims";
import { planeAxes, sizeOf } from "../scene/geometry";
import { type LabelLayer, labelsOf, type Layer, layersOf } from "../scene/layers";
import type { State, View } from "../scene/state";
import { type Axes, axesOf, coarsestPixels, extentOf, gridOf, grown, planeIn, planeOf, wantOf } from "../scene/wants";
import type { BadTile, Plane, Tile, TileEngine, Want } from "../tiles/contracts";
import { isGone } from "../tiles/reading";
import type { Session } from "./session";

export interface Ready {
  tiles: Tile[];
  bad: BadTile[];
  complete: boolean;
}

/** A layer or a label image in a pane, with what is wanted for it and what is ready. */
export interface Shown {
  pane: Pane;
  axes: Axes;
  plane: Plane;
  want: Want;
  layer?: Layer;
  label?: LabelLayer;
  ready: Ready;
}

export interface Frame {
  state: State;
  image: Image;
  view: View;
  area: Area;
  /** Device pixels a CSS pixel. */
  ratio: number;
  place: number[];
  panes: Pane[];
  layers: Layer[];
  labels: LabelLayer[];
  shown: Shown[];
  /** The whole plane at its coarsest, by channel and label: minimap, contrast, histograms. */
  overview: Shown[];
  complete: boolean;
}

/** Planes of more pixels are not read as a whole just for an overview. */
const OVERVIEW_PIXELS = 2048 * 2048;
/** A quarter of the view on each side is read ahead, */
const MARGIN = 0.25;
/** with pixels four times as large: in outline, at a sixteenth of the bytes, what one moves to is there. */
const OUTLINE = 4;
/** Pixels of the screen by which views are larger than seen: levels may be moved by half a pixel of theirs. */
const SLACK = 2;

const NOTHING: Ready = { tiles: [], bad: [], complete: false };

/** Everything of a frame that follows from state and image alone. */
export function layout(session: Session, state: State, area: Area, ratio: number): Frame {
  const { image } = session;
  const extent = extentOf(image);
  const stack = planeAxes(image).depth !== undefined;
  const arrangement = stack ? state.layout : "plane";
  const view = state.view ?? home(image, arrangement, ratio) ?? fit(extent, area, arrangement);
  const frame: Frame = {
    state, image, view, area, ratio,
    place: placeOf(image, state),
    panes: panes(extent, area, arrangement, view),
    layers: layersOf(image, state, session.automatic),
    labels: labelsOf(image, session.labelPaths, state),
    shown: [], overview: [], complete: false,
  };
  for (const pane of frame.panes) frame.shown.push(...shownIn(session, frame, pane));
  const axes = axesOf(image, "xy");
  if (coarsestPixels(image, axes) <= OVERVIEW_PIXELS) {
    frame.overview = shownIn(session, frame, frame.panes[0]!).map((one) => ({ ...one, want: wholeOf(frame, one) }));
  }
  return frame;
}

/** Where an image is entered whose whole plane would come late: in the middle, at the resolution that it has. */
function home(image: Image, arrangement: State["layout"], ratio: number): View | undefined {
  if (!image.first || arrangement !== "plane") return undefined;
  const { level, y, x } = image.first;
  return { y, x, zoom: 1 / (mapping(image, level, planeAxes(image).across).factor * ratio) };
}

/** The level of the overview: the coarsest; of planes that come late one of several chunks, so that it is seen to grow. */
function overviewZoom(image: Image, axes: { down: number; across: number }): number {
  const fitting = [...(image.slow ?? [])].filter((level) => pixelsOf(image, level, axes) <= OVERVIEW_PIXELS);
  return fitting.length === 0 ? 1e-6 : 1 / mapping(image, Math.min(...fitting), axes.across).factor;
}

function pixelsOf(image: Image, level: number, { down, across }: { down: number; across: number }): number {
  const { factor } = mapping(image, level, across);
  return (sizeOf(image, down) / mapping(image, level, down).factor) * (sizeOf(image, across) / factor);
}

function wholeOf(frame: Frame, one: Shown): Want {
  const rect = { y0: 0, x0: 0, y1: extentOf(frame.image).down, x1: extentOf(frame.image).across };
  const first = !frame.image.slow && one.layer?.automatic && one.layer.window === undefined;
  const zoom = overviewZoom(frame.image, one.axes);
  return wantOf(frame.image, one.axes, one.plane, rect, { down: zoom, across: zoom }, first ? 0 : 1);
}

function shownIn(session: Session, frame: Frame, pane: Pane): Shown[] {
  const { image, ratio } = frame;
  const axes = axesOf(image, pane.name);
  const step = { down: pane.stepDown * ratio, across: pane.stepAcross * ratio };
  const seen = visible(pane);
  const slack = { y: SLACK / pane.stepDown, x: SLACK / pane.stepAcross };
  const rect = { y0: seen.y0 - slack.y, x0: seen.x0 - slack.x, y1: seen.y1 + slack.y, x1: seen.x1 + slack.x };
  const one = (plane: Plane): Omit<Shown, "layer" | "label"> => ({
    pane, axes, plane, want: wantOf(image, axes, plane, rect, step, 0), ready: NOTHING,
  });
  const layers = frame.layers.filter((layer) => layer.visible).map((layer) => ({
    ...one(planeOf(image, axes, frame.place, layer.channel)), layer,
  }));
  const labels = frame.labels.filter((label) => label.visible).flatMap((label) => {
    const other = session.label(label.path);
    const plane = other && planeIn(other, image, axes, frame.place);
    return plane ? [{ ...one(plane), label }] : [];
  });
  return [...layers, ...labels];
}

/** What lies around the view of a single plane, in outline. */
export function aroundOf({ panes, shown }: Frame): Want[] {
  if (panes.length > 1) return [];
  return shown.map(({ want }) => ({ ...want, rect: grown(want.rect, MARGIN), zoom: want.zoom / OUTLINE, priority: 1 }));
}

/** All that the engine is to have ready at once: what is seen, the overview, and planes that come next. */
export function wantsOf(frame: Frame, ahead: readonly number[][]): Want[] {
  const wants = frame.shown.map((one) => one.want);
  wants.push(...frame.overview.map((one) => one.want));
  for (const place of ahead) {
    for (const { plane, axes, want } of frame.shown) {
      const next = planeIn(plane.image, frame.image, axes, place);
      if (!next) continue;
      // The channel is not in the place: it stays that of the plane.
      const at = next.at.map((index, axis) => (plane.image.axes[axis]?.type === "channel" ? plane.at[axis]! : index));
      wants.push({ ...want, plane: { ...next, at }, priority: 2 });
    }
  }
  return wants;
}

/** Takes what is ready from the engine. */
export function collect(frame: Frame, engine: TileEngine): void {
  for (const one of [...frame.shown, ...frame.overview]) one.ready = engine.ready(one.want);
  frame.complete = frame.shown.every((one) => one.ready.complete);
}

function tilesOf(frame: Frame, one: Shown): Pick<DrawnLayer, "tiles" | "bad" | "grid"> {
  return {
    tiles: one.ready.tiles,
    // Nothing is wrong with the image: it stays as it is seen.
    bad: one.ready.bad.filter(({ error }) => !isGone(error)),
    grid: (level) => gridOf(frame.image, one.axes, one.plane, level),
  };
}

function drawnLayers(frame: Frame, shown: readonly Shown[]): DrawnLayer[] {
  return shown.flatMap((one) => {
    if (!one.layer?.window) return [];
    const { color, window, gamma, opacity } = one.layer;
    return [{ ...tilesOf(frame, one), color, window, gamma, opacity }];
  });
}

function drawnLabels(session: Session, frame: Frame, shown: readonly Shown[]): DrawnLabels[] {
  return shown.flatMap((one) => {
    if (!one.label) return [];
    const { path, opacity, outline } = one.label;
    const [numbers, colors] = [session.numbersOf(path), one.plane.image.colors];
    return [{ ...tilesOf(frame, one), key: path, numbers, colors, opacity, outline }];
  });
}

function drawnPane(session: Session, frame: Frame, pane: Pane, shown: readonly Shown[], ratio: number): DrawnPane {
  const extent = extentOf(frame.image);
  const [rows, columns] = [
    pane.name === "xz" ? extent.depth : extent.down,
    pane.name === "zy" ? extent.depth : extent.across,
  ];
  const [stepX, stepY] = [pane.stepAcross * ratio, pane.stepDown * ratio];
  return {
    left: pane.left * ratio, top: pane.top * ratio, width: pane.width * ratio, height: pane.height * ratio,
    originX: (pane.left + pane.width / 2) * ratio - pane.centreAcross * stepX,
    originY: (pane.top + pane.height / 2) * ratio - pane.centreDown * stepY,
    stepX, stepY, rows, columns,
    layers: drawnLayers(frame, shown),
    labels: drawnLabels(session, frame, shown),
  };
}

export type Background = [number, number, number];

export function pictureOf(session: Session, frame: Frame, background: Background): Picture {
  const drawn = frame.panes.map((pane) =>
    drawnPane(session, frame, pane, frame.shown.filter((one) => one.pane === pane), frame.ratio));
  return { panes: drawn, blending: frame.state.blending, background };
}

/** The overview as a small picture of its own. */
export function overviewPicture(session: Session, frame: Frame, area: Area, background: Background): Picture {
  const extent = extentOf(frame.image);
  const zoom = area.width / extent.across;
  const pane = panes(extent, area, "plane", { y: extent.down / 2, x: extent.across / 2, zoom })[0]!;
  return { panes: [drawnPane(session, frame, pane, frame.overview, 1)], blending: frame.state.blending, background };
}
