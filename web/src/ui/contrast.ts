/** The histogram of a channel with a handle at either end of its window. */

import { type Histogram, histogram } from "../scene/histogram";
import { formatValue } from "../scene/numbers";
import { h, setAttr } from "./dom";

const WIDTH = 256;
const HEIGHT = 48;

export interface ContrastEvents {
  /** The window is being dragged. */
  moved(window: [number, number]): void;
  settled(): void;
}

export class Contrast {
  readonly element: HTMLElement;
  private readonly canvas = h("canvas", { attrs: { width: WIDTH, height: HEIGHT, "aria-hidden": true } });
  private readonly handles: [HTMLElement, HTMLElement];
  private counts: Histogram | undefined;
  private window: [number, number] = [0, 1];
  private range: [number, number] = [0, 1];
  private dragging = false;
  private whole = false;
  private painted = "";

  constructor(name: string, private readonly events: ContrastEvents) {
    this.handles = [this.handle(0, `Black point of ${name}`), this.handle(1, `White point of ${name}`)];
    this.element = h("div", { class: "contrast" }, this.canvas, ...this.handles);
  }

  private handle(end: 0 | 1, label: string): HTMLElement {
    const handle = h("div", { class: `handle ${end === 0 ? "low" : "high"}`, attrs: { role: "slider", tabindex: 0, "aria-label": label } });
    handle.addEventListener("pointerdown", (event) => {
      handle.setPointerCapture(event.pointerId);
      this.dragging = true;
    });
    handle.addEventListener("pointermove", (event) => {
      if (!this.dragging || !handle.hasPointerCapture(event.pointerId)) return;
      const box = this.canvas.getBoundingClientRect();
      const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
      this.move(end, this.range[0] + share * (this.range[1] - this.range[0]));
    });
    const stop = (): void => {
      this.dragging = false;
      this.events.settled();
      this.fitRange();
    };
    handle.addEventListener("pointerup", stop);
    handle.addEventListener("pointercancel", stop);
    handle.addEventListener("keydown", (event) => this.key(event, end));
    return handle;
  }

  private key(event: KeyboardEvent, end: 0 | 1): void {
    const steps: Record<string, number> = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 };
    const steps_ = steps[event.key];
    if (steps_ === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const step = Math.max(this.whole ? 1 : 0, (this.range[1] - this.range[0]) / 200);
    this.move(end, this.window[end] + steps_ * step);
  }

  private move(end: 0 | 1, to: number): void {
    const value = this.whole ? Math.round(to) : to;
    const [low, high] = this.window;
    const next: [number, number] = end === 0 ? [Math.min(value, high), high] : [low, Math.max(value, low)];
    if (next[0] === next[1]) return;
    this.events.moved(next);
  }

  /** The values of what is shown, in order of size. */
  setSamples(sorted: Float64Array): void {
    this.counts = histogram(sorted, WIDTH / 2, this.whole);
    this.painted = "";
    this.fitRange();
  }

  setWindow(window: [number, number], whole: boolean, color: string): void {
    this.window = window;
    this.whole = whole;
    if (!this.dragging) this.fitRange(color);
    else this.place(color);
  }

  /** From the least to the most of pixels and window; it stands still while a handle is dragged. */
  private fitRange(color?: string): void {
    const [low, high] = [this.counts?.low ?? this.window[0], this.counts ? Math.max(this.counts.high, this.counts.low + this.counts.step * this.counts.counts.length) : this.window[1]];
    this.range = [Math.min(low, this.window[0]), Math.max(high, this.window[1])];
    if (this.range[1] <= this.range[0]) this.range[1] = this.range[0] + 1;
    this.place(color);
  }

  private share(value: number): number {
    return Math.min(1, Math.max(0, (value - this.range[0]) / (this.range[1] - this.range[0])));
  }

  private color = "#9aa3ad";

  private place(color?: string): void {
    this.color = color ?? this.color;
    this.handles.forEach((handle, end) => {
      const value = this.window[end as 0 | 1];
      handle.style.left = `${(this.share(value) * 100).toFixed(3)}%`;
      setAttr(handle, "aria-valuemin", this.range[0]);
      setAttr(handle, "aria-valuemax", this.range[1]);
      setAttr(handle, "aria-valuenow", value);
      setAttr(handle, "aria-valuetext", formatValue(value));
    });
    const key = JSON.stringify([this.range, this.window, this.color]);
    if (key !== this.painted) this.paint();
    this.painted = key;
  }

  /** Bars in the colour of the channel within the window; heights by the square root, so that few pixels are seen. */
  private paint(): void {
    const context = this.canvas.getContext("2d")!;
    context.clearRect(0, 0, WIDTH, HEIGHT);
    const { counts } = this;
    if (!counts) return;
    const most = Math.sqrt(counts.counts.reduce((a, b) => Math.max(a, b), 1));
    const bin = counts.step;
    const [low, high] = this.window.map((value) => this.share(value) * WIDTH) as [number, number];
    counts.counts.forEach((count, i) => {
      if (count === 0) return;
      const x = this.share(counts.low + i * bin) * WIDTH;
      const width = Math.max(1, this.share(counts.low + (i + 1) * bin) * WIDTH - x);
      const height = Math.max(1, (Math.sqrt(count) / most) * (HEIGHT - 2));
      context.globalAlpha = x + width >= low && x <= high ? 0.95 : 0.3;
      context.fillStyle = `color-mix(in srgb, ${this.color} 62%, white)`;
      context.fillRect(x, HEIGHT - height, width, height);
    });
  }
}
