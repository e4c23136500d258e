/** The application: shell, viewer and panels put together, and the address kept in step with the state. */

import type { Image, Root, Series } from "../ome/model";
import { fitted, inOneLine } from "../scene/fitted";
import { History } from "../scene/history";
import { emptyState, fromHash, toHash, untouched } from "../scene/state";
import { installApi } from "./api";
import { ChannelsPanel } from "./channels";
import { ChecksPanel } from "./checks";
import { actionsOf } from "./actions";
import { DimsBar } from "./dimsbar";
import { Help } from "./help";
import { installKeys } from "./keyboard";
import { LabelsPanel } from "./labelspanel";
import { explain, Messages, NotShown } from "./messages";
import { MetadataPanel } from "./metadata";
import { askedSource, askForSource, noteCosts, openSource, type PageInfo, samePlace, sourceOf } from "./opening";
import { Overlay } from "./overlay";
import { Pointer } from "./pointer";
import { Session, type Source } from "./session";
import { Shell } from "./shell";
import { Status } from "./status";
import { Viewer } from "./viewer";

/** The address is written so long after the last change; browsers refuse to write it for every move. */
const WRITE_AFTER_MS = 300;

class App {
  private readonly history: History;
  private readonly shell: Shell;
  private readonly messages: Messages;
  private viewer!: Viewer;
  private info: PageInfo = { images: [] };
  private source: { address: string; source: Source; root: Promise<Root> } | undefined;
  /** What is open or being opened: address and series. */
  private opened = "";
  private root: Root | undefined;
  /** What was wrong with the state in the address, until it is told. */
  private wrong: string[];
  private writing: ReturnType<typeof setTimeout> | undefined;

  constructor(root: HTMLElement, private readonly door: typeof openSource) {
    const { state, notes } = fromHash(location.hash);
    this.history = new History(state);
    this.shell = new Shell(root);
    this.messages = new Messages(this.shell.stage);
    this.wrong = notes;
  }

  async start(): Promise<void> {
    const offered = sourceOf();
    const asked = this.history.state.source ?? askedSource();
    if (asked !== undefined) this.hurry(asked);
    this.viewer = new Viewer(this.shell.canvas, this.history);
    this.viewer.onBroken = (error) => {
      this.viewer.giveUp();
      this.shell.empty(this.info, undefined);
      this.messages.fail(explain(error));
    };
    this.assemble();
    this.info = await offered;
    this.history.subscribe(() => this.follow());
    addEventListener("hashchange", () => this.readAddress());
    this.follow();
  }

  /** What is asked for is on its way while the server says what else there is; what is wrong with it is told later. */
  private hurry(address: string): void {
    try {
      this.enter(address);
    } catch {
      this.source = undefined;
    }
  }

  private assemble(): void {
    const { viewer, shell, history, messages } = this;
    const dims = new DimsBar(shell.dims, viewer);
    const overlay = new Overlay(shell.overlay, viewer);
    const status = new Status(shell.status, viewer);
    const actions = actionsOf({ viewer, messages, dims, overlay, flush: () => this.writeAddress(), help: new Help() });
    const pointer = new Pointer(viewer, (at) => status.hover(at), (steps) => dims.step("z", steps));
    void pointer;
    shell.onTheme = (background) => {
      viewer.background = background;
      viewer.invalidate();
    };
    shell.install(viewer, actions); // which tells the theme
    installKeys(actions);
    new ChannelsPanel(shell.channels, viewer);
    new LabelsPanel(shell.labels, viewer);
    new MetadataPanel(shell.metadata, viewer);
    new ChecksPanel(shell.checks, viewer, () => this.imageName());
    shell.onSeries = (series) => history.set({ ...untouched(), series });
    shell.onImage = (source) => history.set({ ...untouched(), series: undefined, source });
    viewer.subscribe((frame) => messages.bad(frame));
    installApi(viewer);
  }

  /** Opens what the state names, if that is not what is shown. */
  private follow(): void {
    clearTimeout(this.writing);
    this.writing = setTimeout(() => this.writeAddress(), WRITE_AFTER_MS);
    const { state } = this.history;
    const address = state.source ?? this.info.first;
    if (address === undefined) {
      this.shell.loading(false);
      this.shell.empty(this.info, undefined);
      askForSource(this.messages, (source) => this.history.set({ source }));
      return;
    }
    const key = `${address} ${state.series ?? ""}`;
    if (key === this.opened) return;
    this.opened = key;
    void this.open(address, state.series, key);
  }

  private async open(address: string, series: string | undefined, key: string): Promise<void> {
    this.messages.clear();
    this.viewer.show(undefined);
    this.shell.opening();
    try {
      if (this.source?.address !== address) {
        this.close();
        this.enter(address);
      }
      const { source, root } = this.source!;
      const found = await root;
      if (key !== this.opened) return;
      if (found.kind === "plate" && series === undefined) return this.choose(found.title, found.series, address);
      const image = await imageOf(found, source, series);
      if (key !== this.opened) return;
      this.root = found;
      noteCosts(image, this.named());
      this.show(image);
    } catch (error) {
      if (key !== this.opened) return;
      this.viewer.giveUp();
      this.close();
      this.opened = "";
      this.shell.empty(this.info, address);
      this.messages.fail(explain(error as Error, address));
    } finally {
      if (key === this.opened || this.opened === "") this.shell.loading(false);
    }
  }

  /** Wells of a plate, or fields of a well: links, so that they are also opened beside this page and left again. */
  private choose(title: string, series: readonly Series[], address: string): void {
    this.viewer.giveUp();
    this.shell.empty(this.info, address);
    const { source } = this.history.state;
    const link = (path: string): string => toHash({ ...emptyState(), ...(source !== undefined && { source }), series: path });
    this.messages.choose(title, series.map(({ path, name }) => ({ name, href: link(path) })));
  }

  /** The engine of a source is not to be used again. */
  private close(): void {
    this.source?.source.engine.close();
    this.source = this.root = undefined;
  }

  private enter(address: string): void {
    const source = this.door(address);
    const root = source.openRoot();
    root.catch(() => undefined); // told to whoever waits for it
    this.source = { address, source, root };
  }

  private show(image: Image): void {
    const { source, root } = this;
    const series = root && root.kind !== "other" ? root.series : [];
    const session = new Session(
      source!.source, image, series, () => this.viewer.invalidate(),
      (error) => this.messages.note(explain(error as Error).what),
      (text) => this.messages.note(text),
    );
    this.fit(image);
    this.viewer.show(session);
    for (const note of image.notes ?? []) this.messages.note(note);
    this.shell.named(image, series, this.info, source!.address, this.history.state.series);
    // Labels are asked for once the picture is there, which is what people wait for.
    void this.viewer.ready(true).then(() => {
      if (this.viewer.session === session) void session.findLabels(this.history.state.labels.map(({ path }) => path));
    });
  }

  /** The name by which the server knows the image; undefined on other servers. */
  private imageName(): string | undefined {
    return this.named()?.name;
  }

  private named(): PageInfo["images"][number] | undefined {
    return this.info.images.find((image) => samePlace(image.source, this.source?.address));
  }

  private writeAddress(): void {
    clearTimeout(this.writing);
    const hash = toHash(this.history.state);
    const usual = hash === toHash(emptyState()) && location.hash === "";
    if (!usual && hash !== location.hash) history.replaceState(null, "", hash);
  }

  /** Somebody wrote another state into the address, or went back. */
  private readAddress(): void {
    if (location.hash === toHash(this.history.state)) return;
    const { state, notes } = fromHash(location.hash);
    this.wrong = notes;
    // What a link does not say is as the image has it, and not as it was before.
    this.history.set({ source: undefined, series: undefined, view: undefined, ...state });
    if (this.viewer.session) this.fit(this.viewer.session.image);
  }

  /** What the address asks for and the image does not have is left out, and told. */
  private fit(image: Image): void {
    const { parts, notes } = fitted(image, this.history.state);
    const all = [...this.wrong.splice(0), ...notes];
    this.history.set(parts, { silent: true });
    if (all.length > 0) this.messages.note(inOneLine(all));
  }
}

/** The image that is meant, or an error that says why there is none. */
async function imageOf(root: Root, source: Source, series: string | undefined): Promise<Image> {
  if (root.kind === "image" && series === undefined) return root.image;
  if (series !== undefined) return source.openImage(series);
  if (root.kind === "other") throw new NotShown("No image to show", root.message);
  const path = root.series[0]?.path;
  if (path === undefined) throw new Error("This collection names no image.");
  return source.openImage(path);
}

/** Starts the viewer in an element; tests open other doors than HTTP. */
export function startApp(root: HTMLElement, door: typeof openSource = openSource): void {
  void new App(root, door).start();
}
