/** The page of keys. */

import { h } from "./dom";
import { KEYS, MOUSE } from "./keyboard";

export class Help {
  private readonly dialog: HTMLDialogElement;

  constructor() {
    const row = (key: string, does: string): HTMLElement[] => [h("dt", {}, h("kbd", { text: key })), h("dd", { text: does })];
    const keys: [string, string][] = [...KEYS.map((key): [string, string] => [key.shown, key.does]), ["Ctrl Z", "undo"], ["Ctrl Shift Z", "redo"]];
    const close = h("button", { text: "Close", attrs: { type: "button" }, on: { click: () => this.dialog.close() } });
    this.dialog = h("dialog", { class: "help", attrs: { "aria-label": "Help" } },
      h("h2", { text: "Keys and mouse" }),
      h("div", { class: "columns" },
        h("dl", {}, ...keys.flatMap(([key, does]) => row(key, does))),
        h("div", {},
          h("dl", {}, ...MOUSE.flatMap(([key, does]) => row(key, does))),
          h("p", { class: "quiet", text: "The address of the page holds all that you set: copy it to show somebody else the same view." }))),
      close);
    this.dialog.addEventListener("click", (event) => {
      if (event.target === this.dialog) this.dialog.close();
    });
    document.body.append(this.dialog);
  }

  toggle(): void {
    if (this.dialog.open) this.dialog.close();
    else this.dialog.showModal();
  }
}
