/** Sliders for all axes that are not on the screen, and playing along them. */

import { type Dim, placeOf, sliders } from "../scene/dims";
import { stepOf, toPhysical, unitOf } from "../scene/geometry";
import { formatQuantity } from "../scene/numbers";
import { h, iconButton, setAttr, setText } from "./dom";
import type { Frame } from "./frame";
import { icon, setIcon } from "./icons";
import type { Viewer } from "./viewer";

interface Row {
  element: HTMLElement;
  range: HTMLInputElement;
  number: HTMLInputElement;
  physical: HTMLElement;
  play: HTMLButtonElement;
}

/** A plane is shown so long, and then until the next one is here. */
const PLAY_MS = 100;
/** Planes that are read ahead while playing. */
const AHEAD = 4;

export class DimsBar {
  private rows = new Map<string, Row>();
  private shape = "";
  private playing: string | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly root: HTMLElement,
    private readonly viewer: Viewer,
  ) {
    viewer.subscribe((frame) => this.update(frame));
    viewer.ahead = (frame) => this.ahead(frame);
  }

  private update(frame: Frame): void {
    const dims = sliders(frame.image, frame.state);
    const shape = dims.map((dim) => `${dim.name} ${dim.size}`).join(", ");
    if (shape !== this.shape) this.build(dims, shape);
    for (const dim of dims) this.show(frame, dim);
    if (this.playing !== undefined && frame.complete) this.timer ??= setTimeout(() => this.next(), PLAY_MS);
  }

  private build(dims: readonly Dim[], shape: string): void {
    this.stop();
    this.shape = shape;
    this.rows = new Map(dims.map((dim) => [dim.name, this.row(dim)]));
    this.root.replaceChildren(...[...this.rows.values()].map((row) => row.element));
  }

  private row(dim: Dim): Row {
    const { name, size } = dim;
    const move = (value: string): void => this.viewer.moveTo({ [name]: Math.round(Number(value)) }, `slide ${name}`);
    const range = h("input", {
      attrs: { type: "range", min: 0, max: size - 1, step: 1, "aria-label": `Axis ${name}` },
      on: { input: () => move(range.value), change: () => this.viewer.history.endGesture() },
    });
    // What is typed may be no plane that there is: the box shows the one that is shown.
    const tell = (): void => { number.value = String(Number(range.value) + 1); };
    const settle = (): void => {
      if (number.value !== "") range.value = String(Math.round(Number(number.value)) - 1); // which stays within its ends
      tell();
      move(range.value);
    };
    const number: HTMLInputElement = h("input", {
      class: "index",
      attrs: { type: "number", min: 1, max: size, "aria-label": `Number along ${name}` },
      on: { change: settle, blur: tell },
    });
    const physical = h("span", { class: "physical" });
    const play = iconButton(icon("play"), `Play ${name}`, "", () => this.toggle(name));
    const count = h("span", { class: "count" }, number, h("span", { text: ` / ${size}` }));
    const element = h("div", { class: "dim" }, h("span", { class: "name", text: name }), play, range, count, physical);
    return { element, range, number, physical, play };
  }

  private show(frame: Frame, dim: Dim): void {
    const row = this.rows.get(dim.name)!;
    const unit = unitOf(frame.image, dim.axis);
    const value = toPhysical(frame.image, dim.axis, dim.index + 0.5);
    // A number without a unit beside that of the plane would be taken for another count.
    const physical = unit === undefined ? "" : formatQuantity(value, unit, stepOf(frame.image, dim.axis));
    if (row.range.value !== String(dim.index)) row.range.value = String(dim.index);
    if (document.activeElement !== row.number) row.number.value = String(dim.index + 1);
    setAttr(row.range, "aria-valuetext", `${dim.index + 1} of ${dim.size}${physical && `, ${physical}`}`);
    setText(row.physical, physical);
    const on = this.playing === dim.name;
    setIcon(row.play, on ? "pause" : "play");
    setAttr(row.play, "aria-pressed", on);
  }

  /** Moves along an axis; "z" is any axis of depth that has no other name. */
  step(name: string, by: number): void {
    const { frame } = this.viewer;
    if (!frame) return;
    const dims = sliders(frame.image, this.viewer.history.state);
    const dim = dims.find((one) => one.name === name) ?? (name === "z" ? dims[dims.length - 1] : dims[0]);
    if (!dim) return;
    const index = Math.min(dim.size - 1, Math.max(0, dim.index + by));
    this.viewer.moveTo({ [dim.name]: index }, `step ${dim.name}`);
  }

  /** Starts or stops; without a name it is time, or else the first axis there is. */
  toggle(name?: string): void {
    const names = [...this.rows.keys()];
    const chosen = name ?? this.playing ?? (names.includes("t") ? "t" : names[0]);
    const stopped = this.playing === chosen;
    this.stop();
    if (stopped || chosen === undefined) return;
    this.playing = chosen;
    this.viewer.invalidate();
  }

  private stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.playing = undefined;
    this.viewer.invalidate();
  }

  private next(): void {
    this.timer = undefined;
    const { frame } = this.viewer;
    const dim = frame && sliders(frame.image, this.viewer.history.state).find((one) => one.name === this.playing);
    if (!dim) return this.stop();
    this.viewer.moveTo({ [dim.name]: (dim.index + 1) % dim.size }, "play");
  }

  /** The places that come next while an axis is played. */
  private ahead(frame: Frame): number[][] {
    const dim = this.playing !== undefined && sliders(frame.image, frame.state).find((one) => one.name === this.playing);
    if (!dim) return [];
    const place = placeOf(frame.image, frame.state);
    return Array.from({ length: Math.min(AHEAD, dim.size - 1) }, (_, i) =>
      place.map((index, axis) => (axis === dim.axis ? (dim.index + 1 + i) % dim.size : index)));
  }
}
