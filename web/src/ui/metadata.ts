/** The panel of metadata: everything is text, whatever it looks like. */

import type { Image } from "../ome/model";
import { formatOf } from "../ome/version";
import { sizeOf, stepOf } from "../scene/geometry";
import { formatQuantity } from "../scene/numbers";
import { h } from "./dom";
import type { Frame } from "./frame";
import type { Viewer } from "./viewer";

/** Longer lists and texts are opened on demand. */
const AT_ONCE = 100;
const TEXT = 2000;

function leaf(value: unknown): HTMLElement {
  const text = typeof value === "string" ? value : JSON.stringify(value) ?? "";
  const shown = text.length > TEXT ? `${text.slice(0, TEXT)} … (${text.length} characters)` : text;
  return h("span", { class: typeof value === "string" ? "text" : "literal", text: shown });
}

function isBranch(value: unknown): value is object {
  return typeof value === "object" && value !== null && Object.keys(value).length > 0;
}

/** Short lists of numbers and words are read best on one line. */
function isShort(value: object): boolean {
  return Array.isArray(value) && value.every((one) => !isBranch(one)) && JSON.stringify(value).length < 60;
}

function branch(key: string, value: object, open: boolean): HTMLElement {
  const entries = Object.entries(value);
  const hint = Array.isArray(value) ? `${entries.length}` : "";
  const details = h("details", { class: "branch" }, h("summary", {}, h("span", { class: "key", text: key }), h("span", { class: "hint", text: hint })));
  let filled = 0;
  const fill = (): void => {
    details.querySelector(":scope > button")?.remove();
    for (const [name, child] of entries.slice(filled, filled + AT_ONCE)) details.append(node(name, child, false));
    filled += AT_ONCE;
    if (filled >= entries.length) return;
    const left = entries.length - filled;
    details.append(h("button", { class: "small", text: `${left} more`, attrs: { type: "button" }, on: { click: fill } }));
  };
  details.addEventListener("toggle", () => filled === 0 && fill());
  details.open = open;
  return details;
}

function node(key: string, value: unknown, open: boolean): HTMLElement {
  if (isBranch(value) && !isShort(value)) return branch(key, value, open);
  return h("div", { class: "leaf" }, h("span", { class: "key", text: key }), leaf(value));
}

/** The facts that people look for first. */
function facts(image: Image): [string, string][] {
  const info = image.levels[0]?.info;
  const rows: [string, string][] = [["Format", formatOf(image)]];
  if (info) rows.push(["Type", `${info.dtype}, Zarr ${info.zarrFormat}`]);
  image.axes.forEach((axis, i) => {
    if (axis.added) return;
    const step = formatQuantity(stepOf(image, i), axis.unit, stepOf(image, i));
    const told = axis.unit !== undefined ? ` × ${step}` : stepOf(image, i) !== 1 ? `, in steps of ${step} without a unit` : "";
    rows.push([`Axis ${axis.name}`, `${sizeOf(image, i)}${told}`]);
  });
  if (info) rows.push(["Chunks", `${info.chunks.join(" × ")}${info.shards ? ` in shards of ${info.shards.shape.join(" × ")}` : ""}`]);
  rows.push(["Levels", String(image.levels.length)]);
  return rows;
}

export class MetadataPanel {
  private image: Image | undefined;

  constructor(private readonly root: HTMLElement, viewer: Viewer) {
    viewer.subscribe((frame) => this.update(frame));
  }

  private update(frame: Frame): void {
    if (frame.image === this.image || frame.state.panel !== "metadata") return;
    this.image = frame.image;
    const rows = facts(frame.image).flatMap(([name, value]) => [h("dt", { text: name }), h("dd", { text: value })]);
    const attributes = Object.entries(frame.image.attributes).map(([key, value]) => node(key, value, true));
    this.root.replaceChildren(
      h("div", { class: "heading" }, h("h2", { text: "Image" })), h("dl", { class: "facts" }, ...rows),
      h("div", { class: "heading" }, h("h2", { text: "Attributes" })), h("div", { class: "tree" }, ...attributes));
  }
}
