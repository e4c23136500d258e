/** Icons, drawn as lines on a field of 20 x 20. */

const NS = "http://www.w3.org/2000/svg";

const LINES = {
  undo: "M7.5 5 4 8.5 7.5 12 M4 8.5h7.5a4 4 0 0 1 0 8H8",
  redo: "M12.5 5 16 8.5 12.5 12 M16 8.5H8.500a4 4 0 0 0 0 8H12",
  ortho: "M3 3h8.500v8.500H3z M14 3h3v8.500h-3z M3 14h8.500v3H3z",
  plane: "M3.5 3.500h13v13h-13z",
  camera: "M3 6.500h3.200L7.700 4h4.600l1.5 2.500H17v9.500H3z M10 8.200a2.700 2.700 0 1 1 0 5.400 2.700 2.700 0 0 1 0-5.400",
  link: "M8.5 11.500a3 3 0 0 0 4.300 0l2.700-2.700a3 3 0 0 0-4.300-4.300L10 5.700 M11.5 8.500a3 3 0 0 0-4.300 0l-2.700 2.700a3 3 0 0 0 4.300 4.300l1.200-1.200",
  help: "M7.300 7.500a2.700 2.700 0 1 1 4.200 2.200c-1 .7-1.5 1.200-1.5 2.300 M10 15v.3",
  theme: "M10 3.500a6.5 6.5 0 1 0 0 13z M10 3.500a6.5 6.5 0 0 1 0 13",
  fit: "M3.5 7.500v-4h4 M12.5 3.500h4v4 M16.5 12.500v4h-4 M7.5 16.500h-4v-4",
  play: "M6.5 4.5 15.5 10l-9 5.500z",
  pause: "M7 4.500v11 M13 4.500v11",
  panel: "M3 4h14v12H3z M12.5 4v12",
  more: "M5.5 8 10 12.5 14.5 8",
  close: "M5 5l10 10 M15 5 5 15",
  eye: "M2.5 10S5.200 5 10 5s7.5 5 7.5 5-2.700 5-7.5 5-7.5-5-7.5-5z M10 8a2 2 0 1 1 0 4 2 2 0 0 1 0-4",
} as const;

export type IconName = keyof typeof LINES;

export function icon(name: IconName): SVGSVGElement {
  const svg = document.createElementNS(NS, "svg");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(NS, "path");
  path.setAttribute("d", LINES[name]);
  svg.append(path);
  return svg;
}

/** Shows another icon in a button. */
export function setIcon(button: Element, name: IconName): void {
  if (button.getAttribute("data-icon") === name) return;
  button.setAttribute("data-icon", name);
  button.replaceChildren(icon(name));
}
