/** The line below the picture: where the pointer is, and what the pixels there are. */

import { formatOf } from "../ome/version";
import type { Pane } from "../scene/camera";
import { paneAt, toPixel, toScreen } from "../scene/camera";
import { stepOf, toPhysical, unitOf } from "../scene/geometry";
import { isColor } from "../scene/layers";
import { formatBytes, formatQuantity, formatValue, unitSign } from "../scene/numbers";
import { gridOf } from "../scene/wants";
import { h, setText } from "./dom";
import type { Frame, Shown } from "./frame";
import type { Viewer } from "./viewer";

interface Point {
  x: number;
  y: number;
}

export interface Reading {
  name: string;
  /** Undefined where nothing has been read yet. */
  value: number | bigint | undefined;
  level: number;
}

/** The value at a position, from the finest tile that is drawn there. */
export function valueAt(frame: Frame, one: Shown, down: number, across: number): Reading | undefined {
  const tiles = [...one.ready.tiles].sort((a, b) => a.level - b.level);
  for (const tile of tiles) {
    const grid = gridOf(frame.image, one.axes, one.plane, tile.level);
    const y = Math.floor((down - grid.down.offset) / grid.down.factor) - tile.y;
    const x = Math.floor((across - grid.across.offset) / grid.across.factor) - tile.x;
    if (y < 0 || x < 0 || y >= tile.height || x >= tile.width) continue;
    const value = tile.pixels[y * tile.width + x] ?? tile.pixels[0];
    return { name: one.layer?.name ?? one.label?.path ?? "", value, level: tile.level };
  }
  return undefined;
}

function lastPart(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1) || "label";
}

export class Status {
  private readonly place = h("span", { class: "place" });
  private readonly values = h("span", { class: "values" });
  private readonly state = h("span", { class: "state" });
  private pointer: Point | undefined;

  constructor(root: HTMLElement, private readonly viewer: Viewer) {
    root.append(this.place, this.values, h("span", { class: "spring" }), this.state);
    viewer.subscribe((frame) => this.update(frame));
  }

  hover(at: Point | undefined): void {
    this.pointer = at;
    if (this.viewer.frame) this.tell(this.viewer.frame);
  }

  private update(frame: Frame): void {
    this.tell(frame);
    const zoom = frame.view.zoom * frame.ratio;
    const percent = zoom >= 0.1 ? `${Math.round(zoom * 100)} %` : `${Number((zoom * 100).toPrecision(2))} %`;
    const { stats } = this.viewer.session!.source.engine;
    const loading = frame.complete ? "" : `reading · ${formatBytes(stats.bytes)} · `;
    setText(this.state, `${loading}${percent}`);
  }

  private tell(frame: Frame): void {
    const pane = this.pointer && paneAt(frame.panes, this.pointer.x, this.pointer.y);
    const at = pane && toPixel(pane, this.pointer!.x, this.pointer!.y);
    if (!pane || !at) {
      setText(this.place, summary(frame));
      this.values.replaceChildren();
      return;
    }
    const shown = frame.shown.filter((one) => one.pane === pane);
    setText(this.place, this.where(frame, at.down, at.across, shown[0]));
    this.values.replaceChildren(...shown.flatMap((one) => this.chip(frame, one, at.down, at.across)));
  }

  private where(frame: Frame, down: number, across: number, shown: Shown | undefined): string {
    if (!shown) return "";
    const { image } = frame;
    const { axes } = shown;
    const pixel = (axis: number, position: number): string => `${image.axes[axis]!.name} ${Math.floor(position)}`;
    const physical = (axis: number, position: number): string =>
      formatQuantity(toPhysical(image, axis, Math.floor(position) + 0.5), undefined, stepOf(image, axis));
    if (image.axes[axes.down]!.added) return pixel(axes.across, across);
    const units = [unitOf(image, axes.down), unitOf(image, axes.across)] as const;
    const text = `${pixel(axes.down, down)}  ${pixel(axes.across, across)}`;
    if (units.includes(undefined)) return text;
    const first = units[0] === units[1] ? "" : ` ${unitSign(units[0])}`;
    return `${text}  ·  ${physical(axes.down, down)}${first}, ${physical(axes.across, across)} ${unitSign(units[1])}`;
  }

  private chip(frame: Frame, one: Shown, down: number, across: number): HTMLElement[] {
    const reading = valueAt(frame, one, down, across);
    if (!reading || reading.value === undefined) return [];
    const coarse = reading.level > 0 ? ` (level ${reading.level})` : "";
    if (one.label) return this.labelChip(one, reading.value, coarse);
    const chip = h("span", { class: "chip", title: `${reading.name}${coarse}` });
    const dot = h("i", { class: "dot" });
    const color = one.layer!.color;
    dot.style.background = isColor(color) ? `#${color}` : "currentColor";
    const few = frame.layers.filter((layer) => layer.visible).length <= 4;
    chip.append(dot, few && frame.layers.length > 1 ? `${reading.name} ` : "", h("b", { text: `${formatValue(reading.value)}` }), h("small", { text: coarse }));
    return [chip];
  }

  private labelChip(one: Shown, value: number | bigint, coarse: string): HTMLElement[] {
    if (Number(value) === 0) return [];
    const properties = one.plane.image.properties.get(Number(value));
    const details = Object.entries(properties ?? {})
      .filter(([key]) => key !== "label-value")
      .map(([key, detail]) => `${key}: ${typeof detail === "object" ? JSON.stringify(detail) : String(detail)}`);
    const text = `${lastPart(one.label!.path)} `;
    const chip = h("span", { class: "chip label", title: details.join("\n") }, text, h("b", { text: `#${value}` }), h("small", { text: coarse }));
    if (details.length > 0) chip.append(` ${details.join(", ")}`);
    return [chip];
  }
}

/** What is shown, while the pointer is elsewhere. */
function summary(frame: Frame): string {
  const info = frame.image.levels[0]?.info;
  if (!info) return "";
  const own = frame.image.axes.flatMap((axis, i) => (axis.added ? [] : [i]));
  const axes = own.map((i) => frame.image.axes[i]!.name).join("");
  const levels = frame.image.levels.length;
  return `${axes} ${own.map((i) => info.shape[i]).join(" × ")} · ${info.dtype} · ${levels} level${levels === 1 ? "" : "s"} · ${formatOf(frame.image)}`;
}

/** Used by the crosshair too: the middle of a pixel on the screen. */
export function middleOf(pane: Pane, down: number, across: number): Point {
  return toScreen(pane, down + 0.5, across + 0.5);
}
