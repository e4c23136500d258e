/** Images made by hand, as the documents would give them. */

import type { Axis, Image, Level } from "../../src/ome/model";

export interface Made {
  axes?: string;
  shape?: number[];
  scales?: number[][];
  translations?: number[][];
  image?: Partial<Image>;
  dtype?: string;
}

const TYPES: Record<string, Axis["type"]> = { t: "time", c: "channel", z: "space", y: "space", x: "space" };

export function makeImage({ axes = "czyx", shape = [2, 10, 64, 48], scales, translations, image, dtype = "uint16" }: Made = {}): Image {
  const all = scales ?? [shape.map(() => 1)];
  const levels = all.map((scale, i): Level => {
    const factors = scale.map((one, axis) => one / all[0]![axis]!);
    const info = {
      path: `${i}`, shape: shape.map((size, axis) => Math.ceil(size / factors[axis]!)), chunks: shape.map((size, axis) => (axis < 2 ? 1 : Math.min(size, 32))),
      dtype: dtype as "uint16", fill: 0, zarrFormat: 3 as const, document: {}, keyOf: () => "",
    };
    return { path: `${i}`, scale, translation: translations?.[i] ?? shape.map(() => 0), info, load: () => Promise.resolve(info) };
  });
  const c = axes.indexOf("c");
  return {
    kind: "image", path: "", name: "made", version: "0.5", levels, rgb: false, defaults: {}, attributes: {},
    axes: [...axes].map((name) => ({ name, type: TYPES[name] ?? "other", ...(TYPES[name] === "space" && { unit: "micrometer" }) })),
    channels: Array.from({ length: c < 0 ? 1 : shape[c]! }, () => ({ label: "", active: true })),
    labels: () => Promise.resolve([]), colors: new Map(), properties: new Map(), ...image,
  };
}
