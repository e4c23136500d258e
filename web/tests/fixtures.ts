/** The stores that `make_fixtures.py` wrote, and how their pixels follow from their places. */

import { readFileSync } from "node:fs";
import type { GetOptions, Store } from "../src/store/contracts";
import { MemoryStore } from "./memory";
import { decodeChunk } from "../src/tiles/decode";
import type { Decoder } from "../src/tiles/pool";

const packed = JSON.parse(readFileSync(new URL("./fixtures/stores.json", import.meta.url), "utf8")) as Record<string, string>;

/** The values below a folder, by key. */
export function values(folder: string): Map<string, Uint8Array> {
  const found = new Map<string, Uint8Array>();
  for (const [key, text] of Object.entries(packed)) {
    if (key.startsWith(`${folder}/`)) found.set(key.slice(folder.length + 1), Uint8Array.from(Buffer.from(text, "base64")));
  }
  if (found.size === 0) throw new Error(`no fixture ${folder}; run make_fixtures.py`);
  return found;
}

/** A store that notes what was asked of it. */
export class Watched implements Store {
  readonly asked: { key: string; range?: GetOptions["range"] }[] = [];
  private readonly inner: MemoryStore;

  constructor(values: ReadonlyMap<string, Uint8Array>) {
    this.inner = new MemoryStore(values);
  }

  url(key?: string): string {
    return this.inner.url(key);
  }

  get(key: string, options: GetOptions = {}): Promise<Uint8Array | undefined> {
    this.asked.push({ key, ...(options.range && { range: options.range }) });
    return this.inner.get(key, options);
  }

  get keys(): string[] {
    return this.asked.map((one) => one.key);
  }
}

/** Decodes in the same thread: Node has no workers like those of a browser. */
export const decoder: Decoder = {
  decode: (form, bytes, signal) => {
    signal.throwIfAborted();
    return decodeChunk(form, bytes);
  },
  close: () => undefined,
};

/** The value of level 0 at (..., c, z, y, x), as `make_fixtures.ramp` says. */
export function ramp(...place: number[]): number {
  const steps = [101, 31, 17, 5, 1].slice(-place.length);
  return place.reduce((sum, index, axis) => sum + index * steps[axis]!, 0) % 251;
}

/** Wait until something holds; the test fails by its own time limit otherwise. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 1));
}
