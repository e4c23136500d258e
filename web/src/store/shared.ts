/** Work that several wait for: it goes on as long as one of them wants it. */

export function aborted(signal: AbortSignal | undefined): DOMException {
  const reason: unknown = signal?.reason;
  return reason instanceof DOMException ? reason : new DOMException("no longer wanted", "AbortError");
}

export function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}

/** One piece of work; it is cancelled only when nobody who asked for it wants it any more. */
export class Shared<T> {
  private readonly controller = new AbortController();
  private readonly result: Promise<T>;
  private waiting = 0;
  private settled = false;

  constructor(start: (signal: AbortSignal) => Promise<T>) {
    this.result = start(this.controller.signal);
    const settle = (): void => {
      this.settled = true;
    };
    this.result.then(settle, settle);
  }

  /** Everybody left before it was done: who comes now has to start it anew. */
  get cancelled(): boolean {
    return this.controller.signal.aborted;
  }

  /** Wait for the result; the signal takes back this one wish only. */
  wait(signal?: AbortSignal): Promise<T> {
    if (signal?.aborted) return Promise.reject(aborted(signal));
    this.waiting += 1;
    return new Promise<T>((resolve, reject) => {
      const leave = (): void => {
        this.waiting -= 1;
        if (this.waiting === 0 && !this.settled) this.controller.abort(aborted(signal));
        reject(aborted(signal));
      };
      signal?.addEventListener("abort", leave, { once: true });
      const done = (): void => signal?.removeEventListener("abort", leave);
      this.result.then(
        (value) => {
          done();
          resolve(value);
        },
        (error: unknown) => {
          done();
          reject(error as Error);
        },
      );
    });
  }
}
