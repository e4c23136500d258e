/** The panel of the validation report: what is wrong, where, and how to mend it. */

import { h } from "./dom";
import type { Frame } from "./frame";
import type { Viewer } from "./viewer";

interface Problem {
  rule: string;
  weight: string;
  file: string;
  pointer: string;
  message: string;
  hint: string;
}

interface Report {
  valid: boolean;
  message: string;
  verdict: string;
  problems: Problem[];
  unchecked: string[];
}

const WEIGHTS: Record<string, [string, string]> = {
  MUST: ["must", "Breaks a rule of the specification"],
  SHOULD: ["should", "Breaks a recommendation of the specification"],
  NOTE: ["note", "Advice"],
};

export class ChecksPanel {
  private asked: string | undefined;

  constructor(
    private readonly root: HTMLElement,
    viewer: Viewer,
    private readonly name: () => string | undefined,
  ) {
    viewer.subscribe((frame) => this.update(frame));
  }

  private update(frame: Frame): void {
    if (frame.state.panel !== "checks") return;
    const key = `${frame.state.source} ${this.name()}`;
    if (key === this.asked) return;
    this.asked = key;
    void this.ask(this.name());
  }

  private async ask(name: string | undefined): Promise<void> {
    if (name === undefined) {
      this.say("This server does not validate images. On your own computer `zarrscope validate ADDRESS` does, and `zarrscope view ADDRESS` shows the report here.");
      return;
    }
    this.say("Validating …");
    try {
      const response = await fetch(new URL(`api/validate?name=${encodeURIComponent(name)}`, document.baseURI));
      if (!response.ok) throw new Error(`the server answered ${response.status}`);
      this.show((await response.json()) as Report);
    } catch (error) {
      this.asked = undefined;
      this.say(`The report could not be had: ${(error as Error).message}.`);
    }
  }

  private say(text: string): void {
    this.root.replaceChildren(h("div", { class: "heading" }, h("h2", { text: "Checks" })), h("p", { class: "quiet", text }));
  }

  private show(report: Report): void {
    const problems = Array.isArray(report.problems) ? report.problems : [];
    const order = ["MUST", "SHOULD", "NOTE"];
    const sorted = [...problems].sort((a, b) => order.indexOf(a.weight) - order.indexOf(b.weight));
    const verdict = report.valid ? (sorted.length === 0 ? "Valid: nothing to complain of" : "Valid") : "Not valid";
    this.root.replaceChildren(
      h("div", { class: "heading" }, h("h2", { text: "Checks" })),
      h("p", { class: `verdict ${report.valid ? "good" : "poor"}`, text: verdict }),
      h("p", { class: "quiet", text: "Pixels were not looked at; `zarrscope verify` does that." }),
      ...sorted.slice(0, 500).map((problem) => this.problem(problem)),
      ...(report.unchecked ?? []).filter((text) => !text.startsWith("pixels: none")).map((text) => h("p", { class: "quiet", text: `Not checked: ${text}` })));
  }

  private problem(problem: Problem): HTMLElement {
    const [kind, title] = WEIGHTS[problem.weight] ?? ["note", problem.weight];
    const place = [problem.file, problem.pointer].filter((part) => part !== "").join("  ");
    return h("article", { class: `problem ${kind}` },
      h("header", {}, h("span", { class: "weight", text: kind, title }), h("code", { text: place || "/" })),
      h("p", { text: problem.message }),
      problem.hint !== "" && h("p", { class: "hint", text: problem.hint }),
      h("p", { class: "quiet rule", text: problem.rule }));
  }
}
