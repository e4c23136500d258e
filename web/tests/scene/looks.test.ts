import { describe, expect, it } from "vitest";
import { texelSteps } from "../../src/render/drawing";
import { narrow, piecesOf } from "../../src/render/textures";
import { MAP_NAMES, mapTable } from "../../src/scene/colormaps";
import { automaticWindow, histogram, sample } from "../../src/scene/histogram";
import { exceptions, foldId, IdNumbers, labelColor } from "../../src/scene/labels";
import { labelsOf, layersOf, rangeOf } from "../../src/scene/layers";
import { formatBytes, formatQuantity, formatValue } from "../../src/scene/numbers";
import { scaleBar } from "../../src/scene/scalebar";
import { emptyState } from "../../src/scene/state";
import type { Pixels, Tile } from "../../src/tiles/contracts";
import { makeImage } from "./images";

function tile(pixels: Pixels, width: number, empty = false): Tile {
  return { id: "a", level: 0, y: 0, x: 0, height: pixels.length / width, width, pixels, empty };
}

describe("layers", () => {
  const none = new Map<number, [number, number]>();

  it("shows one channel grey, two as complements, more in colours of their own", () => {
    const colors = (n: number) => layersOf(makeImage({ axes: "cyx", shape: [n, 4, 4] }), emptyState(), none).map((layer) => layer.color);
    expect(colors(1)).toEqual(["ffffff"]);
    expect(colors(2)).toEqual(["00ff00", "ff00ff"]);
    expect(new Set(colors(8)).size).toBe(8);
  });

  it("shows few of many channels of which nothing is known", () => {
    const layers = layersOf(makeImage({ axes: "cyx", shape: [40, 4, 4] }), emptyState(), none);
    expect(layers.filter((layer) => layer.visible)).toHaveLength(4);
  });

  it("takes names, colours, windows and activity of the document, then what somebody changed", () => {
    const channels = [
      { label: "DAPI", color: "0000FF", window: { start: 10, end: 200 }, active: true },
      { label: "", color: "nonsense", active: false },
    ];
    const image = makeImage({ axes: "cyx", shape: [2, 4, 4], image: { channels } });
    const automatic = new Map<number, [number, number]>([[0, [1, 2]], [1, [3, 4]]]);
    const [a, b] = layersOf(image, emptyState(), automatic);
    expect(a).toMatchObject({ name: "DAPI", color: "0000ff", window: [10, 200], automatic: false, visible: true });
    expect(b).toMatchObject({ name: "channel 1", color: "ff00ff", window: [3, 4], automatic: true, visible: false });
    const state = { ...emptyState(), layers: [{ channel: 1, visible: true, color: "viridis", window: [0, 9] as [number, number], gamma: 2 }] };
    expect(layersOf(image, state, automatic)[1]).toMatchObject({ visible: true, color: "viridis", window: [0, 9], automatic: false, gamma: 2 });
  });

  it("shows RGB as it is", () => {
    const layers = layersOf(makeImage({ axes: "yxc", shape: [4, 4, 3], dtype: "uint8", image: { rgb: true } }), emptyState(), none);
    expect(layers.map((layer) => [layer.color, layer.window])).toEqual([
      ["ff0000", [0, 255]], ["00ff00", [0, 255]], ["0000ff", [0, 255]],
    ]);
  });

  it("shows the first labels, and a label image by itself", () => {
    const image = makeImage();
    expect(labelsOf(image, ["labels/a", "labels/b"], emptyState()).map((label) => [label.visible, label.opacity])).toEqual([[true, 0.5], [false, 0.5]]);
    const alone = makeImage({ image: { kind: "label", path: "labels/a" } });
    expect(layersOf(alone, emptyState(), none)).toEqual([]);
    expect(labelsOf(alone, [], emptyState())).toEqual([{ path: "labels/a", visible: true, opacity: 1, outline: false }]);
  });

  it("knows the ranges of whole numbers", () => {
    expect(rangeOf("uint8")).toEqual([0, 255]);
    expect(rangeOf("int16")).toEqual([-32768, 32767]);
    expect(rangeOf("float32")).toBeUndefined();
  });
});

describe("automatic windows", () => {
  it("leave out a thousandth at either end", () => {
    const values = Uint16Array.from({ length: 1001 }, (_, i) => (i * 8) % 1001);
    expect(automaticWindow(sample([tile(values, 1001)]))).toEqual([1, 999]);
  });

  it("are never empty", () => {
    expect(automaticWindow(sample([tile(new Uint8Array(100).fill(7), 10)]))).toEqual([7, 8]);
    const spot = new Uint8Array(100_000);
    spot[5] = 200;
    expect(automaticWindow(sample([tile(spot, 1000)]))).toEqual([0, 200]);
    expect(automaticWindow(new Float64Array())).toBeUndefined();
  });

  it("leave out what is not finite, and chunks that are not stored", () => {
    const values = Float32Array.from([NaN, Infinity, -Infinity, 1, 2]);
    expect([...sample([tile(values, 5), tile(new Float32Array(5), 5, true)])]).toEqual([1, 2]);
    expect([...sample([tile(BigInt64Array.from([-5n, 3n]), 2)])]).toEqual([-5, 3]);
  });

  it("come with counts", () => {
    const counted = histogram(Float64Array.from([0, 1, 1, 2, 3, 4]), 4)!;
    expect([...counted.counts]).toEqual([1, 2, 1, 2]);
    expect([...histogram(Float64Array.from([5, 5]), 4)!.counts]).toEqual([2, 0, 0, 0]);
    // Six whole numbers in at most four bins: two numbers a bin.
    expect(histogram(Float64Array.from([0, 1, 2, 3, 4, 5]), 4, true)).toEqual({ low: 0, high: 5, step: 2, counts: Uint32Array.from([2, 2, 2]) });
    expect(histogram(Float64Array.from([7, 9]), 4, true)!.counts).toEqual(Uint32Array.from([1, 0, 1]));
  });
});

describe("colours", () => {
  it("of maps begin and end where they say", () => {
    for (const name of MAP_NAMES) expect(mapTable(name)).toHaveLength(768);
    const grey = mapTable("grey");
    for (let i = 0; i < 256; i++) expect([grey[3 * i], grey[3 * i + 1], grey[3 * i + 2]]).toEqual([i, i, i]);
    expect([...mapTable("viridis").subarray(0, 3)]).toEqual([0x44, 0x01, 0x54]);
    expect([...mapTable("viridis").subarray(765)]).toEqual([0xfd, 0xe7, 0x25]);
  });

  it("of labels follow the formula", () => {
    // 1 * 0x9E3779B1: hue 0x9E37 / 65536, saturation 0.55 + 0.4 * 0x79 / 255, value 1 - 0.3 * 0xB1 / 255.
    const [hue, s, v] = [0x9e37 / 65536, 0.55 + (0.4 * 0x79) / 255, 1 - (0.3 * 0xb1) / 255];
    const f = hue * 6 - 3;
    // The fourth sixth of the circle: red least, green falling, blue full.
    const expected = [v * (1 - s), v * (1 - s * f), v];
    labelColor(1).forEach((part, i) => expect(part).toBeCloseTo(expected[i]!, 10));
    expect(labelColor(2 ** 32 - 1)).toEqual(labelColor(-1));
  });

  it("of neighbouring ids are far apart", () => {
    for (let id = 1; id < 1000; id++) {
      const [a, b] = [labelColor(id), labelColor(id + 1)];
      expect(Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2])).toBeGreaterThan(0.3);
    }
  });

  it("of 64-bit ids: numbers are exact, small ones are themselves", () => {
    const numbers = new IdNumbers();
    const ids = [0n, 7n, 2n ** 31n - 1n, 2n ** 31n, 2n ** 40n + 1n, 2n ** 63n, -1n, 2n ** 40n + 1n];
    const given = ids.map((id) => numbers.of(id));
    expect(given).toEqual([0, 7, 2 ** 31 - 1, 2 ** 31, 2 ** 31 + 1, 2 ** 31 + 2, 2 ** 31 + 3, 2 ** 31 + 1]);
    expect([...(narrow(BigUint64Array.from([7n, 2n ** 40n + 1n]), numbers) as Uint32Array)]).toEqual([7, 2 ** 31 + 1]);
    expect(foldId(2n ** 40n + 1n)).toBe(257);
  });

  it("of the metadata win, and large ids have one", () => {
    const numbers = new IdNumbers();
    const big = numbers.of(2n ** 40n);
    const table = exceptions(new Map([[5, [1, 2, 3, 4]], [3, [9, 8, 7, 255]]]), numbers);
    expect([...table.ids]).toEqual([3, 5, big]);
    expect([...table.colors.subarray(0, 8)]).toEqual([9, 8, 7, 255, 1, 2, 3, 4]);
    expect([...table.colors.subarray(8)]).toEqual([...labelColor(256).map((part) => Math.round(part * 255)), 255]);
  });
});

describe("numbers for people", () => {
  it.each([
    [0, "0"], [65535, "65535"], [2n ** 60n, "1152921504606846976"], [0.123456, "0.12346"], [1.5e-7, "1.500e-7"],
    [NaN, "not a number"], [-Infinity, "−∞"],
  ])("value %s", (value, text) => expect(formatValue(value)).toBe(text));

  it("quantities with a digit beyond their step", () => {
    expect(formatQuantity(12.3456, "micrometer", 0.13)).toBe("12.35 µm");
    expect(formatQuantity(90, "second", 30)).toBe("90 s");
    expect(formatQuantity(1, "parsec", 1)).toBe("1.0 parsec");
  });

  it("bytes", () => {
    expect([999, 1000, 256e6, 1.25e12].map(formatBytes)).toEqual(["999 B", "1.0 kB", "256 MB", "1.3 TB"]);
  });

  it.each([
    // A pixel of the screen is 0.1 µm: at most 15 µm fit into 150.
    [0.1, "micrometer", "10 µm", 100], [0.02, "micrometer", "2 µm", 100], [10, "micrometer", "1 mm", 100],
    [0.001, "micrometer", "100 nm", 100], [2, "nanometer", "200 nm", 100], [1, undefined, "100 px", 100], [1, "second", "100 s", 100],
    [0.7, undefined, "100 px", 142.857], [1, "pixel", "100 px", 100],
  ])("scale bar of %s %s", (size, unit, text, width) => {
    const bar = scaleBar(size, unit, 150);
    expect(bar.text).toBe(text);
    expect(bar.width).toBeCloseTo(width, 2);
  });
});

describe("textures", () => {
  it("are pieces of at most 4096 pixels a side", () => {
    const pixels = new Uint8Array(5000 * 3);
    const pieces = piecesOf({ ...tile(pixels, 5000), height: 3 });
    expect(pieces.map(({ y, x, height, width }) => [y, x, height, width])).toEqual([[0, 0, 3, 4096], [0, 4096, 3, 904]]);
  });

  it("hold 64-bit pictures as floats", () => {
    expect(narrow(BigInt64Array.from([-3n, 2n ** 40n]), undefined)).toEqual(Float32Array.from([-3, 2 ** 40]));
    expect(narrow(Float64Array.from([0.5]), undefined)).toEqual(Float32Array.from([0.5]));
  });

  it("find texels as exact arithmetic would, in single precision", () => {
    const f = Math.fround;
    let seed = 1;
    const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
    for (let n = 0; n < 300; n++) {
      const texels = 1 + Math.floor(random() * 2000);
      const [from, size] = [random() * 4000 - 3000, texels * (0.1 + random() * 40)];
      const steps = texelSteps(from, from + size, texels);
      for (let pixel = steps.first; pixel < Math.min(from + size, 4000); pixel += 97) {
        const k = pixel - steps.first;
        const most = f(k * f(steps.coarse));
        const rest = f(f(most - Math.floor(most)) + f(f(k * f(steps.fine)) + f(steps.fraction)));
        const exact = ((pixel + 0.5 - from) * texels) / size;
        if (Math.abs(exact - Math.round(exact)) < 1e-6) continue;
        expect(steps.start + Math.floor(most) + Math.floor(rest)).toBe(Math.floor(exact));
      }
    }
  });
});
