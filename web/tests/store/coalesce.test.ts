import { describe, expect, it } from "vitest";
import { CoalescedStore } from "../../src/store/coalesce";
import type { GetOptions, Store } from "../../src/store/contracts";
import { Watched } from "../fixtures";

const VALUE = Uint8Array.from({ length: 100_000 }, (_, i) => (i * 7) % 256);
const stored = (): Watched => new Watched(new Map([["a", VALUE], ["b", VALUE]]));
const part = (offset: number, length: number): GetOptions => ({ range: { offset, length } });

/** Answers only when told to. */
class Held implements Store {
  readonly open: { key: string; signal: AbortSignal | undefined; answer: () => void }[] = [];
  most = 0;
  url = (key = ""): string => key;
  get(key: string, { range, signal }: GetOptions = {}): Promise<Uint8Array | undefined> {
    return new Promise((resolve, reject) => {
      const length = range && "length" in range ? range.length : 1;
      const one = { key, signal, answer: () => resolve(new Uint8Array(length)) };
      signal?.addEventListener("abort", () => reject(signal.reason as Error));
      this.open.push(one);
      this.most = Math.max(this.most, this.open.length);
    });
  }
}

const tick = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

describe("CoalescedStore", () => {
  it("joins what lies close together and is asked for at once", async () => {
    const inner = stored();
    const store = new CoalescedStore(inner, { gap: 100 });
    const asked = [[50, 10], [0, 20], [150, 5], [400, 10], [55, 20]] as const;
    const parts = await Promise.all(asked.map(([offset, length]) => store.get("a", part(offset, length))));
    asked.forEach(([offset, length], i) => expect(parts[i]).toEqual(VALUE.slice(offset, offset + length)));
    expect(inner.asked.map((one) => one.range)).toEqual([{ offset: 0, length: 155 }, { offset: 400, length: 10 }]);
  });

  it("keeps values apart, and moments", async () => {
    const inner = stored();
    const store = new CoalescedStore(inner);
    await Promise.all([store.get("a", part(0, 5)), store.get("b", part(5, 5))]);
    await store.get("a", part(10, 5));
    expect(inner.keys).toEqual(["a", "b", "a"]);
  });

  it("makes no request larger than allowed", async () => {
    const inner = stored();
    const store = new CoalescedStore(inner, { most: 1000 });
    await Promise.all(Array.from({ length: 30 }, (_, i) => store.get("a", part(i * 100, 100))));
    const lengths = inner.asked.map((one) => (one.range as { length: number }).length);
    expect(lengths).toEqual([1000, 1000, 1000]);
  });

  it("gives up a request only when nobody wants it", async () => {
    const inner = new Held();
    const store = new CoalescedStore(inner);
    const [first, second] = [new AbortController(), new AbortController()];
    const one = store.get("a", { ...part(0, 5), signal: first.signal });
    const two = store.get("a", { ...part(5, 5), signal: second.signal });
    await tick();
    first.abort();
    await expect(one).rejects.toMatchObject({ failure: "aborted" });
    expect(inner.open[0]!.signal!.aborted).toBe(false);
    second.abort();
    await expect(two).rejects.toMatchObject({ failure: "aborted" });
    expect(inner.open[0]!.signal!.aborted).toBe(true);
  });

  it("asks for no more than six at a time, in order, without those that left", async () => {
    const inner = new Held();
    const store = new CoalescedStore(inner);
    const stops = Array.from({ length: 10 }, () => new AbortController());
    const reads = stops.map((stop, i) => store.get(`k${i}`, { signal: stop.signal }).catch(() => "left"));
    await tick();
    expect(inner.open.map((one) => one.key)).toEqual(["k0", "k1", "k2", "k3", "k4", "k5"]);
    stops[6]!.abort();
    inner.open[0]!.answer();
    await tick();
    expect(inner.open.map((one) => one.key).slice(6)).toEqual(["k7"]);
    stops[1]!.abort();
    await tick();
    expect(inner.open.map((one) => one.key).slice(6)).toEqual(["k7", "k8"]);
    for (let i = 0; i < 10; i++) inner.open[i]?.answer();
    await tick();
    inner.open.at(-1)!.answer();
    expect((await Promise.all(reads)).filter((one) => one === "left").length).toBe(2);
  });

  it("does not let one range past the end spoil its neighbours", async () => {
    const store = new CoalescedStore(stored());
    const good = store.get("a", part(99_990, 10));
    const bad = store.get("a", part(99_995, 10));
    await expect(bad).rejects.toMatchObject({ failure: "short" });
    expect(await good).toEqual(VALUE.slice(-10));
  });
});
