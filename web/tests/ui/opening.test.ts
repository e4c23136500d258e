import { describe, expect, it } from "vitest";
import type { Image } from "../../src/ome/model";
import { noteCosts } from "../../src/ui/opening";

const axes = ["y", "x"].map((name) => ({ name, type: "space" as const }));

function image(path: string, levels: string[]): Image {
  const level = (name: string, i: number) => ({ path: name, scale: [2 ** i, 2 ** i], translation: [0, 0], load: () => Promise.reject(new Error()) });
  return {
    kind: "image", path, name: "", version: "0.5", axes, levels: levels.map(level), channels: [{ active: true, window: { start: 0, end: 1 } }],
    rgb: false, defaults: {}, labels: () => Promise.resolve([]), colors: new Map(), properties: new Map(), attributes: {},
  } as unknown as Image;
}

const LARGE = 2 ** 30;

function told(path: string, levels: string[], bytes = LARGE) {
  return {
    path,
    levels: levels.map((name, i) => ({ path: name, computed: i > 0, plane_bytes: bytes })),
    first: { level: levels[0]!, start: [100, 200], stop: [300, 400] },
    guessed_windows: [0],
  };
}

describe("what a server says of levels that come late", () => {
  it.each([
    ["", ["0", "1", "2"]],
    ["1", ["1/0", "1/1", "1/2"]],
    ["", ["0", "computed1", "computed2"]],
  ])("is understood by their paths within the store (%j, %j)", (path, levels) => {
    const shown = image(path, levels);
    noteCosts(shown, { name: "a", title: "a", source: "data/a/", images: [told("other", ["other/0"]), told(path, levels)] });
    expect([...shown.slow!]).toEqual([1, 2]);
    expect(shown.first).toEqual({ level: 0, y: 200, x: 300 });
    expect(shown.channels[0]!.window).toEqual({ start: 0, end: 1 });
  });

  it("is no matter where they come soon; then the page finds windows of its own", () => {
    const shown = image("", ["0", "1"]);
    noteCosts(shown, { name: "a", title: "a", source: "data/a/", images: [told("", ["0", "1"], 1000)] });
    expect(shown.slow).toBeUndefined();
    expect(shown.channels[0]!.window).toBeUndefined();
  });
});
