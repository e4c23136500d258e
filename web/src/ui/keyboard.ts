/** Keys: one table, which the help page shows too. */

import type { Actions } from "./actions";

interface Key {
  keys: string[];
  /** How the help page writes it. */
  shown: string;
  does: string;
  run: (actions: Actions, key: string) => void;
}

const PAN = 0.12;
const ZOOM = 1.3;

const ARROWS: Record<string, [number, number]> = {
  ArrowLeft: [-PAN, 0], ArrowRight: [PAN, 0], ArrowUp: [0, -PAN], ArrowDown: [0, PAN],
};

export const KEYS: readonly Key[] = [
  { keys: Object.keys(ARROWS), shown: "arrows", does: "move the picture", run: (a, key) => a.pan(...ARROWS[key]!) },
  { keys: ["+", "="], shown: "+", does: "zoom in", run: (a) => a.zoom(ZOOM) },
  { keys: ["-", "_"], shown: "−", does: "zoom out", run: (a) => a.zoom(1 / ZOOM) },
  { keys: ["0"], shown: "0", does: "show all", run: (a) => a.fit() },
  { keys: ["["], shown: "[", does: "plane before (z)", run: (a) => a.step("z", -1) },
  { keys: ["]"], shown: "]", does: "next plane (z)", run: (a) => a.step("z", 1) },
  { keys: [","], shown: ",", does: "time point before (t)", run: (a) => a.step("t", -1) },
  { keys: ["."], shown: ".", does: "next time point (t)", run: (a) => a.step("t", 1) },
  { keys: [" "], shown: "space", does: "play and stop", run: (a) => a.play() },
  {
    keys: ["1", "2", "3", "4", "5", "6", "7", "8", "9"], shown: "1 … 9", does: "channels on and off",
    run: (a, key) => a.channel(Number(key) - 1),
  },
  { keys: ["l"], shown: "L", does: "labels on and off", run: (a) => a.labels() },
  { keys: ["o"], shown: "O", does: "three planes of a stack, or one", run: (a) => a.ortho() },
  { keys: ["p"], shown: "P", does: "panel on and off", run: (a) => a.panel() },
  { keys: ["m"], shown: "M", does: "minimap on and off", run: (a) => a.minimap() },
  { keys: ["b"], shown: "B", does: "scale bar on and off", run: (a) => a.scaleBar() },
  { keys: ["s"], shown: "S", does: "screenshot with scale bar", run: (a) => a.screenshot() },
  { keys: ["?", "h"], shown: "?", does: "this help", run: (a) => a.help() },
];

export const MOUSE: readonly [string, string][] = [
  ["drag", "move the picture"],
  ["wheel, pinch", "zoom about the pointer"],
  ["shift + wheel", "through the planes of the stack"],
  ["double click", "zoom in (with shift: out)"],
  ["click, in three planes", "move the crosshair"],
];

/** Keys belong to what has the focus first: sliders keep their arrows, buttons their space. */
function takenBy(target: EventTarget | null, key: string): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.matches("input[type=text], input[type=url], input[type=number], textarea, select")) return true;
  const arrows = key.startsWith("Arrow");
  if (target.matches("input, [role=slider]") && (arrows || key === " ")) return true;
  return target.matches("button, summary, a, [role=tab]") && (key === " " || key === "Enter");
}

export function installKeys(actions: Actions): void {
  document.addEventListener("keydown", (event) => {
    if (document.querySelector("dialog[open]") && event.key !== "?") return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (takenBy(event.target, key)) return;
    if ((event.ctrlKey || event.metaKey) && (key === "z" || key === "y")) {
      event.preventDefault();
      if (event.shiftKey || key === "y") actions.redo();
      else actions.undo();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const found = KEYS.find((one) => one.keys.includes(key));
    if (!found) return;
    event.preventDefault();
    found.run(actions, key);
  });
}
