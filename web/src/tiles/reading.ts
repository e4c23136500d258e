/** One chunk from its place in an array to its pixels: through shards, and through the decoder. */

import type { ArrayInfo } from "../ome/model";
import { type GetOptions, passes, type Store, StoreError } from "../store/contracts";
import { isAbort } from "../store/shared";
import { type IndexForm, ShardIndices } from "../store/shards";
import type { Pixels } from "./contracts";
import type { Decoder } from "./pool";

/** A chunk that cannot be shown, with its address. */
export class ChunkError extends Error {
  constructor(
    readonly address: string,
    message: string,
    cause: unknown,
  ) {
    super(message, { cause });
    this.name = "ChunkError";
  }
}

export class ChunkReader {
  private readonly indices: ShardIndices;

  constructor(
    private readonly store: Store,
    private readonly decoder: Decoder,
  ) {
    this.indices = new ShardIndices(store);
  }

  /** Return the stored bytes of a chunk, undefined where it is not stored. */
  async fetch(info: ArrayInfo, place: readonly number[], signal: AbortSignal): Promise<Uint8Array | undefined> {
    if (!info.shards) return this.store.get(info.keyOf(place), { signal });
    const { shape, indexLocation, indexChecked } = info.shards;
    const counts = shape.map((size, axis) => size / info.chunks[axis]!);
    const form: IndexForm = { counts, location: indexLocation, checked: indexChecked };
    const key = shardKey(info, place, counts);
    const inner = place.map((index, axis) => index % counts[axis]!);
    const range = await this.indices.place(key, form, inner, signal);
    if (!range) return undefined;
    const options: GetOptions = { range, signal };
    return range.length === 0 ? new Uint8Array(0) : this.store.get(key, options);
  }

  /** Return the pixels of stored bytes; the error names the chunk. */
  async decode(info: ArrayInfo, place: readonly number[], bytes: Uint8Array, signal: AbortSignal): Promise<Pixels> {
    try {
      return await this.decoder.decode(info, bytes, signal);
    } catch (error) {
      if (isAbort(error)) throw error;
      const address = this.store.url(keyOf(info, place));
      const reason = error instanceof Error ? error.message : String(error);
      const where = info.shards ? `${address}, chunk ${place.join(", ")}` : address;
      throw new ChunkError(address, `${where}: ${reason}`, error);
    }
  }
}

/** The key of the value that holds a chunk. */
export function keyOf(info: ArrayInfo, place: readonly number[]): string {
  if (!info.shards) return info.keyOf(place);
  return shardKey(info, place, info.shards.shape.map((size, axis) => size / info.chunks[axis]!));
}

function shardKey(info: ArrayInfo, place: readonly number[], counts: readonly number[]): string {
  return info.keyOf(place.map((index, axis) => Math.floor(index / counts[axis]!)));
}

/** Whether it was taken back, which is no failure. */
export function wasCancelled(error: unknown): boolean {
  return isAbort(error) || (error instanceof StoreError && error.failure === "aborted");
}

/** Whether the server of the page itself does not answer. */
export function isGone(error: unknown): boolean {
  return error instanceof StoreError && error.failure === "gone";
}

/** Whether asking again later may help. */
export function mayPass(error: unknown): boolean {
  return error instanceof StoreError && passes(error);
}
