/** The frame of the page: header, picture, sliders, status and the panel at the side. */

import type { Image, Series } from "../ome/model";
import type { Panel } from "../scene/state";
import type { Actions } from "./actions";
import { h, iconButton, setAttr, setHidden, setText } from "./dom";
import type { Background } from "./frame";
import { icon, setIcon } from "./icons";
import { type PageInfo, samePlace } from "./opening";
import type { Viewer } from "./viewer";

const TABS: readonly [Exclude<Panel, "none">, string][] = [
  ["layers", "Layers"], ["metadata", "Metadata"], ["checks", "Checks"],
];
const BACKGROUND: Record<"dark" | "light", Background> = { dark: [0, 0, 0], light: [0.87, 0.885, 0.905] };

const AFTER_PICTURE_MS = 60;
const NO_PICTURE_MS = 800;

export class Shell {
  readonly canvas = h("canvas", { attrs: { tabindex: 0, role: "img", "aria-label": "The image. Arrow keys move it, plus and minus zoom." } });
  readonly overlay = h("div", { class: "overlay" });
  readonly stage = h("main", { class: "stage" }, this.canvas, this.overlay);
  readonly dims = h("div", { class: "dims" });
  readonly status = h("footer", { class: "status" });
  readonly channels = h("div", { class: "channels" });
  readonly labels = h("div", { class: "labels" });
  readonly metadata = h("div", { class: "metadata" });
  readonly checks = h("div", { class: "checks" });
  onSeries: (path: string) => void = () => undefined;
  onImage: (source: string) => void = () => undefined;
  onTheme: (background: Background) => void = () => undefined;
  private readonly title = h("h1");
  private readonly chooser = h("select", { class: "chooser", attrs: { "aria-label": "Image" } });
  private readonly actions = h("div", { class: "actions", attrs: { role: "toolbar", "aria-label": "Tools" } });
  private readonly tabs = h("div", { class: "tabs", attrs: { role: "tablist" } });
  private readonly pages: Record<Exclude<Panel, "none">, HTMLElement>;
  private readonly panel: HTMLElement;
  private readonly bar = h("div", { class: "progress", attrs: { "aria-hidden": true } });

  constructor(private readonly root: HTMLElement) {
    this.pages = {
      layers: h("div", { class: "page" }, this.channels, this.labels),
      metadata: h("div", { class: "page" }, this.metadata),
      checks: h("div", { class: "page" }, this.checks),
    };
    this.panel = h("aside", { class: "panel", attrs: { "aria-label": "Settings" } }, this.tabs, ...Object.values(this.pages));
    const brand = h("span", { class: "brand", text: "zarrscope" });
    const header = h("header", {}, brand, this.title, this.chooser, h("span", { class: "spring" }), this.actions);
    const middle = h("div", { class: "middle" }, this.stage, this.dims, this.status);
    this.stage.append(this.bar);
    root.append(header, h("div", { class: "body" }, middle, this.panel));
    root.classList.add("waiting");
    this.reveal(NO_PICTURE_MS);
    this.chooser.addEventListener("change", () => this.chosen());
    this.loading(true);
  }

  private chosen(): void {
    const [kind, ...rest] = this.chooser.value.split(":");
    if (kind === "series") this.onSeries(rest.join(":"));
    else this.onImage(rest.join(":"));
  }

  /** Another image is on its way: what stands here of the one before is not to be used. */
  opening(): void {
    this.loading(true);
    this.busy(true);
    setText(this.title, "Opening …");
    setHidden(this.title, false);
  }

  private busy(on: boolean): void {
    this.root.classList.toggle("opening", on);
    for (const part of [this.overlay, this.dims, this.panel]) part.inert = on;
  }

  /** The picture first: what stands around it is drawn when it is there, or does not come soon. */
  private reveal(after: number): void {
    if (this.root.classList.contains("waiting")) setTimeout(() => this.root.classList.remove("waiting"), after);
  }

  /** Without an image there is nothing to set, to scale or to point at. */
  empty(info: PageInfo, address: string | undefined): void {
    this.busy(false);
    this.root.classList.remove("waiting");
    this.root.classList.add("empty");
    setText(this.title, address ?? "");
    this.offer(info, address);
  }

  loading(on: boolean): void {
    this.stage.classList.toggle("loading", on);
  }

  /** Buttons and tabs, once there is something to act on. */
  install(viewer: Viewer, actions: Actions): void {
    const undo = iconButton(icon("undo"), "Undo", "Ctrl+Z", actions.undo);
    const redo = iconButton(icon("redo"), "Redo", "Ctrl+Shift+Z", actions.redo);
    const layout = iconButton(icon("ortho"), "Three planes", "O", actions.ortho);
    this.actions.append(
      undo, redo, h("span", { class: "gap" }),
      iconButton(icon("fit"), "Show all", "0", actions.fit), layout, h("span", { class: "gap" }),
      iconButton(icon("camera"), "Screenshot", "S", actions.screenshot),
      iconButton(icon("link"), "Copy link", "", actions.copyLink),
      iconButton(icon("theme"), "Dark or light", "", () => this.switchTheme()),
      iconButton(icon("help"), "Help", "?", actions.help),
      iconButton(icon("panel"), "Panel", "P", actions.panel),
    );
    for (const [panel, name] of TABS) this.tabs.append(this.tab(viewer, panel, name));
    this.useTheme(this.theme());
    matchMedia("(prefers-color-scheme: light)").addEventListener("change", () => this.useTheme(this.theme()));
    this.tabs.addEventListener("keydown", (event) => this.turn(event));
    const update = (): void => {
      const { state } = viewer.history;
      undo.disabled = !viewer.history.canUndo;
      redo.disabled = !viewer.history.canRedo;
      setAttr(layout, "aria-pressed", state.layout === "ortho");
      setHidden(layout, viewer.frame === undefined || !actions.canOrtho());
      setIcon(layout, state.layout === "ortho" ? "plane" : "ortho");
      this.showPanel(state.panel);
    };
    viewer.history.subscribe(update);
    viewer.subscribe((frame) => {
      if (!viewer.blank) this.reveal(AFTER_PICTURE_MS);
      this.loading(!frame.complete);
      update();
    });
    update();
  }

  private tab(viewer: Viewer, panel: Exclude<Panel, "none">, name: string): HTMLElement {
    const page = this.pages[panel];
    page.id = `page-${panel}`;
    setAttr(page, "role", "tabpanel");
    setAttr(page, "aria-label", name);
    return h("button", {
      text: name,
      attrs: { type: "button", role: "tab", "aria-controls": page.id, "data-panel": panel },
      on: { click: () => viewer.history.set({ panel }, { silent: true }) },
    });
  }

  /** Arrows go from tab to tab. */
  private turn(event: KeyboardEvent): void {
    const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    const tabs = [...this.tabs.children] as HTMLElement[];
    const from = tabs.indexOf(document.activeElement as HTMLElement);
    if (by === 0 || from < 0) return;
    event.stopPropagation();
    const to = tabs[(from + by + tabs.length) % tabs.length]!;
    to.focus();
    to.click();
  }

  private showPanel(panel: Panel): void {
    setHidden(this.panel, panel === "none");
    for (const [name, page] of Object.entries(this.pages)) setHidden(page, name !== panel);
    for (const tab of this.tabs.children) {
      const chosen = tab.getAttribute("data-panel") === panel;
      setAttr(tab, "aria-selected", chosen);
      setAttr(tab, "tabindex", chosen || panel === "none" ? 0 : -1);
    }
  }

  private theme(): "dark" | "light" {
    const chosen = remembered();
    return chosen ?? (matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark");
  }

  private switchTheme(): void {
    const next = this.theme() === "dark" ? "light" : "dark";
    try {
      localStorage.setItem("zarrscope theme", next);
    } catch {
      // Pages without storage forget it.
    }
    this.useTheme(next);
  }

  private useTheme(theme: "dark" | "light"): void {
    document.documentElement.dataset.theme = theme;
    this.root.dataset.theme = theme;
    this.onTheme(BACKGROUND[theme]);
  }

  /** Says what is shown, and offers what else there is. */
  named(image: Image, series: readonly Series[], info: PageInfo, address: string, chosen = image.path): void {
    this.busy(false);
    const own = info.images.find((one) => samePlace(one.source, address))?.title;
    const path = address.replace(/\/+$/, "");
    const name = own ?? (image.name || path.slice(path.lastIndexOf("/") + 1));
    setText(this.title, name);
    this.title.title = name;
    document.title = `${name} · zarrscope`;
    this.root.classList.remove("empty");
    if (series.length < 2) return this.offer(info, address);
    this.choices(series.map((one) => this.option(`series:${one.path}`, one.name || one.path, one.path === chosen)));
    setHidden(this.title, false);
  }

  /** The images of the server, if there are several. */
  private offer(info: PageInfo, address: string | undefined): void {
    this.choices(info.images.map((one) => this.option(`image:${one.source}`, one.title, samePlace(one.source, address))));
    const named = info.images.length > 1 && info.images.some((one) => samePlace(one.source, address));
    setHidden(this.title, named);
  }

  private choices(options: readonly HTMLOptionElement[]): void {
    const selected = options.findIndex((one) => one.selected);
    this.chooser.replaceChildren(...options);
    // A list without a choice would show its first entry as if that were open.
    if (selected < 0) {
      this.chooser.prepend(h("option", { text: "other images …", attrs: { value: "", disabled: true } }));
      this.chooser.selectedIndex = 0;
    } else this.chooser.selectedIndex = selected;
    setHidden(this.chooser, options.length < 2);
  }

  private option(value: string, text: string, selected: boolean): HTMLOptionElement {
    const option = h("option", { text, attrs: { value } });
    option.selected = selected;
    return option;
  }
}

function remembered(): "dark" | "light" | undefined {
  try {
    const chosen = localStorage.getItem("zarrscope theme");
    return chosen === "dark" || chosen === "light" ? chosen : undefined;
  } catch {
    return undefined;
  }
}
