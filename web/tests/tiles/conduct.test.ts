/** How the engine conducts itself: order, cancelling, failures, memory, requests. */

import { describe, expect, it } from "vitest";
import { openImage } from "../../src/ome/open";
import type { Image } from "../../src/ome/model";
import { type GetOptions, type Store, StoreError } from "../../src/store/contracts";
import { crc32c } from "../../src/store/checksum";
import type { Pixels, Want } from "../../src/tiles/contracts";
import { createEngine } from "../../src/tiles/engine";
import { chooseLevel } from "../../src/tiles/levels";
import type { Decoder } from "../../src/tiles/pool";
import { decoder, until, values, Watched } from "../fixtures";

const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const pause = (milliseconds = 20): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

interface Made {
  /** Of level 0, square; each level is half the one before. */
  side: number;
  levels: number;
  chunk: number;
  shard?: number;
  channels?: number;
}

/** A pyramid whose chunks are all there, as large as told, and made when they are asked for. */
class Pyramid implements Store {
  readonly asked: { key: string; signal: AbortSignal | undefined }[] = [];
  requests = 0;
  bytes = 0;
  /** What happens to a request before it is answered. */
  before: (key: string, signal?: AbortSignal) => Promise<void> = () => Promise.resolve();

  constructor(readonly made: Made) {}

  url = (key = ""): string => `pyramid/${key}`;

  async get(key: string, { range, signal }: GetOptions = {}): Promise<Uint8Array | undefined> {
    this.asked.push({ key, signal });
    this.requests += 1;
    await this.before(key, signal);
    if (signal?.aborted) throw new StoreError("aborted", key, "left");
    const found = this.value(key, range);
    this.bytes += found?.length ?? 0;
    return found;
  }

  get chunkKeys(): string[] {
    return this.asked.map((one) => one.key).filter((key) => key.includes("/c/"));
  }

  private value(key: string, range: GetOptions["range"]): Uint8Array | undefined {
    if (key === "zarr.json") return encode(this.group());
    const level = /^(\d)\/zarr\.json$/.exec(key)?.[1];
    if (level) return encode(this.array(Number(level)));
    if (!key.includes("/c/")) return undefined;
    if (range && "suffixLength" in range) return this.index();
    return new Uint8Array(range ? range.length : 2 * this.made.chunk ** 2);
  }

  private group(): unknown {
    const datasets = Array.from({ length: this.made.levels }, (_, level) => ({
      path: `${level}`,
      coordinateTransformations: [
        { type: "scale", scale: [1, 2 ** level, 2 ** level] },
        { type: "translation", translation: [0, (2 ** level - 1) / 2, (2 ** level - 1) / 2] },
      ],
    }));
    const axes = [{ name: "c", type: "channel" }, { name: "y", type: "space" }, { name: "x", type: "space" }];
    const ome = { version: "0.5", multiscales: [{ axes, datasets }] };
    return { zarr_format: 3, node_type: "group", attributes: { ome } };
  }

  private array(level: number): unknown {
    const { side, chunk, shard, channels = 1 } = this.made;
    const size = Math.ceil(side / 2 ** level);
    const plain = [{ name: "bytes", configuration: { endian: "little" } }];
    const inner = { chunk_shape: [1, chunk, chunk], codecs: plain, index_codecs: [...plain, { name: "crc32c" }], index_location: "end" };
    const unit = shard ?? chunk;
    return {
      zarr_format: 3, node_type: "array", shape: [channels, size, size], data_type: "uint16", fill_value: 0, attributes: {},
      chunk_grid: { name: "regular", configuration: { chunk_shape: [1, unit, unit] } }, chunk_key_encoding: { name: "default" },
      codecs: shard ? [{ name: "sharding_indexed", configuration: inner }] : plain,
    };
  }

  private index(): Uint8Array {
    const count = (this.made.shard! / this.made.chunk) ** 2;
    const length = 2 * this.made.chunk ** 2;
    const body = new BigUint64Array(Array.from({ length: count }, (_, i) => [BigInt(i * length), BigInt(length)]).flat());
    const whole = new Uint8Array(body.byteLength + 4);
    whole.set(new Uint8Array(body.buffer));
    new DataView(whole.buffer).setUint32(body.byteLength, crc32c(new Uint8Array(body.buffer)), true);
    return whole;
  }
}

function want(image: Image, y0: number, x0: number, y1: number, x1: number, more: Partial<Want> = {}, channel = 0): Want {
  return { plane: { image, level: 0, down: 1, across: 2, at: [channel, 0, 0] }, rect: { y0, x0, y1, x1 }, zoom: 1, priority: 0, ...more };
}

describe("levels", () => {
  it("are those whose pixels can be seen", async () => {
    const image = await openImage(new Pyramid({ side: 4096, levels: 4, chunk: 256 }));
    const chosen = [4, 1, 0.71, 0.69, 0.36, 0.34, 0.1, 0.001].map((zoom) => chooseLevel(image, 1, 2, zoom));
    expect(chosen).toEqual([0, 0, 0, 1, 1, 2, 3, 3]);
  });
});

describe("order", () => {
  it("is the coarsest level first, then from the middle outwards", async () => {
    const store = new Pyramid({ side: 1280, levels: 3, chunk: 256 });
    const image = await openImage(store);
    const engine = createEngine(store, { decoder });
    const one = want(image, 0, 0, 1280, 1280);
    engine.want([one, want(image, -100, -100, 1380, 1380, { priority: 1 })]);
    await until(() => engine.ready(one).complete);
    const keys = store.chunkKeys;
    expect(keys.slice(0, 4).every((key) => key.startsWith("2/"))).toBe(true);
    expect(keys.slice(4).every((key) => key.startsWith("0/"))).toBe(true);
    expect(keys[4]).toBe("0/c/0/2/2");
    expect(keys.length).toBe(4 + 25);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it("is what is seen first, then the margin, then what may come", async () => {
    const store = new Pyramid({ side: 1024, levels: 1, chunk: 256 });
    const image = await openImage(store);
    const engine = createEngine(store, { decoder, parallel: 1 });
    const later = want(image, 0, 512, 256, 768, { priority: 2 });
    const margin = want(image, 0, 256, 256, 512, { priority: 1 });
    const now = want(image, 0, 0, 256, 256);
    engine.want([later, margin, now]);
    await until(() => engine.ready(later).complete);
    expect(store.chunkKeys).toEqual(["0/c/0/0/0", "0/c/0/0/1", "0/c/0/0/2"]);
  });
});

describe("what is shown meanwhile", () => {
  it("is the coarse level until the fine one is there", async () => {
    const store = new Pyramid({ side: 1024, levels: 3, chunk: 256 });
    const image = await openImage(store);
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    store.before = (key) => (key.startsWith("0/c") ? held : Promise.resolve());
    const engine = createEngine(store, { decoder });
    let told = 0;
    engine.onReady = () => (told += 1);
    const one = want(image, 0, 0, 512, 512);
    engine.want([one]);
    await until(() => engine.ready(one).tiles.length > 0);
    expect(engine.ready(one)).toMatchObject({ complete: false, bad: [], tiles: [{ level: 2, y: 0, x: 0, height: 256, width: 256 }] });
    release();
    await until(() => engine.ready(one).complete);
    expect(engine.ready(one).tiles.map((tile) => tile.level)).toEqual([0, 0, 0, 0]);
    expect(told).toBe(5);
  });

  it("ends with what is no longer wanted", async () => {
    const store = new Pyramid({ side: 2048, levels: 1, chunk: 256 });
    const image = await openImage(store);
    store.before = (_, signal) => new Promise((resolve) => signal?.addEventListener("abort", () => resolve()));
    const engine = createEngine(store, { decoder });
    engine.want([want(image, 0, 0, 512, 512)]);
    await until(() => store.chunkKeys.length === 4);
    const first = store.asked.slice(-4);
    engine.want([want(image, 0, 256, 512, 768)]);
    await pause();
    expect(first.filter((one) => one.signal!.aborted).map((one) => one.key).sort()).toEqual(["0/c/0/0/0", "0/c/0/1/0"]);
    engine.want([]);
    await pause();
    expect(store.asked.slice(2).every((one) => one.signal!.aborted)).toBe(true);
    expect(engine.stats).toMatchObject({ waiting: 0, kept: 0, decoded: 0 });
  });

  it("comes back when it is wanted again while it is being cancelled", async () => {
    const store = new Pyramid({ side: 256, levels: 1, chunk: 256 });
    const image = await openImage(store);
    store.before = () => pause(5);
    const engine = createEngine(store, { decoder });
    const one = want(image, 0, 0, 256, 256);
    engine.want([one]);
    await pause(2);
    engine.want([]);
    engine.want([one]);
    await until(() => engine.ready(one).complete);
  });
});

describe("failures", () => {
  it("are marked where they are, and the rest is shown", async () => {
    const stored = values("plain.ome.zarr");
    const key = "0/1/1/0/1";
    stored.set(key, stored.get(key)!.slice(0, 20));
    stored.delete("0/1/1/0/2");
    const store = new Watched(stored);
    const image = await openImage(store);
    const engine = createEngine(store, { decoder });
    const one: Want = { plane: { image, level: 0, down: 2, across: 3, at: [1, 4, 0, 0] }, rect: { y0: 0, x0: 0, y1: 16, x1: 52 }, zoom: 1, priority: 0 };
    engine.want([one]);
    await until(() => engine.ready(one).complete);
    const { tiles, bad } = engine.ready(one);
    expect(tiles.map((tile) => [tile.x, tile.empty]).sort()).toEqual([[0, false], [32, true], [48, false]]);
    expect(tiles.find((tile) => tile.empty)!.pixels).toEqual(new Uint16Array(16 * 16));
    expect(bad).toMatchObject([{ level: 0, y: 0, x: 16, height: 16, width: 16 }]);
    expect(bad[0]!.error.message).toMatch(/0\/1\/1\/0\/1: the chunk is damaged/);
    const asked = store.asked.length;
    engine.want([one]);
    await pause();
    expect(store.asked.length).toBe(asked);
  });

  it("of a level's document are told for all of it", async () => {
    const stored = values("plain.ome.zarr");
    stored.delete("2/.zarray");
    const store = new Watched(stored);
    const image = await openImage(store);
    const engine = createEngine(store, { decoder });
    const one: Want = { plane: { image, level: 0, down: 2, across: 3, at: [0, 0, 0, 0] }, rect: { y0: 0, x0: 0, y1: 40, x1: 52 }, zoom: 0.1, priority: 0 };
    engine.want([one]);
    await until(() => engine.ready(one).complete);
    expect(engine.ready(one).bad).toMatchObject([{ level: 2, y: 0, x: 0, height: 20, width: 13 }]);
  });
});

describe("what may pass", () => {
  it("is asked for again by itself, after pauses that grow, and shown as bad meanwhile", async () => {
    const store = new Pyramid({ side: 512, levels: 1, chunk: 256 });
    const image = await openImage(store);
    const times: number[] = [];
    store.before = (key) => {
      if (key !== "0/c/0/1/1") return Promise.resolve();
      times.push(performance.now());
      return times.length > 3 ? Promise.resolve() : Promise.reject(new StoreError("server", key, "busy", 503));
    };
    const engine = createEngine(store, { decoder, retryAfter: 40 });
    const seen = new Set<number>();
    const one = want(image, 0, 0, 512, 512);
    engine.onReady = () => seen.add(engine.ready(one).bad.length);
    engine.want([one]);
    await until(() => engine.ready(one).tiles.length === 4);
    expect(engine.ready(one).bad).toEqual([]);
    const pauses = times.slice(1).map((time, i) => Math.round(time - times[i]!));
    [40, 80, 160].forEach((pause, i) => expect(pauses[i]).toBeGreaterThanOrEqual(pause - 5));
    expect(store.chunkKeys.length).toBe(3 + 4);
    expect(seen).toEqual(new Set([0, 1]));
  });

  it("is left alone where nobody wants it any more", async () => {
    const store = new Pyramid({ side: 512, levels: 1, chunk: 256 });
    const image = await openImage(store);
    store.before = (key) => (key.includes("/c/") ? Promise.reject(new StoreError("network", key, "down")) : Promise.resolve());
    const engine = createEngine(store, { decoder, retryAfter: 20 });
    const one = want(image, 0, 0, 256, 256);
    engine.want([one]);
    await until(() => engine.ready(one).bad.length === 1);
    engine.want([]);
    await pause(60);
    expect(store.chunkKeys.length).toBe(1);
    engine.close();
  });
});

describe("memory", () => {
  it("stays within its bytes, whatever is looked at", async () => {
    const store = new Pyramid({ side: 8192, levels: 1, chunk: 256 });
    const image = await openImage(store);
    const most = 64 * 2 * 256 ** 2;
    const engine = createEngine(store, { decoder, cacheBytes: most });
    for (const y of [0, 1024, 2048, 4096, 7168, 0]) {
      const one = want(image, y, 0, y + 1024, 1024);
      engine.want([one]);
      await until(() => engine.ready(one).complete);
      expect(engine.ready(one).tiles.length).toBe(16);
      expect(engine.stats.kept).toBeLessThanOrEqual(most);
    }
    // 4 others have been looked at since, and 64 chunks fit: the first place had to be read again.
    expect(engine.stats.decoded).toBe(6 * 16);
  });

  it("shows the middle of what is too much", async () => {
    const store = new Pyramid({ side: 65_536, levels: 1, chunk: 256 });
    const image = await openImage(store);
    const engine = createEngine(store, { decoder, cacheBytes: 32 * 2 * 256 ** 2 });
    const one = want(image, 0, 0, 65_536, 65_536, { zoom: 0.01 });
    engine.want([one]);
    await until(() => engine.ready(one).complete);
    const { tiles } = engine.ready(one);
    // Three quarters of 32 chunks are for what is seen: four rows of six, around the middle.
    expect(tiles.length).toBe(24);
    expect([Math.min(...tiles.map((tile) => tile.y)), Math.max(...tiles.map((tile) => tile.y + tile.height))]).toEqual([32_256, 33_280]);
    expect([Math.min(...tiles.map((tile) => tile.x)), Math.max(...tiles.map((tile) => tile.x + tile.width))]).toEqual([32_000, 33_536]);
  });

  it("takes a coarser level where the chunks of the finer one do not fit", async () => {
    const store = new Pyramid({ side: 8192, levels: 5, chunk: 256 });
    const image = await openImage(store);
    const engine = createEngine(store, { decoder, cacheBytes: 32 * 2 * 256 ** 2 });
    const one = want(image, 0, 0, 2048, 2048);
    engine.want([one]);
    await until(() => engine.ready(one).complete);
    // 8 x 8 chunks of level 0 are more than 24; 4 x 4 of level 1 are not.
    expect(engine.ready(one).tiles.map((tile) => tile.level)).toEqual(Array(16).fill(1));
    expect(store.chunkKeys.some((key) => key.startsWith("0/"))).toBe(false);
  });

  it("has no more bytes on their way than a quarter of the cache, and one chunk where that is larger", async () => {
    for (const [chunk, cacheBytes, most] of [[256, 64 * 2 * 256 ** 2, 16], [1024, 4 * 2 * 1024 ** 2, 1], [1024, 2 ** 20, 1]] as const) {
      const store = new Pyramid({ side: 8 * chunk, levels: 1, chunk });
      const image = await openImage(store);
      let [inside, peak] = [0, 0];
      store.before = async (key) => {
        if (!key.includes("/c/")) return;
        peak = Math.max(peak, ++inside);
        await pause(2);
      };
      const slow: Decoder = {
        decode: async (form) => {
          await pause(30);
          inside -= 1;
          return new Uint16Array(form.chunks.reduce((a, b) => a * b, 1)) as Pixels;
        },
        close: () => undefined,
      };
      const engine = createEngine(store, { decoder: slow, cacheBytes, parallel: 100 });
      const one = want(image, 0, 0, 8 * chunk, 8 * chunk);
      engine.want([one]);
      await until(() => engine.ready(one).complete);
      expect(peak, `chunks of ${chunk}`).toBe(most);
    }
  });

  it("does not pile up chunks that wait to be decoded", async () => {
    const store = new Pyramid({ side: 8192, levels: 1, chunk: 64 });
    const image = await openImage(store);
    let inside = 0;
    let most = 0;
    const slow: Decoder = {
      decode: async (form) => {
        most = Math.max(most, ++inside);
        await pause(1);
        inside -= 1;
        return new Uint16Array(form.chunks.reduce((a, b) => a * b, 1)) as Pixels;
      },
      close: () => undefined,
    };
    const engine = createEngine(store, { decoder: slow });
    const one = want(image, 0, 0, 2048, 2048);
    engine.want([one]);
    await until(() => engine.ready(one).complete);
    expect(most).toBeLessThanOrEqual(64 + 32);
  });
});

describe("requests", () => {
  it("are few for the whole of a hundred gigabytes", async () => {
    const store = new Pyramid({ side: 163_840, levels: 10, chunk: 256, shard: 4096, channels: 2 });
    const image = await openImage(store);
    const engine = createEngine(store, { decoder });
    const zoom = 800 / 163_840;
    const wants = [0, 1].map((channel) => want(image, 0, 0, 163_840, 163_840, { zoom }, channel));
    let covered: { requests: number; bytes: number; levels: Set<number> } | undefined;
    engine.onReady = () => {
      const tiles = wants.map((one) => engine.ready(one).tiles);
      if (covered || tiles.some((some) => some.length === 0)) return;
      covered = { requests: store.requests, bytes: store.bytes, levels: new Set(tiles.flat().map((tile) => tile.level)) };
    };
    engine.want(wants);
    await until(() => covered !== undefined);
    expect(covered!.levels).toEqual(new Set([9]));
    expect(covered!.requests).toBeLessThanOrEqual(12);
    expect(covered!.bytes).toBeLessThan(3e6);
    await until(() => wants.every((one) => engine.ready(one).complete));
    expect(wants.flatMap((one) => engine.ready(one).tiles.map((tile) => tile.level))).toEqual(Array(18).fill(8));
    // Four documents; of each channel the index and two rows of chunks of level 9, the index and three rows of level 8.
    expect(store.requests).toBe(4 + 2 * (3 + 4));
  });

  it("join neighbours in a shard", async () => {
    const store = new Pyramid({ side: 4096, levels: 1, chunk: 128, shard: 4096 });
    const image = await openImage(store);
    const engine = createEngine(store, { decoder });
    const one = want(image, 1000, 1000, 1800, 2200);
    engine.want([one]);
    await until(() => engine.ready(one).complete);
    const chunks = engine.ready(one).tiles.length;
    expect(chunks).toBe(8 * 11);
    // the index, and one request for each of the eight rows of neighbours
    expect(engine.stats.requests).toBe(1 + 8);
  });
});
