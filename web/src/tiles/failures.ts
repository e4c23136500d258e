/** What could not be read: what may pass is asked for again by itself, after pauses that grow. */

import { mayPass } from "./reading";

interface Failure {
  error: Error;
  times: number;
  /** When it is asked for again; never where asking again cannot help. */
  due: number;
}

const FIRST_PAUSE = 5_000;
const LONGEST_PAUSE = 60_000;

export class Failures {
  private readonly all = new Map<string, Failure>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  /** When the timer rings. */
  private next = Infinity;

  /** `again` is called when something is to be asked for once more. */
  constructor(
    private readonly again: () => void,
    private readonly pause = FIRST_PAUSE,
  ) {}

  /** Why something is not here; it stays so until it is. */
  get(key: string): Error | undefined {
    return this.all.get(key)?.error;
  }

  /** Whether something failed and is not to be asked for again yet. */
  rests(key: string): boolean {
    return Date.now() < (this.all.get(key)?.due ?? 0);
  }

  add(key: string, reason: unknown): void {
    const error = reason instanceof Error ? reason : new Error(String(reason));
    const times = (this.all.get(key)?.times ?? 0) + 1;
    const pause = Math.min(LONGEST_PAUSE, this.pause * 2 ** (times - 1));
    this.all.set(key, { error, times, due: mayPass(error) ? Date.now() + pause : Infinity });
    if (mayPass(error)) this.wait(Date.now() + pause);
  }

  /** It is here after all. */
  delete(key: string): void {
    this.all.delete(key);
  }

  close(): void {
    clearTimeout(this.timer);
    this.all.clear();
  }

  /** One timer for all of them: a server that is down fails a screen full of chunks at once. */
  private wait(until: number): void {
    if (until >= this.next) return;
    clearTimeout(this.timer);
    this.next = until;
    this.timer = setTimeout(() => {
      this.next = Infinity;
      const now = Date.now();
      for (const { due } of this.all.values()) if (due > now && due < Infinity) this.wait(due);
      this.again();
    }, until - Date.now());
  }
}
