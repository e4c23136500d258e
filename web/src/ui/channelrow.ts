/** The row of one channel: on or off, colour, window, gamma, opacity. */

import { MAP_NAMES, mapStops } from "../scene/colormaps";
import { isColor, type Layer } from "../scene/layers";
import { formatValue } from "../scene/numbers";
import { Contrast } from "./contrast";
import { h, iconButton, setAttr, setHidden, setText } from "./dom";
import { icon } from "./icons";
import type { Viewer } from "./viewer";

/** A slider with its name and its value. */
export function slider(
  name: string, label: string, range: [number, number, number], moved: (value: number) => void, settled: () => void,
): { element: HTMLElement; set(value: number): void } {
  const [min, max, step] = range;
  const value = h("output");
  const input = h("input", {
    attrs: { type: "range", min, max, step, "aria-label": label },
    on: { input: () => moved(Number(input.value)), change: settled },
  });
  return {
    element: h("label", { class: "slider" }, h("span", { text: name }), input, value),
    set(to) {
      if (Number(input.value) !== to) input.value = String(to);
      setText(value, to.toFixed(2));
    },
  };
}

export class ChannelRow {
  readonly element: HTMLElement;
  readonly contrast: Contrast;
  private readonly toggle: HTMLButtonElement;
  private readonly name = h("span", { class: "name" });
  private readonly body: HTMLElement;
  private readonly more: HTMLElement;
  private readonly opener: HTMLButtonElement;
  private readonly ends: [HTMLInputElement, HTMLInputElement];
  private readonly colorInput: HTMLInputElement;
  private readonly mapInput: HTMLSelectElement;
  private readonly gamma: ReturnType<typeof slider>;
  private readonly opacity: ReturnType<typeof slider>;
  private layer: Layer;
  private color = "ffffff";

  constructor(private readonly viewer: Viewer, layer: Layer) {
    this.layer = layer;
    const { channel, name } = layer;
    const settled = (): void => viewer.history.endGesture();
    const change = (parts: Parameters<Viewer["changeLayer"]>[1], gesture: string): void =>
      viewer.changeLayer(channel, parts, gesture);
    this.toggle = h("button", {
      class: "swatch", attrs: { type: "button", role: "switch", "aria-label": `Show ${name}` },
      on: { click: () => viewer.changeLayer(channel, { visible: !this.layer.visible }) },
    });
    this.contrast = new Contrast(name, { moved: (window) => change({ window }, "window"), settled });
    this.ends = [this.end(0), this.end(1)];
    this.gamma = slider("Gamma", `Gamma of ${name}`, [0.1, 4, 0.05], (gamma) => change({ gamma }, "gamma"), settled);
    this.opacity = slider("Opacity", `Opacity of ${name}`, [0, 1, 0.01], (opacity) => change({ opacity }, "opacity"), settled);
    this.colorInput = h("input", {
      attrs: { type: "color", "aria-label": `Colour of ${name}` },
      on: { input: () => change({ color: this.colorInput.value.slice(1) }, "color"), change: settled },
    });
    this.mapInput = this.maps(name);
    const auto = h("button", {
      class: "small", text: "Auto", title: "Take the window from the pixels of this plane",
      attrs: { type: "button", "aria-label": `Automatic contrast of ${name}` },
      on: { click: () => viewer.autoContrast(channel) },
    });
    this.opener = iconButton(icon("more"), `Colour, gamma and opacity of ${name}`, "", () => this.open(!this.isOpen));
    this.opener.classList.add("opener");
    const color = h("div", { class: "colors" }, h("span", { text: "Colour" }), this.colorInput, this.mapInput);
    this.more = h("div", { class: "more" }, color, this.gamma.element, this.opacity.element);
    this.body = h("div", { class: "details" }, this.contrast.element, h("div", { class: "ends" }, this.ends[0], auto, this.ends[1]), this.more);
    this.element = h("div", { class: "channel" }, h("div", { class: "head" }, this.toggle, this.name, this.opener), this.body);
    this.open(false);
  }

  private get isOpen(): boolean {
    return !this.more.hidden;
  }

  private open(on: boolean): void {
    setHidden(this.more, !on);
    setAttr(this.opener, "aria-expanded", on);
    if (on && !this.layer.visible) this.viewer.changeLayer(this.layer.channel, { visible: true });
  }

  private end(end: 0 | 1): HTMLInputElement {
    const input = h("input", {
      class: "number", attrs: { type: "text", inputmode: "decimal", "aria-label": `${end === 0 ? "Black" : "White"} point of ${this.layer.name}` },
      on: {
        change: () => {
          const value = Number(input.value.replace(",", "."));
          const window: [number, number] = [...(this.layer.window ?? [0, 1])];
          if (input.value.trim() !== "" && Number.isFinite(value)) window[end] = value;
          if (window[0] < window[1]) this.viewer.changeLayer(this.layer.channel, { window });
          else input.value = formatValue(this.layer.window?.[end] ?? 0);
        },
        keydown: (event) => {
          if (event.key === "Enter") input.blur();
        },
      },
    });
    return input;
  }

  private maps(name: string): HTMLSelectElement {
    const select = h("select", { attrs: { "aria-label": `Colour map of ${name}` } },
      h("option", { text: "one colour", attrs: { value: "" } }),
      ...MAP_NAMES.map((map) => h("option", { text: map, attrs: { value: map } })));
    select.addEventListener("change", () => {
      this.viewer.changeLayer(this.layer.channel, { color: select.value === "" ? this.color : select.value });
    });
    return select;
  }

  update(layer: Layer, whole: boolean): void {
    this.layer = layer;
    const plain = isColor(layer.color);
    if (plain) this.color = layer.color;
    setText(this.name, layer.name);
    setAttr(this.toggle, "aria-checked", layer.visible);
    this.toggle.style.setProperty("--channel", plain ? `#${layer.color}` : "#cfd6de");
    this.toggle.style.setProperty("--ramp", plain ? "none" : `linear-gradient(to right, ${mapStops(layer.color).join(", ")})`);
    this.element.classList.toggle("off", !layer.visible);
    setHidden(this.body, !layer.visible);
    if (!layer.visible) return;
    const window = layer.window ?? [0, 1];
    this.contrast.setWindow(window, whole, plain ? `#${layer.color}` : "#9aa3ad");
    this.ends.forEach((input, end) => {
      const text = layer.window ? formatValue(layer.window[end as 0 | 1]) : "";
      if (document.activeElement !== input && input.value !== text) input.value = text;
    });
    this.gamma.set(layer.gamma);
    this.opacity.set(layer.opacity);
    if (this.colorInput.value !== `#${this.color}`) this.colorInput.value = `#${this.color}`;
    this.mapInput.value = plain ? "" : layer.color;
  }
}
