import { describe, expect, it } from "vitest";
import type { Image } from "../../src/ome/model";
import { openImage } from "../../src/ome/open";
import type { Rect, Tile, TileEngine, Want } from "../../src/tiles/contracts";
import { createEngine } from "../../src/tiles/engine";
import { decoder, ramp, until, values, Watched } from "../fixtures";

const ALL: Rect = { y0: 0, x0: 0, y1: 40, x1: 52 };

async function opened(name: string, options = {}): Promise<{ store: Watched; image: Image; engine: TileEngine }> {
  const store = new Watched(values(name));
  const image = await openImage(store);
  return { store, image, engine: createEngine(store, { decoder, ...options }) };
}

function want(image: Image, change: Partial<Want> = {}, at = [1, 4, 0, 0], axes = [2, 3]): Want {
  const plane = { image, level: 0, down: axes[0]!, across: axes[1]!, at };
  return { plane, rect: ALL, zoom: 1, priority: 0, ...change };
}

/** The plane that tiles make, checked for gaps and overlaps. */
function plane(tiles: readonly Tile[], height: number, width: number): number[][] {
  const out = Array.from({ length: height }, () => Array<number>(width).fill(-1));
  for (const tile of tiles) {
    expect(tile.pixels.length).toBe(tile.height * tile.width);
    for (let i = 0; i < tile.pixels.length; i++) {
      const row = out[tile.y + Math.floor(i / tile.width)]!;
      const x = tile.x + (i % tile.width);
      expect(row[x]).toBe(-1);
      row[x] = Number(tile.pixels[i]);
    }
  }
  return out;
}

async function complete(engine: TileEngine, one: Want): Promise<Tile[]> {
  engine.want([one]);
  await until(() => engine.ready(one).complete);
  const { tiles, bad } = engine.ready(one);
  expect(bad).toEqual([]);
  return tiles;
}

describe.each(["sharded.ome.zarr", "plain.ome.zarr"])("engine over %s", (name) => {
  it("gives the plane at full resolution", async () => {
    const { image, engine } = await opened(name);
    const tiles = await complete(engine, want(image));
    const expected = Array.from({ length: 40 }, (_, y) => Array.from({ length: 52 }, (_, x) => ramp(1, 4, y, x)));
    expect(plane(tiles, 40, 52)).toEqual(expected);
    expect(tiles.every((tile) => tile.level === 0 && !tile.empty)).toBe(true);
  });

  it("gives the planes across the stack", async () => {
    const { image, engine } = await opened(name);
    const xz = want(image, { rect: { y0: 0, x0: 0, y1: 6, x1: 52 } }, [0, 0, 17, 0], [1, 3]);
    const expected = Array.from({ length: 6 }, (_, z) => Array.from({ length: 52 }, (_, x) => ramp(0, z, 17, x)));
    expect(plane(await complete(engine, xz), 6, 52)).toEqual(expected);
    const yz = want(image, { rect: { y0: 0, x0: 0, y1: 40, x1: 6 } }, [0, 0, 0, 33], [2, 1]);
    const turned = Array.from({ length: 40 }, (_, y) => Array.from({ length: 6 }, (_, z) => ramp(0, z, y, 33)));
    expect(plane(await complete(engine, yz), 40, 6)).toEqual(turned);
  });

  it("chooses the level by the zoom", async () => {
    const { image, engine } = await opened(name);
    const tiles = await complete(engine, want(image, { zoom: 0.4 }));
    expect(new Set(tiles.map((tile) => tile.level))).toEqual(new Set([1]));
    // nearest: the first pixel of each pair along x, none left out along y
    const expected = Array.from({ length: 40 }, (_, y) => Array.from({ length: 26 }, (_, x) => ramp(1, 4, y, 2 * x)));
    expect(plane(tiles, 40, 26)).toEqual(expected);
  });

  it("fetches nothing twice that is kept, and only what is seen", async () => {
    const { store, image, engine } = await opened(name);
    const corner = want(image, { rect: { y0: 0, x0: 0, y1: 10, x1: 10 } });
    await complete(engine, corner);
    const requests = engine.stats.requests;
    const decoded = engine.stats.decoded;
    expect(decoded).toBe(3); // the whole plane of level 2 (20 x 13 pixels: two chunks), one chunk of level 0
    await complete(engine, { ...corner, rect: { y0: 0, x0: 0, y1: 16, x1: 16 } });
    await complete(engine, { ...corner, plane: { ...corner.plane, at: [1, 5, 0, 0] } });
    expect(engine.stats.requests).toBe(requests);
    expect(engine.stats.decoded).toBe(decoded);
    expect(store.asked.length).toBeGreaterThan(0);
  });

  it("tells values", async () => {
    const { image, engine } = await opened(name);
    const one = want(image);
    expect(engine.value(one.plane, 3, 5)).toBeUndefined();
    await complete(engine, one);
    expect(engine.value(one.plane, 3, 5)).toBe(ramp(1, 4, 3, 5));
    expect(engine.value(one.plane, 39.9, 51.2)).toBe(ramp(1, 4, 39, 51));
    expect(engine.value(one.plane, 40, 5)).toBeUndefined();
    expect(engine.value(one.plane, -1, 5)).toBeUndefined();
  });
});
