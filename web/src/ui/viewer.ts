/** The viewer without its panels: state, session and renderer, and one frame whenever something changed. */

import { Renderer } from "../render/renderer";
import { type Area, fit, panes } from "../scene/camera";
import { type Change, History } from "../scene/history";
import { automaticWindow, sample } from "../scene/histogram";
import { changeLabel, changeLayer, type LabelChange, type LayerChange, type State } from "../scene/state";
import { extentOf } from "../scene/wants";
import {
  aroundOf, type Background, collect, type Frame, layout, overviewPicture, pictureOf, type Shown, wantsOf,
} from "./frame";
import type { Session } from "./session";

/** Whether there is something to draw; before, an empty picture would only keep the machine busy. */
function begun({ ready }: Shown): boolean {
  return ready.tiles.length + ready.bad.length > 0;
}

type Parts = { [K in keyof State]?: State[K] | undefined };

/** Whether everything that is seen is drawn as it will stay. */
function drawn(frame: Frame): boolean {
  return frame.complete && frame.shown.every((one) => !one.layer || one.layer.window !== undefined);
}

/** What lies around the view is asked for once it has not changed for so long. */
const REST_MS = 500;
/** So long the graphics may be gone. */
const LOST_MS = 8000;

export class Viewer {
  session: Session | undefined;
  /** The last frame, of which at least as much is drawn as was there. */
  frame: Frame | undefined;
  background: Background = [0, 0, 0];
  /** Places that will be shown soon: filled while a stack is played. */
  ahead: (frame: Frame) => number[][] = () => [];
  /** Whether nothing of the image was drawn yet. */
  blank = true;
  /** Called where there is nothing to draw with. */
  onBroken: (error: Error) => void = () => undefined;
  made: Renderer | undefined;
  private lost: ReturnType<typeof setTimeout> | undefined;
  private area: Area = { width: 1, height: 1 };
  private device: Area = { width: 1, height: 1 };
  private rest: ReturnType<typeof setTimeout> | undefined;
  private asked = false;
  private hopeless = false;
  private wanted = "";
  private listeners = new Set<(frame: Frame) => void>();
  private waiting: { resolve: () => void; picture: boolean }[] = [];

  constructor(
    readonly canvas: HTMLCanvasElement,
    readonly history: History,
  ) {
    history.subscribe(() => this.invalidate());
    this.watchSize();
    // Graphics processors are taken away now and then: everything is sent to them again.
    canvas.addEventListener("webglcontextlost", (event) => {
      event.preventDefault();
      this.lost = setTimeout(() => this.onBroken(new Error("The browser took the graphics away and did not give them back.")), LOST_MS);
    });
    canvas.addEventListener("webglcontextrestored", () => {
      clearTimeout(this.lost);
      this.made = undefined;
      this.invalidate();
    });
  }

  /** Made when it is first needed, which stops the page for a moment: what can be asked for by then is on its way. */
  get renderer(): Renderer {
    if (!this.made) {
      // A canvas that changes its size later has to be made twice.
      [this.canvas.width, this.canvas.height] = [this.device.width, this.device.height];
      this.made = new Renderer(this.canvas);
    }
    return this.made;
  }

  private watchSize(): void {
    new ResizeObserver(() => {
      this.measure();
      this.invalidate();
    }).observe(this.canvas);
  }

  private measure(): void {
    const box = this.canvas.getBoundingClientRect();
    const ratio = globalThis.devicePixelRatio || 1;
    this.area = { width: Math.max(1, box.width), height: Math.max(1, box.height) };
    this.device = { width: Math.round(this.area.width * ratio), height: Math.round(this.area.height * ratio) };
  }

  /** Shows another image, or none while it is opened; what belonged to the one before is forgotten. */
  show(session: Session | undefined): void {
    if (this.session?.source !== session?.source) this.session?.source.engine.want([]);
    this.session = session;
    this.hopeless = false;
    this.frame = undefined;
    this.wanted = "";
    this.made?.clear();
    this.blank = true;
    this.canvas.style.opacity = "0"; // and not hidden: it would lose the focus
    if (session) session.source.engine.onReady = () => this.invalidate();
    this.invalidate();
  }

  /** Nothing can be shown: whoever waits for a picture waits no longer. */
  giveUp(): void {
    this.show(undefined);
    this.hopeless = true;
    for (const { resolve } of this.waiting.splice(0)) resolve();
  }

  /** Asks for a frame; however often, there is one an animation frame, and none without a reason. */
  invalidate(): void {
    if (this.asked) return;
    this.asked = true;
    requestAnimationFrame(() => {
      this.asked = false;
      this.draw();
    });
  }

  private draw(): void {
    const { session } = this;
    if (!session) return;
    if (!this.frame) this.measure();
    const frame = layout(session, this.history.state, this.area, this.device.width / this.area.width);
    this.want(frame);
    if (!this.attempt(() => !this.renderer.gl.isContextLost())) return;
    collect(frame, session.source.engine);
    this.settleWindows(session, frame);
    const draw = !this.blank || frame.complete || frame.shown.some(begun);
    if (draw && !this.attempt(() => this.paint(session, frame))) return;
    this.frame = frame;
    for (const listener of this.listeners) listener(frame);
    if (!this.asked && drawn(frame)) this.tellWaiting(session);
  }

  /** What has to do with the graphics may fail on this machine for good: that is told, and nothing is tried again. */
  private attempt(work: () => boolean): boolean {
    try {
      return work();
    } catch (error) {
      this.onBroken(error as Error);
      return false;
    }
  }

  private paint(session: Session, frame: Frame): boolean {
    this.renderer.draw(pictureOf(session, frame, this.background), this.device.width, this.device.height);
    if (this.blank) this.canvas.style.opacity = "";
    this.blank = false;
    return true;
  }

  private tellWaiting(session: Session): void {
    const all = session.searched && !session.loadingLabels;
    const told = this.waiting.filter((one) => one.picture || all);
    this.waiting = this.waiting.filter((one) => !told.includes(one));
    for (const one of told) one.resolve();
  }

  private want(frame: Frame): void {
    const wants = wantsOf(frame, this.ahead(frame));
    const key = JSON.stringify(wants.map(({ plane, rect, zoom, priority }) =>
      [plane.image.path, plane.down, plane.across, plane.at, rect, zoom, priority]));
    if (key === this.wanted) return;
    this.wanted = key;
    const { session } = this;
    const { engine } = session!.source;
    engine.want(wants);
    clearTimeout(this.rest);
    this.rest = setTimeout(() => this.session === session && engine.want([...wants, ...aroundOf(frame)]), REST_MS);
  }

  /** Windows that nobody has told are taken from the coarsest pixels of the plane, and then stay. */
  private settleWindows(session: Session, frame: Frame): void {
    const views = frame.overview.length > 0 && !frame.image.slow ? frame.overview : frame.shown;
    for (const one of views) {
      const channel = one.layer?.channel;
      if (channel === undefined || !one.layer!.automatic || session.settled.has(channel)) continue;
      const sound = one.ready.bad.length === 0;
      // Where the coarsest pixels cannot be read, what is seen has to do, until they come after all.
      const seen = sound ? one : frame.shown.find((shown) => shown.layer?.channel === channel) ?? one;
      const window = automaticWindow(this.sampleOf(seen));
      if (window) session.automatic.set(channel, window);
      // A plane of which nothing is stored has no window of its own.
      else if (seen.ready.complete) session.automatic.set(channel, [0, 1]);
      if (one.ready.complete && sound) session.settled.add(channel);
      for (const layer of frame.layers) {
        if (layer.channel === channel && window) layer.window = window;
        else if (layer.channel === channel) layer.window ??= session.automatic.get(channel);
      }
    }
  }

  /** Values of the coarsest tiles that are ready. */
  private sampleOf(one: Shown): Float64Array {
    const coarsest = Math.max(...one.ready.tiles.map((tile) => tile.level));
    return sample(one.ready.tiles.filter((tile) => tile.level === coarsest));
  }

  /** Values of a visible channel in the plane shown, in order of size. */
  samples(channel: number): Float64Array {
    const { frame } = this;
    const views = frame && frame.overview.length > 0 && !frame.image.slow ? frame.overview : frame?.shown;
    const one = views?.find((shown) => shown.layer?.channel === channel);
    return one ? this.sampleOf(one) : new Float64Array();
  }

  /**
   * Changes what is shown. Automatic windows become part of the state, so that a link shows what is seen now.
   * While another image is opened nothing is shown, and what was meant for the one before is not for it.
   */
  change(parts: Parts, change: Change = {}): void {
    if (this.session) this.history.set(this.pinned(parts), change);
  }

  private pinned(parts: Parts): Parts {
    const settled = this.session?.settled;
    if (!settled || settled.size === 0) return parts;
    const state = { ...this.history.state, ...parts } as State;
    for (const channel of settled) {
      const told = state.layers.find((layer) => layer.channel === channel)?.window;
      const window = this.session!.automatic.get(channel);
      if (!told && window) state.layers = changeLayer(state, channel, { window });
    }
    return { ...parts, layers: state.layers };
  }

  changeLayer(channel: number, change: Omit<LayerChange, "channel">, gesture?: string): void {
    const layers = changeLayer(this.history.state, channel, change);
    this.change({ layers }, gesture === undefined ? {} : { gesture: `${gesture} ${channel}` });
  }

  changeLabel(path: string, change: Omit<LabelChange, "path">, gesture?: string): void {
    const labels = changeLabel(this.history.state, path, change);
    this.change({ labels }, gesture === undefined ? {} : { gesture: `${gesture} ${path}` });
  }

  /** Takes the window of a channel from the plane that is shown. */
  autoContrast(channel: number): void {
    const window = automaticWindow(this.samples(channel));
    if (window) this.changeLayer(channel, { window });
  }

  moveTo(dims: Record<string, number>, gesture?: string): void {
    const all = { ...this.history.state.dims, ...dims };
    this.change({ dims: all }, gesture === undefined ? {} : { gesture });
  }

  fit(): void {
    const { image } = this.session ?? {};
    // Of planes that come late, the usual view is not all of it.
    this.change({ view: image?.slow && fit(extentOf(image), this.area, this.history.state.layout) });
  }

  /** The least zoom that makes sense: the image an eighth of the view. */
  get leastZoom(): number {
    if (!this.session || !this.frame) return 1e-7;
    return fit(extentOf(this.session.image), this.area, this.history.state.layout).zoom / 8;
  }

  subscribe(listener: (frame: Frame) => void): void {
    this.listeners.add(listener);
  }

  /** Resolves once all that is wanted is drawn, or nothing can be; of the picture alone, before labels are known. */
  ready(picture = false): Promise<void> {
    return new Promise((resolve) => {
      if (this.hopeless) return resolve();
      this.waiting.push({ resolve, picture });
      this.invalidate();
    });
  }

  /** Draws the picture beside the canvas; in device pixels. */
  pixels(): ImageData | undefined {
    if (!this.session || !this.frame) return undefined;
    const picture = pictureOf(this.session, this.frame, this.background);
    return this.renderer.snapshot(picture, this.device.width, this.device.height);
  }

  /** The whole plane in a small rectangle, or undefined where there is no overview. */
  overview(area: Area): ImageData | undefined {
    const { session, frame } = this;
    if (!session || !frame || frame.overview.length === 0) return undefined;
    return this.renderer.snapshot(overviewPicture(session, frame, area, [0, 0, 0]), area.width, area.height);
  }

  /** The panes as they would be for a view: keyboard and buttons move what they do not see. */
  paneOf(state: State): ReturnType<typeof panes>[number] | undefined {
    if (!this.frame) return undefined;
    const extent = extentOf(this.frame.image);
    const layoutOf = this.frame.panes.length > 1 ? "ortho" : "plane";
    return panes(extent, this.area, layoutOf, state.view ?? this.frame.view)[0];
  }
}
