/** A store in memory, with the manners of a real one. */

import { type GetOptions, type Store, StoreError } from "../src/store/contracts";

export class MemoryStore implements Store {
  constructor(
    private readonly values: ReadonlyMap<string, Uint8Array>,
    private readonly name = "memory://",
  ) {}

  url(key = ""): string {
    return this.name + key;
  }

  async get(key: string, { range, signal }: GetOptions = {}): Promise<Uint8Array | undefined> {
    await Promise.resolve();
    const address = this.url(key);
    if (signal?.aborted) throw new StoreError("aborted", address, `${address}: no longer wanted`);
    const value = this.values.get(key);
    if (!value || !range) return value?.slice();
    if ("suffixLength" in range) return value.slice(Math.max(0, value.length - range.suffixLength));
    if (range.offset + range.length <= value.length) return value.slice(range.offset, range.offset + range.length);
    throw new StoreError("short", address, `${address}: it is shorter than its index says`);
  }
}
