import { deflateSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { decodeArray } from "../../src/ome/arrays";
import type { ArrayInfo } from "../../src/ome/model";
import { decodeChunk } from "../../src/tiles/decode";
import { decoder, values, Watched } from "../fixtures";
import { ChunkReader, keyOf } from "../../src/tiles/reading";

function array(name: string): { info: ArrayInfo; stored: Map<string, Uint8Array> } {
  const stored = values(name);
  const modern = stored.get("zarr.json");
  const source = new TextDecoder().decode(modern ?? stored.get(".zarray"));
  const document = JSON.parse(source) as Record<string, unknown>;
  return { info: decodeArray({ format: modern ? 3 : 2, document, source }, "", name), stored };
}

/** All pixels, as the reader finds them; 1, the fill value, where nothing is stored. */
async function pixels(name: string): Promise<{ found: (number | bigint)[][]; absent: string[]; kinds: Set<string> }> {
  const { info, stored } = array(name);
  const reader = new ChunkReader(new Watched(stored), decoder);
  const { signal } = new AbortController();
  const [height, width] = info.shape as [number, number];
  const found = Array.from({ length: height }, () => Array<number | bigint>(width).fill(NaN));
  const absent: string[] = [];
  const kinds = new Set<string>();
  for (let row = 0; row * 4 < height; row++) {
    for (let column = 0; column * 5 < width; column++) {
      const bytes = await reader.fetch(info, [row, column], signal);
      if (!bytes) absent.push(`${row},${column}`);
      const chunk = bytes && (await reader.decode(info, [row, column], bytes, signal));
      if (chunk) kinds.add(chunk.constructor.name);
      for (let y = row * 4; y < Math.min(height, row * 4 + 4); y++) {
        for (let x = column * 5; x < Math.min(width, column * 5 + 5); x++) {
          found[y]![x] = chunk ? chunk[(y - row * 4) * 5 + x - column * 5]! : Number(info.fill);
        }
      }
    }
  }
  return { found, absent, kinds };
}

function expected(change: (value: number) => number | bigint): (number | bigint)[][] {
  return Array.from({ length: 10 }, (_, y) =>
    Array.from({ length: 13 }, (_, x) => (y >= 8 && x >= 10 ? 1 : change((y * 5 + x) % 251))),
  );
}

const same = (value: number): number => value;
const TYPES: [string, string, (value: number) => number | bigint][] = [
  ["v2-little-b1", "Uint8Array", (v) => v % 2], ["v2-little-i1", "Int8Array", (v) => v - 128],
  ["v2-big-u2", "Uint16Array", same], ["v2-little-i2", "Int16Array", same], ["v2-big-i4", "Int32Array", same],
  ["v2-little-u4", "Uint32Array", same], ["v2-little-i8", "BigInt64Array", BigInt], ["v2-big-u8", "BigUint64Array", BigInt],
  ["v2-little-f2", "Float32Array", (v) => v / 2], ["v2-big-f2", "Float32Array", (v) => v / 2],
  ["v2-big-f4", "Float32Array", (v) => v / 2], ["v2-little-f8", "Float64Array", (v) => v / 2],
  ["v3-bool", "Uint8Array", (v) => v % 2], ["v3-int8", "Int8Array", (v) => v - 128], ["v3-uint16", "Uint16Array", same],
  ["v3-int64", "BigInt64Array", BigInt], ["v3-uint64", "BigUint64Array", BigInt],
  ["v3-float16", "Float32Array", (v) => v / 2], ["v3-float32", "Float32Array", (v) => v / 2],
  ["v3-float64", "Float64Array", (v) => v / 2], ["v3-big", "Uint16Array", same],
];
const CODECS = [
  "v2-blosc-lz4", "v2-blosc-zstd", "v2-blosc-blosclz", "v2-zlib", "v2-gzip", "v2-zstd", "v2-lz4", "v2-fortran",
  "v3-transposed", "v3-gzip-crc", "v3-blosc", "v3-shards", "v3-tensorstore",
];

describe("chunks", () => {
  it.each(TYPES)("of %s become a %s", async (name, kind, change) => {
    const { found, absent, kinds } = await pixels(name);
    expect(found).toEqual(expected(change));
    expect(absent).toEqual(["2,2"]);
    expect([...kinds]).toEqual([kind]);
  });

  it.each(CODECS)("packed as in %s are unpacked", async (name) => {
    const { found, absent } = await pixels(name);
    expect(found).toEqual(expected(same));
    expect(absent).toEqual(["2,2"]);
  });

  it("with a filter are unpacked", async () => {
    expect((await pixels("v2-delta")).found).toEqual(expected(same));
  });

  it("of a codec that is not known name it, and the chunk", async () => {
    await expect(pixels("v2-bz2")).rejects.toThrow(/0\/0: .*"bz2".*convert/);
  });

  it.each(["v3-gzip-crc", "v3-shards"])("of %s that were changed are found out", async (name) => {
    const { info, stored } = array(name);
    const key = keyOf(info, [0, 0]);
    const flipped = stored.get(key)!.slice();
    flipped[12]! ^= 16;
    const reader = new ChunkReader(new Watched(new Map([...stored, [key, flipped]])), decoder);
    const { signal } = new AbortController();
    const bytes = (await reader.fetch(info, [0, 0], signal))!;
    await expect(reader.decode(info, [0, 0], bytes, signal)).rejects.toThrow(/the chunk is damaged: its checksum/);
  });

  it.each([["v2-zlib", deflateSync], ["v2-gzip", gzipSync]] as const)("of %s that would become larger than they may are given up on the way", async (name, pack) => {
    const { info } = array(name);
    const bomb = new Uint8Array(pack(new Uint8Array(2 ** 26)));
    expect(bomb.length).toBeLessThan(2 ** 17);
    // 20 pixels of at most 8 bytes, and some room
    await expect(decodeChunk(info, bomb)).rejects.toThrow(/damaged: it holds more than the 4256 bytes/);
  });

  it.each(["v2-little-i2", "v2-zlib", "v2-blosc-lz4", "v2-zstd", "v2-lz4"])("of %s that are cut off are found out", async (name) => {
    const { info, stored } = array(name);
    const bytes = stored.get(keyOf(info, [0, 0]))!;
    await expect(decodeChunk(info, bytes.slice(0, -6))).rejects.toThrow();
    await expect(decodeChunk(info, new Uint8Array(0))).rejects.toThrow();
  });

  it.each(["v2-zlib", "v2-blosc-lz4", "v2-blosc-zstd", "v2-zstd", "v2-lz4", "v3-blosc"])("of %s with any byte changed do no harm to the next", async (name) => {
    const { info, stored } = array(name);
    const bytes = stored.get(keyOf(info, [0, 0]))!;
    const whole = await decodeChunk(info, bytes.slice());
    for (let i = 0; i < bytes.length; i++) {
      const flipped = bytes.slice();
      flipped[i]! ^= 0xff;
      const found = await decodeChunk(info, flipped).catch((error: unknown) => error);
      if (!(found instanceof Error)) expect((found as Uint16Array).length).toBe(20);
    }
    expect(await decodeChunk(info, bytes.slice())).toEqual(whole);
  });
});
