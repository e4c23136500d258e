/** How chunks are handed to workers. Node has none like a browser's: one that answers on demand stands in for them. */

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ChunkForm } from "../../src/tiles/decode";
import { type Answer, DecodePool, type Question } from "../../src/tiles/pool";

class Hand {
  static all: Hand[] = [];
  asked: Question[] = [];
  ended = false;
  onmessage: ((event: { data: Answer }) => void) | undefined;
  onerror: ((event: { message: string; preventDefault(): void }) => void) | undefined;
  constructor() {
    Hand.all.push(this);
  }
  postMessage(question: Question, transferred: ArrayBuffer[]): void {
    this.asked.push(structuredClone(question, { transfer: transferred }));
  }
  terminate(): void {
    this.ended = true;
  }
  answer(): void {
    const { id, bytes } = this.asked.shift()!;
    this.onmessage!({ data: { id, pixels: bytes } });
  }
}

const FORM: ChunkForm = { document: {}, dtype: "uint8", chunks: [4] };
const ask = (pool: DecodePool, value: number, signal = new AbortController().signal) =>
  pool.decode(FORM, new Uint8Array(4).fill(value), signal);

beforeEach(() => {
  Hand.all = [];
  vi.stubGlobal("Worker", Hand);
});
afterEach(() => vi.unstubAllGlobals());

describe("DecodePool", () => {
  it("hands out two chunks a worker, and the others as these come back", async () => {
    const pool = new DecodePool(2);
    const results = [1, 2, 3, 4, 5, 6].map((value) => ask(pool, value));
    expect(Hand.all.map((hand) => hand.asked.map((one) => one.bytes[0]))).toEqual([[1, 3], [2, 4]]);
    for (let i = 0; i < 3; i++) Hand.all.forEach((hand) => hand.answer());
    expect((await Promise.all(results)).map((pixels) => pixels[0])).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it("takes memory along only where it is a chunk's own", async () => {
    const pool = new DecodePool(1);
    const shared = new Uint8Array(8).fill(9);
    const result = pool.decode(FORM, shared.subarray(2, 6), new AbortController().signal);
    expect(shared.length).toBe(8);
    Hand.all[0]!.answer();
    expect(await result).toEqual(new Uint8Array(4).fill(9));
  });

  it("drops what waits when it is taken back", async () => {
    const pool = new DecodePool(1);
    const stop = new AbortController();
    const kept = [ask(pool, 1), ask(pool, 2)];
    const dropped = ask(pool, 3, stop.signal);
    kept.push(ask(pool, 4));
    stop.abort();
    await expect(dropped).rejects.toMatchObject({ name: "AbortError" });
    for (let i = 0; i < 3; i++) Hand.all[0]!.answer();
    expect((await Promise.all(kept)).map((pixels) => pixels[0])).toEqual([1, 2, 4]);
  });

  it("tells the errors of chunks, and goes on after a worker broke down", async () => {
    const pool = new DecodePool(1);
    const bad = ask(pool, 1);
    Hand.all[0]!.onmessage!({ data: { id: Hand.all[0]!.asked[0]!.id, error: { name: "CorruptError", message: "the chunk is damaged" } } });
    await expect(bad).rejects.toMatchObject({ name: "CorruptError", message: "the chunk is damaged" });
    const lost = ask(pool, 2);
    Hand.all[0]!.onerror!({ message: "out of memory", preventDefault: () => undefined });
    await expect(lost).rejects.toThrow(/out of memory.*reload/);
    expect(Hand.all[0]!.ended).toBe(true);
    const next = ask(pool, 3);
    Hand.all[1]!.answer();
    expect(await next).toEqual(new Uint8Array(4).fill(3));
  });

  it("ends with all that is open", async () => {
    const pool = new DecodePool(1);
    pool.prepare();
    expect(Hand.all.length).toBe(1);
    const open = [1, 2, 3].map((value) => ask(pool, value));
    pool.close();
    for (const one of open) await expect(one).rejects.toThrow("closed");
    expect(Hand.all.every((hand) => hand.ended)).toBe(true);
  });
});
