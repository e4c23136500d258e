/** A store that joins ranges of one value that are asked for at the same moment: one request instead of twenty. */

import { type GetOptions, type Store, StoreError } from "./contracts";
import { aborted, Shared } from "./shared";

export interface CoalesceOptions {
  /** Ranges that lie closer than this are read in one go. */
  gap?: number;
  /** Largest request. */
  most?: number;
  /** Requests at a time. */
  parallel?: number;
}

interface Wish {
  offset: number;
  length: number;
  signal: AbortSignal | undefined;
  resolve: (bytes: Promise<Uint8Array | undefined>) => void;
}

export class CoalescedStore implements Store {
  private readonly gap: number;
  private readonly most: number;
  private readonly gate: Gate;
  private pending = new Map<string, Wish[]>();
  private scheduled = false;

  constructor(
    private readonly inner: Store,
    options: CoalesceOptions = {},
  ) {
    this.gap = options.gap ?? 64 * 1024;
    this.most = options.most ?? 8 * 2 ** 20;
    this.gate = new Gate(options.parallel ?? 6);
  }

  url(key?: string): string {
    return this.inner.url(key);
  }

  get(key: string, options: GetOptions = {}): Promise<Uint8Array | undefined> {
    const { range, signal } = options;
    if (signal?.aborted) return Promise.reject(this.dropped(key));
    if (!range || "suffixLength" in range) {
      return this.gate.run(() => this.inner.get(key, options), signal).catch(this.renamed(key));
    }
    return new Promise<Uint8Array | undefined>((resolve) => {
      const wishes = this.pending.get(key) ?? [];
      wishes.push({ ...range, signal, resolve });
      this.pending.set(key, wishes);
      if (!this.scheduled) setTimeout(() => this.flush(), 0);
      this.scheduled = true;
    }).catch(this.renamed(key));
  }

  private flush(): void {
    const pending = this.pending;
    this.pending = new Map();
    this.scheduled = false;
    for (const [key, wishes] of pending) {
      for (const group of joined(wishes, this.gap, this.most)) this.start(key, group);
    }
  }

  private start(key: string, wishes: Wish[]): void {
    const offset = wishes[0]!.offset;
    const length = Math.max(...wishes.map((wish) => wish.offset + wish.length)) - offset;
    const work = new Shared((signal) =>
      this.gate.run(() => this.inner.get(key, { range: { offset, length }, signal }), signal),
    );
    for (const wish of wishes) {
      const from = wish.offset - offset;
      if (wishes.length === 1) {
        wish.resolve(work.wait(wish.signal));
        continue;
      }
      // A copy each: whoever gets it may hand the memory on to a worker.
      const part = work.wait(wish.signal).then((bytes) => bytes?.slice(from, from + wish.length));
      wish.resolve(part.catch((error: unknown) => this.alone(key, wish, error)));
    }
  }

  /** One range past the end of a value is not to take its neighbours with it. */
  private alone(key: string, wish: Wish, error: unknown): Promise<Uint8Array | undefined> {
    if (!(error instanceof StoreError) || error.failure !== "short") throw error;
    const range = { offset: wish.offset, length: wish.length };
    const options: GetOptions = wish.signal ? { range, signal: wish.signal } : { range };
    return this.gate.run(() => this.inner.get(key, options), wish.signal);
  }

  private dropped(key: string): StoreError {
    const address = this.url(key);
    return new StoreError("aborted", address, `${address}: no longer wanted`);
  }

  private renamed(key: string): (error: unknown) => never {
    return (error) => {
      throw error instanceof DOMException && error.name === "AbortError" ? this.dropped(key) : error;
    };
  }
}

/** Groups of wishes that lie close together; what was asked for first starts first. */
function joined(wishes: readonly Wish[], gap: number, most: number): Wish[][] {
  const order = new Map(wishes.map((wish, index) => [wish, index]));
  const wanted = wishes.filter((wish) => !wish.signal?.aborted);
  for (const wish of wishes) {
    if (wish.signal?.aborted) wish.resolve(Promise.reject(aborted(wish.signal)));
  }
  const groups: Wish[][] = [];
  let end = 0;
  for (const wish of wanted.sort((a, b) => a.offset - b.offset)) {
    const group = groups.at(-1);
    const stop = Math.max(end, wish.offset + wish.length);
    if (group && wish.offset <= end + gap && stop - group[0]!.offset <= most) group.push(wish);
    else groups.push([wish]);
    end = group === groups.at(-1) ? stop : wish.offset + wish.length;
  }
  const first = (group: Wish[]): number => Math.min(...group.map((wish) => order.get(wish)!));
  return groups.sort((a, b) => first(a) - first(b));
}

/** Lets a number of pieces of work run at a time, in the order in which they came. */
class Gate {
  private readonly queue: (() => void)[] = [];
  private running = 0;

  constructor(private readonly most: number) {}

  async run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (this.running >= this.most) await this.turn(signal);
    else this.running += 1;
    try {
      if (signal?.aborted) throw aborted(signal);
      return await work();
    } finally {
      const next = this.queue.shift();
      if (next) next();
      else this.running -= 1;
    }
  }

  /** Wait for a place that somebody hands on. */
  private turn(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.queue.splice(this.queue.indexOf(start), 1);
        reject(aborted(signal));
      };
      const start = (): void => {
        signal?.removeEventListener("abort", leave);
        resolve();
      };
      signal?.addEventListener("abort", leave, { once: true });
      this.queue.push(start);
    });
  }
}
