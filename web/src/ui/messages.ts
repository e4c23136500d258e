/** What went wrong, where, and what to do about it, in words. */

import { ModelError } from "../ome/model";
import { NoWebGL } from "../render/gl";
import { sliders } from "../scene/dims";
import { StoreError } from "../store/contracts";
import type { BadTile } from "../tiles/contracts";
import { ChunkError, isGone, mayPass } from "../tiles/reading";
import { h } from "./dom";
import type { Frame, Shown } from "./frame";

export interface Explanation {
  title: string;
  what: string;
  todo: string;
}

const STORE: Record<string, [string, string]> = {
  network: [
    "The server cannot be reached",
    "Check the address and the network. If the server is another one than this page's, it has to allow reading from other pages (CORS: the header Access-Control-Allow-Origin), also for the header Range.",
  ],
  gone: ["The server is gone", ""],
  unauthorized: ["The server wants to know who asks (401)", "Use the complete link that was printed or sent to you: it holds the token. It may also have expired."],
  forbidden: ["The server refuses to show this (403)", "Ask the owner for access, or check that the link is complete. Some object stores answer 403 where nothing is stored."],
  server: ["The server has a problem", "Try again later; if it stays so, tell whoever runs the server."],
  short: ["The server sent less than it promised", "Try again; if it stays so, the file on the server is cut off."],
  aborted: ["Reading was interrupted", "Reload the page."],
};

/** A plate of 96 wells is the usual one. */
const MOST_LINKS = 96;

const MODEL: Record<string, [string, string]> = {
  absent: ["There is nothing at this address", ""],
  "not-an-image": ["This is not an OME-Zarr image", "`zarrscope validate` says what a document lacks to be one."],
  empty: ["This image has no pixels", "Whatever wrote it wrote nothing into it; ask where it comes from."],
  unsupported: ["This image cannot be shown", "`zarrscope convert` or `zarrscope upgrade` write it in a form that can."],
};

/** Something that is right but of a kind that is not shown yet. */
export class NotShown extends Error {
  constructor(readonly title: string, message: string) {
    super(message);
    this.name = "NotShown";
  }
}

/** An error in terms of people. */
export function explain(error: Error, address?: string): Explanation {
  if (error instanceof NoWebGL) {
    const todo = "Switch on hardware acceleration in the settings of the browser, update it, or use another one.";
    return { title: "No WebGL2", what: error.message, todo };
  }
  if (error instanceof NotShown) return { title: error.title, what: error.message, todo: "" };
  const known = error instanceof StoreError ? STORE[error.failure] : error instanceof ModelError ? MODEL[error.reason] : undefined;
  const where = address !== undefined && !error.message.includes(address) ? ` (${address})` : "";
  const [title, todo] = known ?? ["This cannot be shown", ""];
  return { title, what: `${error.message}${where}`, todo };
}

/** Whether a tile of what was bad is shown: of a chunk, or of a whole level. */
function isHere(frame: Frame, bad: string): boolean {
  const from = bad.startsWith("level ") ? `${bad.slice("level ".length)}:` : `${bad}/`;
  return frame.shown.some((one) => one.ready.tiles.some((tile) => tile.id.startsWith(from)));
}

/** The layer, and the place on the sliders as they count it. */
function whereOf(frame: Frame, { axes, layer, label }: Shown): string {
  const own = layer && frame.layers.length > 1 ? layer.name : label?.path.slice(label.path.lastIndexOf("/") + 1);
  const places = sliders(frame.image, frame.state)
    .filter(({ axis }) => axis !== axes.down && axis !== axes.across)
    .map(({ name, index }) => `${name} ${index + 1}`);
  const parts = [own ?? "", ...places].filter((part) => part !== "");
  return parts.length === 0 ? "" : `${parts.join(", ")}: `;
}

/** What people can do about it: wait, or look for all that is damaged. */
function helpFor(error: Error, image: Frame["image"]): string {
  if (mayPass(error)) return " (it is tried again by itself)";
  const damaged = error instanceof ChunkError || (error instanceof StoreError && error.failure === "short");
  return damaged && image.madeFrom === undefined ? ". `zarrscope verify ADDRESS` finds all damage" : "";
}

export class Messages {
  private readonly cards = h("div", { class: "cards" });
  private readonly notes = h("div", { class: "notes", attrs: { role: "status", "aria-live": "polite" } });
  private badShown = new Map<string, { bad: BadTile; one: Shown }>();
  private badNote: HTMLElement | undefined;

  constructor(stage: HTMLElement) {
    stage.append(this.cards, this.notes);
  }

  clear(): void {
    this.cards.replaceChildren();
    this.notes.replaceChildren();
    this.badShown.clear();
  }

  /** Nothing can be shown: the message takes the place of the picture. */
  fail(explanation: Explanation): void {
    const { title, what, todo } = explanation;
    const again = h("button", { text: "Try again", attrs: { type: "button" }, on: { click: () => location.reload() } });
    this.card(title, what, todo === "" ? undefined : h("p", { class: "todo", text: todo }), again);
    this.cards.firstElementChild?.setAttribute("role", "alert");
  }

  card(title: string, text: string, ...more: (HTMLElement | undefined)[]): HTMLElement {
    const card = h("section", { class: "card" }, h("h2", { text: title }), h("p", { text }), ...more);
    this.cards.replaceChildren(card);
    return card;
  }

  /** What is here is several images. */
  choose(title: string, links: readonly { name: string; href: string }[]): void {
    const shown = links.slice(0, MOST_LINKS);
    const items = shown.map(({ name, href }) => h("li", {}, h("a", { text: name, attrs: { href } })));
    if (links.length > shown.length) items.push(h("li", { text: `and ${links.length - shown.length} more` }));
    const plate = title.startsWith("Plate");
    const text = links.length === 0 ? "Its document names none." : plate ? "Each well opens with its first field." : "Choose a field.";
    this.card(title, text, h("ul", { class: "links" }, ...items));
  }

  /** A question before something large is read. */
  ask(title: string, text: string, yes: string, agreed: () => void): void {
    const close = (): void => this.cards.replaceChildren();
    const go = h("button", { class: "primary", text: yes, attrs: { type: "button" }, on: { click: () => { close(); agreed(); } } });
    const stop = h("button", { text: "Cancel", attrs: { type: "button" }, on: { click: close } });
    const card = this.card(title, text, h("div", { class: "choices" }, go, stop));
    card.setAttribute("role", "alertdialog");
    card.setAttribute("aria-label", title);
    card.addEventListener("keydown", (event) => event.key === "Escape" && close());
    go.focus();
  }

  /** Something to know that does not stand in the way. */
  note(text: string, seconds = 12): HTMLElement {
    const close = h("button", { class: "plain", text: "×", attrs: { type: "button", "aria-label": "Close" } });
    const note = h("div", { class: "note" }, h("span", { text }), close);
    close.addEventListener("click", () => note.remove());
    this.notes.append(note);
    while (this.notes.childElementCount > 3) this.notes.firstElementChild!.remove();
    if (seconds > 0) setTimeout(() => note.remove(), seconds * 1000);
    return note;
  }

  /** Chunks that could not be shown; the picture has stripes in their place. */
  bad(frame: Frame): void {
    const all = new Map(frame.shown.flatMap((one) => one.ready.bad.map((bad) => [bad.id, { bad, one }] as const)));
    const before = this.badShown;
    if ([...all.keys()].join(" ") === [...before.keys()].join(" ")) return;
    this.badShown = all;
    this.badNote?.remove();
    const first = all.values().next().value;
    if (!first) {
      if ([...before.keys()].some((id) => isHere(frame, id))) this.note("What could not be shown has come after all.", 6);
      return;
    }
    const count = all.size === 1 ? "One chunk" : `${all.size} chunks`;
    const { error } = first.bad;
    const what = `${whereOf(frame, first.one)}${error.message}${helpFor(error, frame.image)}`;
    this.badNote = this.note(isGone(error) ? error.message : `${count} could not be shown (striped): ${what}`, 0);
    this.badNote.classList.add("warning");
  }
}
