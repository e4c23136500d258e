/** Documents are read as the Python model reads them: see tests/flow/test_viewer_model.py, which wrote what it says. */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type Image, ModelError } from "../../src/ome/model";
import { openImage } from "../../src/ome/open";
import { MemoryStore } from "../memory";

type Numbers = number[] | null;

interface Told {
  version: string;
  kind: string;
  name: string;
  axes: [string, string | null, string | null][];
  levels: [string, Numbers, Numbers][];
  channels: { label: string | null; color: string | null; active: boolean | null; window: (number | null)[] | null }[];
  rgb: boolean;
  colors: [number, number[]][];
  properties: [number, Record<string, unknown>][];
}

interface Entry {
  name: string;
  zarr_format: 2 | 3;
  attributes: Record<string, unknown>;
  image: Told | null;
}

const file = process.env["ZARRSCOPE_MODELS"] ?? new URL("../fixtures/models.json", import.meta.url);
const entries = JSON.parse(readFileSync(file, "utf8")) as Entry[];
const SIZES: Record<string, number> = { t: 4, c: 3, z: 5, y: 64, x: 96 };

/** A store that holds the document, and wherever it may say that an array is, one of the right number of axes. */
function stored(entry: Entry): MemoryStore {
  const axes = entry.image?.axes.length ? entry.image.axes : [["y"], ["x"]];
  const shape = axes.map(([name]) => SIZES[name!] ?? 3);
  const v3 = entry.zarr_format === 3;
  const array = v3
    ? { zarr_format: 3, node_type: "array", shape, data_type: "uint8", fill_value: 0, chunk_grid: { name: "regular", configuration: { chunk_shape: shape } }, chunk_key_encoding: { name: "default" }, codecs: [{ name: "bytes" }] }
    : { zarr_format: 2, shape, chunks: shape, dtype: "|u1", fill_value: 0, order: "C", compressor: null, filters: null };
  const group = v3 ? { zarr_format: 3, node_type: "group", attributes: entry.attributes } : entry.attributes;
  const values = new Map([[v3 ? "zarr.json" : ".zattrs", group] as const, ...(entry.image?.levels ?? []).map(([path]) => [`${path}/${v3 ? "zarr.json" : ".zarray"}`, array] as const)]);
  return new MemoryStore(new Map([...values].map(([key, value]) => [key, new TextEncoder().encode(JSON.stringify(value))])), "memory://image/");
}

function channels(image: Told, count: number): unknown[] {
  return Array.from({ length: count }, (_, index) => {
    const { label, color, active, window } = image.channels[index] ?? { label: null, color: null, active: null, window: null };
    const [start, end, min, max] = window ?? [];
    return {
      label: label ?? "", active: active ?? true, ...(color !== null && { color }),
      ...(window && { window: { start, end, ...(min !== null && { min }), ...(max !== null && { max }) } }),
    };
  });
}

/** Without the axes that only the screen needs. */
function ofDocument(image: Image): Image {
  const own = <T>(list: readonly T[]): T[] => list.filter((_, axis) => !image.axes[axis]!.added);
  const levels = image.levels.map((level) => ({ ...level, scale: own(level.scale), translation: own(level.translation) }));
  return { ...image, axes: own(image.axes), levels };
}

function compare(opened: Image, told: Told): void {
  const found = ofDocument(opened);
  expect([found.version, found.kind, found.name]).toEqual([told.version, told.kind, told.name || "image"]);
  expect([...found.colors].sort()).toEqual(told.colors);
  expect([...found.properties].sort()).toEqual(told.properties);
  expect(found.axes.map((axis) => [axis.name, axis.unit ?? null])).toEqual(told.axes.map(([name, , unit]) => [name, unit]));
  told.axes.forEach(([, type], index) => {
    const known = type === "space" || type === "time" || type === "channel" ? type : "other";
    if (type !== null) expect(found.axes[index]!.type).toBe(known);
  });
  const axis = opened.axes.findIndex(({ type }) => type === "channel");
  expect(found.channels).toEqual(channels(told, axis < 0 ? 1 : found.levels[0]!.info!.shape[axis]!));
  expect(found.rgb).toBe(told.rgb);
  expect(found.levels.map((level) => level.path)).toEqual(told.levels.map(([path]) => path));
  // Where all levels claim the same scale, which cannot be, the viewer goes by the shapes (here equal ones).
  const scales = new Set(told.levels.map(([, scale]) => JSON.stringify(scale?.map((value) => value || 1) ?? told.axes.map(() => 1))));
  told.levels.forEach(([, scale, translation], index) => {
    // More than scale and translation: it is shown without, and people are told. An extent of 0 becomes 1.
    if (scale === null) return expect(found.notes).not.toEqual([]);
    expect(found.levels[index]!.scale).toEqual(scale.map((value) => value || 1));
    expect(found.levels[index]!.translation).toEqual(scales.size > 1 ? translation : found.levels[0]!.translation);
  });
}

describe("documents are read as the Python model reads them", () => {
  it.each(entries.map((entry) => [entry.name, entry] as const))("%s", async (_, entry) => {
    const opened = openImage(stored(entry));
    // Where the model finds no axes the viewer guesses, and may be wrong.
    if (entry.image?.axes.length === 0) await opened.catch((error: unknown) => expect(error).toBeInstanceOf(ModelError));
    else if (entry.image) compare(await opened, entry.image);
    else await expect(opened).rejects.toThrow(/image/);
  });
});
