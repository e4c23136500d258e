/** A store that counts what is asked of another. */

import type { GetOptions, Store } from "./contracts";

export class CountedStore implements Store {
  readonly counts = { requests: 0, bytes: 0 };

  constructor(private readonly inner: Store) {}

  url(key?: string): string {
    return this.inner.url(key);
  }

  async get(key: string, options?: GetOptions): Promise<Uint8Array | undefined> {
    this.counts.requests += 1;
    const bytes = await this.inner.get(key, options);
    this.counts.bytes += bytes?.length ?? 0;
    return bytes;
  }
}
