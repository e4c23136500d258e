import { describe, expect, it } from "vitest";
import { crc32c } from "../../src/store/checksum";
import { type IndexForm, ShardIndices } from "../../src/store/shards";
import { Watched } from "../fixtures";

const ABSENT = 2n ** 64n - 1n;
const FORM: IndexForm = { counts: [2, 2], location: "end", checked: true };

function index(entries: [bigint, bigint][], checksum = true): Uint8Array {
  const body = new Uint8Array(new BigUint64Array(entries.flat()).buffer);
  const whole = new Uint8Array(body.length + (checksum ? 4 : 0));
  whole.set(body);
  if (checksum) new DataView(whole.buffer).setUint32(body.length, crc32c(body), true);
  return whole;
}

const ENTRIES: [bigint, bigint][] = [[100n, 7n], [ABSENT, ABSENT], [0n, 100n], [107n, 1n]];
const AFTER = Uint8Array.from([...new Uint8Array(200), ...index(ENTRIES)]);
const BEFORE = Uint8Array.from([...index(ENTRIES, false), ...new Uint8Array(200)]);

describe("ShardIndices", () => {
  it("finds chunks at either end, with one request a shard", async () => {
    const store = new Watched(new Map([["s", AFTER], ["t", BEFORE]]));
    const indices = new ShardIndices(store);
    const asked = [[0, 0], [0, 1], [1, 0], [1, 1]];
    const found = await Promise.all(asked.map((inner) => indices.place("s", FORM, inner)));
    expect(found).toEqual([{ offset: 100, length: 7 }, undefined, { offset: 0, length: 100 }, { offset: 107, length: 1 }]);
    expect(store.asked).toEqual([{ key: "s", range: { suffixLength: 68 } }]);
    const form: IndexForm = { ...FORM, location: "start", checked: false };
    expect(await indices.place("t", form, [0, 0])).toEqual({ offset: 100, length: 7 });
    expect(store.asked[1]).toEqual({ key: "t", range: { offset: 0, length: 64 } });
  });

  it("knows absent shards, and remembers them", async () => {
    const store = new Watched(new Map());
    const indices = new ShardIndices(store);
    expect(await indices.place("s", FORM, [0, 0])).toBeUndefined();
    expect(await indices.place("s", FORM, [1, 1])).toBeUndefined();
    expect(store.asked.length).toBe(1);
  });

  it("says what is damaged", async () => {
    const flipped = AFTER.slice();
    flipped[205]! ^= 1;
    const huge = index([[100n, 2n ** 60n], ...ENTRIES.slice(1)]);
    const store = new Watched(new Map([["flipped", flipped], ["cut", AFTER.slice(-20)], ["huge", huge]]));
    const indices = new ShardIndices(store);
    await expect(indices.place("flipped", FORM, [0, 0])).rejects.toThrow(/flipped.*index.*checksum/);
    await expect(indices.place("cut", FORM, [0, 0])).rejects.toThrow(/shorter \(20 bytes\)/);
    await expect(indices.place("huge", FORM, [0, 0])).rejects.toThrow(/damaged/);
  });

  it("goes on for those who stay, and starts anew after all have left", async () => {
    const store = new Watched(new Map([["s", AFTER]]));
    const indices = new ShardIndices(store);
    const stop = new AbortController();
    const left = indices.place("s", FORM, [0, 0], stop.signal);
    const stays = indices.place("s", FORM, [1, 0]);
    stop.abort();
    await expect(left).rejects.toMatchObject({ name: "AbortError" });
    expect(await stays).toEqual({ offset: 0, length: 100 });

    const again = new ShardIndices(store);
    const other = new AbortController();
    const gone = again.place("s", FORM, [0, 0], other.signal);
    other.abort();
    await expect(gone).rejects.toMatchObject({ name: "AbortError" });
    expect(await again.place("s", FORM, [0, 0])).toEqual({ offset: 100, length: 7 });
  });

  it("stays within its bytes", async () => {
    const values = new Map(Array.from({ length: 10 }, (_, i) => [`s${i}`, AFTER]));
    const store = new Watched(values);
    const indices = new ShardIndices(store, 200);
    for (let i = 0; i < 10; i++) await indices.place(`s${i}`, FORM, [0, 0]);
    await indices.place("s9", FORM, [0, 0]);
    expect(store.asked.length).toBe(10);
    await indices.place("s0", FORM, [0, 0]);
    expect(store.asked.length).toBe(11);
  });
});
