/** Mouse, pen and fingers on the picture: drag, wheel, pinch, and where the pointer is. */

import { paneAt, panes as panesOf, pan, toPixel, zoomAt, type Pane } from "../scene/camera";
import { extentOf } from "../scene/wants";
import type { State, View } from "../scene/state";
import type { Viewer } from "./viewer";

interface Touch {
  x: number;
  y: number;
}

/** Less than this is a click. */
const STILL = 4;

export class Pointer {
  private readonly touches = new Map<number, Touch>();
  private moved = 0;
  private pane: Pane["name"] | undefined;

  constructor(
    private readonly viewer: Viewer,
    private readonly hovered: (at: Touch | undefined) => void,
    private readonly scrolled: (steps: number) => void,
  ) {
    const { canvas } = viewer;
    canvas.addEventListener("pointerdown", (event) => this.down(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    canvas.addEventListener("pointerup", (event) => this.up(event));
    canvas.addEventListener("pointercancel", (event) => this.up(event));
    canvas.addEventListener("pointerleave", () => this.hovered(undefined));
    canvas.addEventListener("dblclick", (event) => this.zoom(this.at(event), event.shiftKey ? 0.5 : 2));
    canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
  }

  private at(event: MouseEvent): Touch {
    return { x: event.offsetX, y: event.offsetY };
  }

  /** Pane and view of the state as it is now; several events may come between two frames. */
  private now(name?: Pane["name"], at?: Touch): { view: View; pane: Pane } | undefined {
    const { frame, history } = this.viewer;
    if (!frame) return undefined;
    const view = history.state.view ?? frame.view;
    const arrangement = frame.panes.length > 1 ? "ortho" : "plane";
    const all = panesOf(extentOf(frame.image), frame.area, arrangement, view);
    const pane = at ? paneAt(all, at.x, at.y) : all.find((one) => one.name === name);
    return pane && { view, pane };
  }

  private down(event: PointerEvent): void {
    if (event.button > 1) return;
    const at = this.at(event);
    this.viewer.canvas.setPointerCapture(event.pointerId);
    this.viewer.canvas.focus({ preventScroll: true });
    this.touches.set(event.pointerId, at);
    if (this.touches.size === 1) {
      this.moved = 0;
      this.pane = this.now(undefined, at)?.pane.name;
    }
  }

  private move(event: PointerEvent): void {
    const at = this.at(event);
    const before = this.touches.get(event.pointerId);
    this.hovered(at);
    if (!before) return;
    const others = [...this.touches.entries()].filter(([id]) => id !== event.pointerId);
    const other = others[0]?.[1];
    this.touches.set(event.pointerId, at);
    this.moved += Math.hypot(at.x - before.x, at.y - before.y);
    if (this.moved < STILL) return;
    const share = other ? 0.5 : 1;
    const now = this.now(this.pane);
    if (!now) return;
    let view = pan(now.view, now.pane, (at.x - before.x) * share, (at.y - before.y) * share);
    if (other) view = this.pinch(view, before, at, other);
    this.set({ view }, "drag");
    this.viewer.canvas.classList.add("dragging");
  }

  private pinch(view: View, before: Touch, at: Touch, other: Touch): View {
    const was = Math.hypot(before.x - other.x, before.y - other.y);
    const is = Math.hypot(at.x - other.x, at.y - other.y);
    const now = this.now(this.pane);
    if (!now || was < 1 || is < 1) return view;
    const [x, y] = [(at.x + other.x) / 2, (at.y + other.y) / 2];
    return zoomAt(view, now.pane, x, y, is / was, this.viewer.leastZoom);
  }

  private up(event: PointerEvent): void {
    const at = this.touches.get(event.pointerId);
    this.touches.delete(event.pointerId);
    this.viewer.canvas.classList.remove("dragging");
    this.viewer.history.endGesture();
    if (at && this.moved < STILL && event.type === "pointerup") this.click(at);
  }

  /** In the layout of three planes a click moves the crosshair. */
  private click(at: Touch): void {
    const { frame } = this.viewer;
    const now = this.now(undefined, at);
    if (!frame || !now || frame.panes.length < 2) return;
    const shown = frame.shown.find((one) => one.pane.name === now.pane.name);
    if (!shown) return;
    const { down, across } = toPixel(now.pane, at.x, at.y);
    const name = (axis: number): string => frame.image.axes[axis]!.name;
    const dims = { [name(shown.axes.down)]: Math.max(0, Math.floor(down)), [name(shown.axes.across)]: Math.max(0, Math.floor(across)) };
    this.viewer.moveTo(dims);
  }

  private wheel(event: WheelEvent): void {
    event.preventDefault();
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : event.deltaMode === WheelEvent.DOM_DELTA_PAGE ? 400 : 1;
    const delta = (event.deltaY || event.deltaX) * lines;
    if (delta === 0) return;
    if (event.shiftKey || event.altKey) this.scrolled(Math.sign(delta));
    else this.zoom(this.at(event), Math.exp(-Math.max(-400, Math.min(400, delta)) * (event.ctrlKey ? 0.01 : 0.0018)));
  }

  private zoom(at: Touch, factor: number): void {
    const now = this.now(undefined, at);
    if (now) this.set({ view: zoomAt(now.view, now.pane, at.x, at.y, factor, this.viewer.leastZoom) }, "wheel");
  }

  private set(parts: Partial<State>, gesture: string): void {
    this.viewer.change(parts, { gesture });
  }
}
