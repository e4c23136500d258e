/** What lies over the picture: scale bar, minimap, crosshair, names of the planes. */

import { visible } from "../scene/camera";
import { isDepthKnown, planeAxes, planeUnit, stepOf } from "../scene/geometry";
import { scaleBar, type ScaleBar } from "../scene/scalebar";
import { axesOf, extentOf } from "../scene/wants";
import { h, setHidden, setText } from "./dom";
import type { Frame } from "./frame";
import { middleOf } from "./status";
import type { Viewer } from "./viewer";

const LONGEST_BAR = 150;
const BAR_ABOVE = 10;
const MAP_SIDE = 140;
/** The minimap is drawn anew so long after the last change. */
const MAP_AFTER_MS = 120;

export class Overlay {
  bar: ScaleBar | undefined;
  /** How far above the lower edge of the picture the bar stands: it measures the plane of the image. */
  raised = 0;
  private readonly barLine = h("div", { class: "line" });
  private readonly barText = h("div", { class: "text" });
  private readonly barBox = h("div", { class: "scalebar" }, this.barText, this.barLine);
  private readonly map = h("canvas", { class: "picture" });
  private readonly mapView = h("div", { class: "seen" });
  private readonly mapBox = h("div", { class: "minimap", attrs: { "aria-hidden": true } }, this.map, this.mapView);
  private readonly panes = h("div", { class: "panes", attrs: { "aria-hidden": true } });
  private mapShown = "";
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(root: HTMLElement, private readonly viewer: Viewer) {
    root.append(this.panes, this.barBox, this.mapBox);
    viewer.subscribe((frame) => this.update(frame));
    this.mapBox.addEventListener("pointerdown", (event) => this.grab(event));
    this.mapBox.addEventListener("pointermove", (event) => event.buttons & 1 && this.goTo(event));
    this.mapBox.addEventListener("pointerup", () => this.viewer.history.endGesture());
  }

  private update(frame: Frame): void {
    this.updateBar(frame);
    this.updateMap(frame);
    this.updatePanes(frame);
  }

  private updateBar(frame: Frame): void {
    const { across } = axesOf(frame.image, "xy");
    const unit = planeUnit(frame.image);
    const pane = frame.panes[0]!;
    this.raised = frame.area.height - pane.top - pane.height;
    this.barBox.style.bottom = `${BAR_ABOVE + this.raised}px`;
    const size = (unit === undefined ? 1 : stepOf(frame.image, across)) / frame.view.zoom;
    this.bar = scaleBar(size, unit, Math.min(LONGEST_BAR, pane.width / 3));
    setHidden(this.barBox, !frame.state.scaleBar);
    this.barLine.style.width = `${this.bar.width.toFixed(1)}px`;
    setText(this.barText, this.bar.text);
  }

  private updateMap(frame: Frame): void {
    const pane = frame.panes[0]!;
    const seen = visible(pane);
    const { down, across, ratioDown } = extentOf(frame.image);
    const all = seen.y0 <= 0 && seen.x0 <= 0 && seen.y1 >= down && seen.x1 >= across;
    const shown = frame.state.minimap && !all && frame.panes.length === 1 && frame.overview.length > 0
      && frame.area.width > 420;
    setHidden(this.mapBox, !shown);
    if (!shown) return;
    const scale = MAP_SIDE / Math.max(across, down * ratioDown);
    const [width, height] = [Math.max(8, Math.round(across * scale)), Math.max(8, Math.round(down * ratioDown * scale))];
    this.mapBox.style.width = `${width}px`;
    this.mapBox.style.height = `${height}px`;
    const share = (value: number, size: number): number => Math.min(1, Math.max(0, value / size));
    const [left, right] = [share(seen.x0, across) * width, share(seen.x1, across) * width];
    const [top, bottom] = [share(seen.y0, down) * height, share(seen.y1, down) * height];
    this.mapView.style.transform = `translate(${left}px, ${top}px)`;
    this.mapView.style.width = `${Math.max(3, right - left)}px`;
    this.mapView.style.height = `${Math.max(3, bottom - top)}px`;
    this.scheduleMap(frame, width, height);
  }

  /** The small picture changes with layers and planes, not with the view. */
  private scheduleMap(frame: Frame, width: number, height: number): void {
    const tiles = frame.overview.map((one) => one.ready.tiles.map((tile) => tile.id));
    const key = JSON.stringify([frame.layers, frame.labels, frame.place, frame.state.blending, tiles, width]);
    if (key === this.mapShown) return;
    this.mapShown = key;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      const ratio = frame.ratio > 1.5 ? 2 : 1;
      const pixels = this.viewer.overview({ width: width * ratio, height: height * ratio });
      if (!pixels) return;
      [this.map.width, this.map.height] = [pixels.width, pixels.height];
      this.map.getContext("2d")!.putImageData(pixels, 0, 0);
    }, MAP_AFTER_MS);
  }

  private grab(event: PointerEvent): void {
    this.mapBox.setPointerCapture(event.pointerId);
    this.goTo(event);
  }

  private goTo(event: PointerEvent): void {
    const { frame } = this.viewer;
    if (!frame) return;
    const box = this.mapBox.getBoundingClientRect();
    const { down, across } = extentOf(frame.image);
    const y = ((event.clientY - box.top) / box.height) * down;
    const x = ((event.clientX - box.left) / box.width) * across;
    this.viewer.change({ view: { ...frame.view, y, x } }, { gesture: "minimap" });
  }

  /** Borders, names and the shared crosshair of three planes. */
  private updatePanes(frame: Frame): void {
    setHidden(this.panes, frame.panes.length === 1);
    if (frame.panes.length === 1) return;
    if (this.panes.childElementCount === 0) this.buildPanes(frame);
    frame.panes.forEach((pane, i) => {
      const box = this.panes.children[i] as HTMLElement;
      Object.assign(box.style, {
        left: `${pane.left}px`, top: `${pane.top}px`, width: `${pane.width}px`, height: `${pane.height}px`,
      });
      const axes = axesOf(frame.image, pane.name);
      const at = middleOf(pane, frame.place[axes.down]!, frame.place[axes.across]!);
      const [name, down, across] = [...box.children] as HTMLElement[];
      const names = [frame.image.axes[axes.across]!.name, frame.image.axes[axes.down]!.name];
      const unknown = pane.name !== "xy" && !isDepthKnown(frame.image);
      const depth = frame.image.axes[planeAxes(frame.image).depth!]?.name;
      setText(name!, `${names[0]} → ${names[1]} ↓${unknown ? ` · ${depth} spacing unknown` : ""}`);
      // Told in full under the pointer, where it is cut off.
      name!.title = unknown ? name!.textContent : "";
      down!.style.transform = `translateX(${at.x - pane.left}px)`;
      across!.style.transform = `translateY(${at.y - pane.top}px)`;
    });
  }

  private buildPanes(frame: Frame): void {
    this.panes.replaceChildren(...frame.panes.map(() =>
      h("div", { class: "pane" }, h("span", { class: "name" }), h("i", { class: "vertical" }), h("i", { class: "horizontal" }))));
  }
}
