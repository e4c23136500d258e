/** The panel of channels. */

import type { Image } from "../ome/model";
import type { Blending } from "../scene/state";
import { ChannelRow } from "./channelrow";
import { h, setAttr, setHidden } from "./dom";
import type { Frame } from "./frame";
import type { Viewer } from "./viewer";

const BLENDINGS: readonly [Blending, string, string][] = [
  ["add", "Add", "Colours add up, as light does"],
  ["max", "Max", "The brightest of each colour"],
  ["over", "Cover", "Later channels cover earlier ones by their opacity"],
];
/** Histograms are counted so long after the last change: never while something moves. */
const COUNT_AFTER_MS = 180;

export class ChannelsPanel {
  private rows: ChannelRow[] = [];
  private image: Image | undefined;
  private readonly list = h("div", { class: "list" });
  private readonly blendings = h("div", { class: "segments", attrs: { role: "radiogroup", "aria-label": "Blending" } });
  private counted = new Map<number, string>();
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly root: HTMLElement, private readonly viewer: Viewer) {
    for (const [blending, name, title] of BLENDINGS) {
      this.blendings.append(h("button", {
        text: name, title, attrs: { type: "button", role: "radio", "data-blending": blending },
        on: { click: () => viewer.change({ blending }) },
      }));
    }
    root.append(h("div", { class: "heading" }, h("h2", { text: "Channels" }), this.blendings), this.list);
    viewer.subscribe((frame) => this.update(frame));
  }

  private update(frame: Frame): void {
    if (frame.image !== this.image) this.build(frame);
    const dtype = frame.image.levels[0]?.info?.dtype ?? "";
    const whole = !dtype.startsWith("float");
    for (const layer of frame.layers) this.rows[layer.channel]!.update(layer, whole);
    for (const button of this.blendings.children) {
      setAttr(button, "aria-checked", button.getAttribute("data-blending") === frame.state.blending);
    }
    setHidden(this.root, frame.layers.length === 0);
    setHidden(this.blendings, frame.layers.length < 2);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.count(), COUNT_AFTER_MS);
  }

  private build(frame: Frame): void {
    this.image = frame.image;
    this.counted = new Map();
    this.rows = frame.layers.map((layer) => new ChannelRow(this.viewer, layer));
    this.list.replaceChildren(...this.rows.map((row) => row.element));
  }

  /** Counts the pixels of channels whose plane has changed since. */
  private count(): void {
    const { frame } = this.viewer;
    if (!frame || frame.image !== this.image || frame.state.panel !== "layers") return;
    const views = frame.overview.length > 0 ? frame.overview : frame.shown;
    for (const { layer, ready } of views) {
      if (!layer || !ready.complete) continue;
      const key = ready.tiles.map((tile) => tile.id).join(" ");
      if (this.counted.get(layer.channel) === key) continue;
      this.counted.set(layer.channel, key);
      this.rows[layer.channel]!.contrast.setSamples(this.viewer.samples(layer.channel));
    }
  }
}
