/** The panel of label images. */

import type { LabelLayer } from "../scene/layers";
import { slider } from "./channelrow";
import { h, setAttr, setHidden } from "./dom";
import type { Frame } from "./frame";
import type { Viewer } from "./viewer";

interface Row {
  element: HTMLElement;
  update(label: LabelLayer): void;
}

export class LabelsPanel {
  private rows = new Map<string, Row>();
  private readonly list = h("div", { class: "list" });

  constructor(private readonly root: HTMLElement, private readonly viewer: Viewer) {
    root.append(h("div", { class: "heading" }, h("h2", { text: "Labels" })), this.list);
    viewer.subscribe((frame) => this.update(frame));
  }

  private update(frame: Frame): void {
    setHidden(this.root, frame.labels.length === 0);
    const known = this.rows.size === frame.labels.length && frame.labels.every((label) => this.rows.has(label.path));
    if (!known) {
      this.rows = new Map(frame.labels.map((label) => [label.path, this.row(label)]));
      this.list.replaceChildren(...[...this.rows.values()].map((row) => row.element));
    }
    for (const label of frame.labels) this.rows.get(label.path)!.update(label);
  }

  private row(label: LabelLayer): Row {
    const { viewer } = this;
    const { path } = label;
    let now = label;
    const name = path.slice(path.lastIndexOf("/") + 1) || "ids";
    const toggle = h("button", {
      class: "swatch labels", attrs: { type: "button", role: "switch", "aria-label": `Show ${name}` },
      on: { click: () => viewer.changeLabel(path, { visible: !now.visible }) },
    });
    const outline = h("button", {
      class: "small", text: "Outline", title: "Draw only the borders", attrs: { type: "button" },
      on: { click: () => viewer.changeLabel(path, { outline: !now.outline }) },
    });
    const opacity = slider("Opacity", `Opacity of ${name}`, [0, 1, 0.01],
      (value) => viewer.changeLabel(path, { opacity: value }, "label opacity"), () => viewer.history.endGesture());
    const body = h("div", { class: "details" }, opacity.element);
    const head = h("div", { class: "head" }, toggle, h("span", { class: "name", text: name, title: path }), outline);
    const element = h("div", { class: "channel" }, head, body);
    return {
      element,
      update: (to) => {
        now = to;
        setAttr(toggle, "aria-checked", to.visible);
        setAttr(outline, "aria-pressed", to.outline);
        setHidden(body, !to.visible);
        setHidden(outline, !to.visible);
        element.classList.toggle("off", !to.visible);
        opacity.set(to.opacity);
      },
    };
  }
}
