/** What a store is: bytes by key. The same contract as in the Python half, but asynchronous. */

/** A part of a value: from an offset, or its last bytes. */
export type Range = { offset: number; length: number } | { suffixLength: number };

export interface GetOptions {
  range?: Range;
  signal?: AbortSignal;
}

/** Keys are relative, without a leading slash, separated by `/`. */
export interface Store {
  /** Returns the value or the part of it, undefined where the key is absent (a definite 404); else throws StoreError. */
  get(key: string, options?: GetOptions): Promise<Uint8Array | undefined>;
  /** Address of a key for messages, without the token. */
  url(key?: string): string;
}

/** Why a request failed, in terms that the user interface can explain; "gone" is the server of the page itself. */
export type StoreFailure = "network" | "gone" | "unauthorized" | "forbidden" | "server" | "short" | "aborted";

export class StoreError extends Error {
  constructor(
    readonly failure: StoreFailure,
    readonly address: string,
    message: string,
    readonly status?: number,
  ) {
    super(message);
    this.name = "StoreError";
  }
}

/** Whether asking again may help: the network, and a server that has too much to do or stumbled. */
export function passes({ failure, status }: StoreError): boolean {
  if (failure === "network" || failure === "gone") return true;
  return failure === "server" && ([408, 425, 429].includes(status ?? 0) || ((status ?? 0) >= 500 && status !== 501));
}
