import { describe, expect, it } from "vitest";
import { type Extent, fit, pan, paneAt, panes, toPixel, toScreen, visible, zoomAt } from "../../src/scene/camera";
import { placeOf, sliders } from "../../src/scene/dims";
import { imageGrid, isDepthKnown, isLaidOver, planeAxes, planeUnit, proportion, toPhysical, within } from "../../src/scene/geometry";
import { emptyState } from "../../src/scene/state";
import { bytesOf, extentOf, gridOf, planeIn, planeOf, wantOf } from "../../src/scene/wants";
import { makeImage } from "./images";

const EXTENT: Extent = { down: 300, across: 200, depth: 50, ratioDown: 2, ratioDepth: 4 };
const AREA = { width: 801, height: 600 };

describe("the camera", () => {
  it("fits the plane with its true proportions", () => {
    const view = fit(EXTENT, AREA, "plane");
    expect([view.y, view.x]).toEqual([150, 100]);
    // 300 rows of double height need 600 pixels: the height decides.
    expect(view.zoom).toBeCloseTo(0.94, 10);
    const seen = visible(panes(EXTENT, AREA, "plane", view)[0]!);
    expect(seen.y0).toBeLessThan(0);
    expect(seen.y1).toBeGreaterThan(300);
  });

  it("finds pixels of points and points of pixels", () => {
    const pane = panes(EXTENT, AREA, "plane", { y: 10, x: 20, zoom: 4 })[0]!;
    expect(toPixel(pane, 400.5, 300)).toEqual({ down: 10, across: 20 });
    expect(toPixel(pane, 404.5, 308)).toEqual({ down: 11, across: 21 });
    const { x, y } = toScreen(pane, 3.25, -7.5);
    const back = toPixel(pane, x, y);
    expect(back.down).toBeCloseTo(3.25, 10);
    expect(back.across).toBeCloseTo(-7.5, 10);
  });

  it("keeps the point under the pointer when it zooms", () => {
    for (const name of ["xy", "zy", "xz"]) {
      const before = { y: 10, x: 20, z: 5, zoom: 3 };
      const of = (view: typeof before) => panes(EXTENT, AREA, "ortho", view).find((pane) => pane.name === name)!;
      const pane = of(before);
      const [x, y] = [pane.left + 17, pane.top + 31];
      const after = zoomAt(before, pane, x, y, 1.7, 0.01);
      expect(after.zoom).toBeCloseTo(5.1, 10);
      const [was, is] = [toPixel(pane, x, y), toPixel(of({ z: 0, ...after }), x, y)];
      expect(is.down).toBeCloseTo(was.down, 9);
      expect(is.across).toBeCloseTo(was.across, 9);
    }
  });

  it("moves the picture with the pointer, in all planes alike", () => {
    const view = { y: 10, x: 20, z: 5, zoom: 2 };
    const [xy, zy, xz] = panes(EXTENT, AREA, "ortho", view);
    expect(pan(view, xy!, 8, 8)).toEqual({ y: 8, x: 16, z: 5, zoom: 2 });
    expect(pan(view, zy!, 8, 8)).toEqual({ y: 8, x: 20, z: 4, zoom: 2 });
    expect(pan(view, xz!, 8, 8)).toEqual({ y: 10, x: 16, z: 4, zoom: 2 });
  });

  it("stops zooming at both ends", () => {
    const pane = panes(EXTENT, AREA, "plane", { y: 0, x: 0, zoom: 1 })[0]!;
    expect(zoomAt({ y: 0, x: 0, zoom: 1 }, pane, 0, 0, 1e9, 0.5).zoom).toBe(256);
    expect(zoomAt({ y: 0, x: 0, zoom: 1 }, pane, 0, 0, 1e-9, 0.5).zoom).toBe(0.5);
  });

  it("shares the canvas between three planes without overlap", () => {
    const all = panes(EXTENT, AREA, "ortho", fit(EXTENT, AREA, "ortho"));
    expect(all.map((pane) => pane.name)).toEqual(["xy", "zy", "xz"]);
    const hits = all.map((pane) => paneAt(all, pane.left + 1, pane.top + 1)!.name);
    expect(hits).toEqual(["xy", "zy", "xz"]);
    expect(all[1]!.left + all[1]!.width).toBe(801);
    expect(all[2]!.top + all[2]!.height).toBe(600);
    // The whole of each plane is seen.
    for (const pane of all) {
      const [rows, columns] = [pane.name === "xz" ? 50 : 300, pane.name === "zy" ? 50 : 200];
      const seen = visible(pane);
      expect(seen.y0 < 0 && seen.x0 < 0 && seen.y1 > rows && seen.x1 > columns, pane.name).toBe(true);
    }
  });
});

describe("axes", () => {
  it.each([
    ["yx", [5, 6], { down: 0, across: 1 }],
    ["czyx", [1, 2, 3, 4], { down: 2, across: 3, depth: 1 }],
    ["xyc", [9, 8, 3], { down: 1, across: 0 }],
    ["tczyx", [1, 1, 1, 4, 4], { down: 3, across: 4, depth: 2 }],
    ["xzy", [9, 8, 3], { down: 2, across: 0, depth: 1 }],
    ["qr", [9, 8], { down: 0, across: 1 }],
  ])("finds the plane of %s", (axes, shape, expected) => {
    expect(planeAxes(makeImage({ axes, shape }))).toEqual(expected);
  });

  it("shows sliders for what is long and not on the screen", () => {
    const image = makeImage({ axes: "tczyx", shape: [4, 2, 11, 64, 64] });
    expect(sliders(image, emptyState()).map(({ name, size, index }) => [name, size, index])).toEqual([["t", 4, 0], ["z", 11, 5]]);
    const state = { ...emptyState(), dims: { z: 99, t: 2 } };
    expect(placeOf(image, state)).toEqual([2, 0, 10, 31, 31]);
    const told = makeImage({ axes: "tczyx", shape: [4, 2, 11, 64, 64], image: { defaults: { z: 1, t: 3 } } });
    expect(placeOf(told, emptyState()).slice(0, 3)).toEqual([3, 0, 1]);
  });

  it("compares pixels only within one unit", () => {
    const image = makeImage({ axes: "zyx", shape: [5, 5, 5], scales: [[2, 0.5, 0.25]] });
    expect([proportion(image, 0, 2), proportion(image, 1, 2)]).toEqual([8, 2]);
    image.axes[0] = { name: "z", type: "space", unit: "nanometer" };
    expect(proportion(image, 0, 2)).toBe(1);
    expect(extentOf(image)).toEqual({ down: 5, across: 5, depth: 5, ratioDown: 2, ratioDepth: 1 });
  });

  it("knows what can be measured", () => {
    const image = makeImage({ axes: "zyx", shape: [5, 5, 5], scales: [[2, 0.5, 0.25]] });
    expect([planeUnit(image), isDepthKnown(image)]).toEqual(["micrometer", true]);
    image.axes[0] = { name: "z", type: "space" };
    expect([planeUnit(image), isDepthKnown(image)]).toEqual(["micrometer", false]);
    image.axes[1] = { name: "y", type: "space" };
    expect(planeUnit(image)).toBeUndefined();
    image.axes[2] = { name: "x", type: "space" };
    // Without units the proportions may still be told.
    expect([planeUnit(image), isDepthKnown(image)]).toEqual([undefined, true]);
    image.levels[0]!.scale = [1, 1, 1];
    expect(isDepthKnown(image)).toBe(false);
    expect(isDepthKnown(makeImage({ axes: "yx", shape: [5, 5] }))).toBe(true);
  });

  it("gives the physical place of a position; the middle of the first pixel is the translation", () => {
    const image = makeImage({ axes: "yx", shape: [5, 5], scales: [[2, 0.5]], translations: [[10, -1]] });
    expect(toPhysical(image, 0, 0.5)).toBe(10);
    expect(toPhysical(image, 1, 3.5)).toBe(0.5);
  });
});

describe("labels of another size", () => {
  const image = makeImage({ axes: "czyx", shape: [2, 8, 64, 64], scales: [[1, 1, 0.5, 0.5]] });
  const half = makeImage({ axes: "zyx", shape: [8, 32, 32], scales: [[1, 1, 1], [1, 2, 2]], translations: [[0, 0.25, 0.25], [0, 0.75, 0.75]] });

  it("lie where their metadata says", () => {
    expect(imageGrid(image, 2, half, 1)).toEqual({ factor: 2, offset: 0 });
    const plane = planeIn(half, image, { down: 2, across: 3 }, [0, 5, 0, 0])!;
    expect([plane.down, plane.across, plane.at[0]]).toEqual([1, 2, 5]);
    expect(gridOf(image, { down: 2, across: 3 }, plane, 1).down).toEqual({ factor: 4, offset: 0 });
  });

  it("may cover a part only, in other units, and nothing lies beside them", () => {
    // 0.5 um a pixel from 10 um on (edge at 9.75); 32 pixels of 500 nm whose edge is at 17.75 um: 16 pixels further.
    const part = makeImage({ axes: "yx", shape: [32, 32], scales: [[500, 500]], translations: [[18000, 18000]] });
    for (const axis of part.axes) axis.unit = "nanometer";
    const shown = makeImage({ axes: "yx", shape: [64, 64], scales: [[0.5, 0.5]], translations: [[10, 10]] });
    expect(imageGrid(shown, 0, part, 0)).toEqual({ factor: 1, offset: 16 });
    // A slab of two of eight slices, from slice 3 on.
    const slab = makeImage({ axes: "zyx", shape: [2, 64, 64], scales: [[1, 0.5, 0.5]], translations: [[3, 0, 0]] });
    const at = (z: number) => planeIn(slab, image, { down: 2, across: 3 }, [0, z, 0, 0])?.at[0];
    expect([2, 3, 4, 5].map(at)).toEqual([undefined, 0, 1, undefined]);
  });

  it("cover all of the image where they say nothing, and begin where it begins where they say no more than a size", () => {
    const silent = makeImage({ axes: "yx", shape: [32, 16] });
    const shown = makeImage({ axes: "yx", shape: [64, 64], scales: [[0.5, 0.5]] });
    expect([imageGrid(shown, 0, silent, 0), imageGrid(shown, 1, silent, 1)]).toEqual([{ factor: 2, offset: 0 }, { factor: 4, offset: 0 }]);
    const sized = makeImage({ axes: "yx", shape: [32, 16], scales: [[2, 2]] });
    expect(imageGrid(shown, 1, sized, 1)).toEqual({ factor: 4, offset: 0 });
  });

  it("are told of where they cover all of the image against what their pixel sizes say", () => {
    const yx = (scale: number, shape = [64, 64]) => makeImage({ axes: "yx", shape, scales: [[scale, scale]] });
    expect(isLaidOver(yx(0.5), yx(1))).toBe(true);
    expect(isLaidOver(yx(1), yx(1, [32, 32]))).toBe(true);
    expect(isLaidOver(yx(0.5), yx(1, [32, 32]))).toBe(false); // which is what they say
    expect(isLaidOver(yx(1), yx(1))).toBe(false);
    expect(isLaidOver(yx(0.5), yx(2, [16, 16]))).toBe(false);
    expect(isLaidOver(yx(0.5), yx(2))).toBe(false); // placed, and larger than the image
    const odd = yx(2);
    for (const axis of odd.axes) axis.unit = "parsec";
    expect(isLaidOver(yx(0.5), odd)).toBe(true);
  });

  it("are wanted in their own pixels", () => {
    const plane = planeIn(half, image, { down: 2, across: 3 }, [0, 5, 0, 0])!;
    const want = wantOf(image, { down: 2, across: 3 }, plane, { y0: 10, x0: -4, y1: 20, x1: 8 }, { down: 3, across: 3 }, 1);
    expect(want).toMatchObject({ rect: { y0: 5, x0: -2, y1: 10, x1: 4 }, zoom: 6, priority: 1 });
  });

  it("cannot be shown across axes that they do not have", () => {
    const flat = makeImage({ axes: "yx", shape: [64, 64] });
    expect(planeIn(flat, image, { down: 1, across: 3 }, [0, 0, 0, 0])).toBeUndefined();
    expect(planeIn(flat, image, { down: 2, across: 3 }, [0, 5, 0, 0])!.at).toEqual([0, 0]);
  });

  it("nests grids", () => {
    expect(within({ factor: 2, offset: 1 }, { factor: 3, offset: -1 })).toEqual({ factor: 6, offset: -1 });
  });
});

describe("what is wanted", () => {
  it("is a plane of one channel", () => {
    const image = makeImage();
    expect(planeOf(image, { down: 2, across: 3 }, [0, 4, 1, 2], 1).at).toEqual([1, 4, 1, 2]);
  });

  it("costs as many bytes as the chunks that a plane goes through", () => {
    // 10 planes of chunks of 1 x 32 x 32: an xz plane through 64 x 48 goes through 10 x 2 chunks of 2 bytes a pixel.
    expect(bytesOf(makeImage(), { down: 1, across: 3 }, 0)).toBe(10 * 2 * 32 * 32 * 2);
    expect(bytesOf(makeImage(), { down: 2, across: 3 }, 0)).toBe(2 * 2 * 32 * 32 * 2);
  });
});
