/** Where chunks lie within shards: indices are read once, checked, and kept within bounds. */

import { Bounded } from "./bounded";
import { checked, CorruptError } from "./checksum";
import type { Store } from "./contracts";
import { Shared } from "./shared";

/** How the index of a shard is written. */
export interface IndexForm {
  /** Chunks of a shard along each axis. */
  counts: readonly number[];
  location: "start" | "end";
  checked: boolean;
}

export interface Piece {
  offset: number;
  length: number;
}

/** Offsets and lengths by turns; a length of -1 says that the chunk is not stored. */
type Index = Float64Array;

const ABSENT = 0xffff_ffff_ffff_ffffn;
const MOST = 2 ** 40;

export class ShardIndices {
  private readonly kept: Bounded<Shared<Index | undefined>>;

  constructor(
    private readonly store: Store,
    bytes = 32 * 2 ** 20,
  ) {
    this.kept = new Bounded(bytes);
  }

  /** Return where a chunk lies in a shard, undefined where the shard or the chunk is not stored. */
  async place(key: string, form: IndexForm, inner: readonly number[], signal?: AbortSignal): Promise<Piece | undefined> {
    const index = await this.index(key, form, signal);
    if (!index) return undefined;
    const number = inner.reduce((sum, place, axis) => sum * form.counts[axis]! + place, 0);
    const length = index[2 * number + 1]!;
    return length < 0 ? undefined : { offset: index[2 * number]!, length };
  }

  private index(key: string, form: IndexForm, signal?: AbortSignal): Promise<Index | undefined> {
    const found = this.kept.get(key);
    if (found && !found.cancelled) return found.wait(signal);
    const work: Shared<Index | undefined> = new Shared(async (own) => {
      try {
        return await this.read(key, form, own);
      } catch (error) {
        // Whatever may pass is asked for again; a broken index stays broken.
        if (!(error instanceof CorruptError) && this.kept.peek(key) === work) this.kept.delete(key);
        throw error;
      }
    });
    this.kept.set(key, work, 16 * count(form));
    return work.wait(signal);
  }

  private async read(key: string, form: IndexForm, signal: AbortSignal): Promise<Index | undefined> {
    const size = 16 * count(form) + (form.checked ? 4 : 0);
    const range = form.location === "end" ? { suffixLength: size } : { offset: 0, length: size };
    const bytes = await this.store.get(key, { range, signal });
    if (!bytes) return undefined;
    const what = `${this.store.url(key)}: the index of the shard`;
    if (bytes.length < size) {
      throw new CorruptError(`${what} is damaged: the file is shorter (${bytes.length} bytes) than its index (${size})`);
    }
    return parsed(form.checked ? checked(bytes, what) : bytes, what);
  }
}

function count(form: IndexForm): number {
  return form.counts.reduce((a, b) => a * b, 1);
}

function parsed(bytes: Uint8Array, what: string): Index {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const index = new Float64Array(bytes.length / 8);
  for (let i = 0; i < index.length; i += 2) {
    const offset = view.getBigUint64(8 * i, true);
    const length = view.getBigUint64(8 * i + 8, true);
    const absent = offset === ABSENT && length === ABSENT;
    index[i] = absent ? 0 : Number(offset);
    index[i + 1] = absent ? -1 : Number(length);
    if (!absent && (index[i]! > Number.MAX_SAFE_INTEGER || index[i + 1]! > MOST)) {
      throw new CorruptError(`${what} is damaged: it names a chunk at ${offset} of ${length} bytes`);
    }
  }
  return index;
}
