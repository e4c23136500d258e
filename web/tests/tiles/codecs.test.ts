/** Our own unpacking against numcodecs, whose WebAssembly packs and unpacks here: Node allows it what a strict page does not. */

import { describe, expect, it } from "vitest";
import { decodeBlosc } from "../../src/tiles/codecs/blosc";
import { decodeSizedLz4 } from "../../src/tiles/codecs/lz4";
import { decodeZstd } from "../../src/tiles/codecs/zstd";

interface Codec {
  encode(data: Uint8Array): Promise<Uint8Array>;
}
interface Maker {
  fromConfig(options: unknown): Codec;
}

// By their files: the build replaces the packages of these names.
const load = async (name: string): Promise<Maker> =>
  ((await import(new URL(`../../node_modules/numcodecs/dist/${name}.js`, import.meta.url).href)) as { default: Maker }).default;
const [Zstd, Lz4, Blosc] = await Promise.all(["zstd", "lz4", "blosc"].map(load)) as [Maker, Maker, Maker];

let seed = 12345;
/** Whole numbers from 0 up to a bound; the same in every run. */
function random(bound: number): number {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return Math.floor((seed / 2 ** 32) * bound);
}

function made(length: number, value: (i: number) => number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => value(i));
}

/** Like pixels of 16 bits: smooth, with noise. */
function pixels(length: number, noise: number): Uint8Array {
  const values = Uint16Array.from({ length: length >> 1 }, (_, i) => 900 + 300 * Math.sin(i / 70) + random(noise));
  return new Uint8Array(values.buffer);
}

function text(length: number): Uint8Array {
  const words = Array.from({ length: 300 }, () => made(2 + random(9), () => 97 + random(26)));
  const out = new Uint8Array(length);
  for (let at = 0; at < length; ) {
    const word = words[random(random(300) + 1)]!;
    out.set(word.subarray(0, length - at), at);
    at += word.length + 1;
  }
  return out;
}

const SAMPLES: Record<string, Uint8Array> = {
  nothing: new Uint8Array(0),
  "one byte": Uint8Array.of(7),
  "five bytes": Uint8Array.of(1, 2, 3, 4, 5),
  zeros: new Uint8Array(300_000),
  ones: new Uint8Array(1000).fill(1),
  noise: made(300_000, () => random(256)),
  "two values": made(200_000, () => random(2)),
  "few values": made(200_000, () => Math.floor(random(1000) ** 2 / 1e5)),
  "one value rarely": made(50_000, () => (random(500) === 0 ? 1 : 0)),
  ramp: made(200_000, (i) => (i * 7) >> 3),
  period: made(131_072 * 3 + 17, (i) => (i % 1021) ^ (i >> 14)),
  "far repetitions": (() => {
    const part = made(150_000, () => random(256));
    const whole = new Uint8Array(900_000);
    for (let at = 0; at < whole.length; at += part.length) whole.set(part, at);
    return whole;
  })(),
  text: text(400_000),
  "short text": text(700),
  "smooth pixels": pixels(524_288, 3),
  "noisy pixels": pixels(524_288, 60),
  "odd length": pixels(99_990, 20).subarray(0, 99_987),
};
const NAMES = Object.keys(SAMPLES);
const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

describe("zstd", () => {
  it.each(NAMES)("of %s is unpacked at every level", async (name) => {
    const data = SAMPLES[name]!;
    for (const level of [1, 2, 3, 5, 7, 9, 12, 16, 19, 22]) {
      const packed = await Zstd.fromConfig({ level }).encode(data);
      expect(same(decodeZstd(packed, data.length), data), `level ${level}`).toBe(true);
    }
  }, 60_000);

  it("is unpacked at every length", async () => {
    const [a, b] = [pixels(8000, 5), text(8000)];
    for (let length = 1; length < 4000; length += 1 + random(17)) {
      for (const data of [a.subarray(0, length), b.subarray(0, length)]) {
        const packed = await Zstd.fromConfig({ level: 1 + random(19) }).encode(data);
        expect(same(decodeZstd(packed, length), data), `${length}`).toBe(true);
      }
    }
  });

  it("knows several frames, and skips what may be skipped", async () => {
    const [a, b] = [text(5000), text(300)];
    const [one, two] = await Promise.all([a, b].map((data) => Zstd.fromConfig({ level: 3 }).encode(data)));
    const skipped = Uint8Array.of(0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 9, 9, 9);
    const packed = Uint8Array.from([...skipped, ...one!, ...skipped, ...two!]);
    expect(same(decodeZstd(packed, 10_000), Uint8Array.from([...a, ...b]))).toBe(true);
  });

  it("grows no further than allowed", async () => {
    const packed = await Zstd.fromConfig({ level: 1 }).encode(new Uint8Array(1e6));
    expect(() => decodeZstd(packed, 1e6 - 1)).toThrow(/1000000 bytes where at most 999999/);
    // the same without the size in its header: a window of 1 MiB, then blocks of one byte repeated
    const block = [(131_072 << 3) | 2, 0].map((head) => [head & 255, (head >> 8) & 255, head >> 16]);
    const bomb = Uint8Array.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0x50, ...Array<number[]>(1000).fill([...block[0]!, 0]).flat()]);
    expect(() => decodeZstd(bomb, 1e6)).toThrow(/more than the 1000000 bytes/);
  });

  it.each(["short text", "one value rarely", "noisy pixels"])("of %s, damaged, ends in an error or in bytes", async (name) => {
    const data = SAMPLES[name]!.subarray(0, 20_000);
    const packed = await Zstd.fromConfig({ level: 5 }).encode(data);
    for (let turn = 0; turn < 1500; turn++) {
      const broken = packed.slice(0, random(3) ? packed.length : random(packed.length));
      for (let i = random(4); i >= 0; i--) broken[random(Math.max(1, broken.length))] = random(256);
      let found: unknown;
      try {
        found = decodeZstd(broken, data.length);
      } catch (error) {
        found = error;
      }
      if (found instanceof Uint8Array) expect(found.length).toBeLessThanOrEqual(data.length);
      else expect((found as Error).name).toBe("CorruptError");
    }
  });
});

describe("LZ4", () => {
  it.each(NAMES.slice(1))("of %s is unpacked", async (name) => {
    const data = SAMPLES[name]!;
    const packed = await Lz4.fromConfig({ acceleration: 1 }).encode(data);
    expect(same(decodeSizedLz4(packed, data.length), data)).toBe(true);
    expect(() => decodeSizedLz4(packed, data.length - 1)).toThrow(/at most/);
    expect(() => decodeSizedLz4(packed.subarray(0, -3), data.length)).toThrow(/LZ4/);
  });
});

describe("Blosc", () => {
  const cases = ["blosclz", "lz4", "lz4hc", "zlib", "zstd"].flatMap((cname) => [0, 1, 2].map((shuffle) => [cname, shuffle] as const));
  it.each(cases)("with %s and shuffle %i is unpacked", async (cname, shuffle) => {
    for (const name of NAMES.slice(1)) {
      const data = SAMPLES[name]!;
      for (const clevel of [1, 5, 9]) {
        const packed = await Blosc.fromConfig({ cname, shuffle, clevel, blocksize: 0 }).encode(data);
        expect(same(await decodeBlosc(packed, data.length), data), `${name}, level ${clevel}`).toBe(true);
      }
    }
  }, 60_000);

  it.each(["blosclz", "lz4", "zstd", "zlib"])("with %s, damaged, ends in an error or in bytes", async (cname) => {
    const data = pixels(20_000, 20);
    const packed = await Blosc.fromConfig({ cname, shuffle: 1, clevel: 5, blocksize: 4096 }).encode(data);
    for (let turn = 0; turn < 500; turn++) {
      const broken = packed.slice(0, random(3) ? packed.length : random(packed.length));
      for (let i = random(4); i >= 0; i--) broken[random(Math.max(1, broken.length))] = random(256);
      const found: unknown = await decodeBlosc(broken, data.length).catch((error: unknown) => error);
      if (found instanceof Uint8Array) expect(found.length).toBeLessThanOrEqual(data.length);
      else expect((found as Error).message).toMatch(/damaged|cannot read/);
    }
  }, 30_000);
});
