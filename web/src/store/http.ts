/** A store behind HTTP: any web server, with ranges where it knows them. */

import { Bounded } from "./bounded";
import { type GetOptions, passes, type Range, type Store, StoreError } from "./contracts";
import { whole } from "./parts";
import { isAbort, Shared } from "./shared";

export interface HttpOptions {
  /** What messages show instead of the address; below the page itself it is what follows, because what comes before may hold a token. */
  shown?: string;
  /** How often a request is tried again after a failure that may pass. */
  retries?: number;
  /** Mean of the first pause in milliseconds. */
  pause?: number;
  /** A request that brings no byte for so many milliseconds is given up, as if the network had failed. */
  stalled?: number;
  fetch?: typeof fetch;
}

/** Values kept whole where a server does not know ranges, so that each is read once. */
const WHOLE_VALUES = 128 * 2 ** 20;
const LONGEST_PAUSE = 5_000;
const STALLED_AFTER = 30_000;
/** What lies below the page comes from a server that may have to compute it first. */
const OWN_STALLED_AFTER = 120_000;

export class HttpStore implements Store {
  readonly counts = { requests: 0, bytes: 0 };
  private readonly base: URL;
  private readonly shown: string | undefined;
  private readonly stalled: number;
  private readonly fetch: typeof fetch;
  private rangesIgnored = false;
  private suffixesIgnored = false;
  private readonly wholes = new Bounded<Shared<Uint8Array | undefined>>(WHOLE_VALUES);

  constructor(
    base: string | URL,
    private readonly options: HttpOptions = {},
  ) {
    this.base = new URL(base, globalThis.location?.href);
    if (!this.base.pathname.endsWith("/")) this.base.pathname += "/";
    this.base.hash = "";
    const beside = besidePage(this.base);
    this.shown = options.shown ?? beside;
    this.stalled = options.stalled ?? (beside === undefined ? STALLED_AFTER : OWN_STALLED_AFTER);
    // An unbound `fetch` refuses to run as a method of something else than the window.
    this.fetch = options.fetch ?? ((input, init) => globalThis.fetch(input, init));
  }

  url(key = ""): string {
    if (this.shown !== undefined) return this.shown + key;
    const url = this.address(key);
    return url.origin + url.pathname;
  }

  async get(key: string, options: GetOptions = {}): Promise<Uint8Array | undefined> {
    const { range, signal } = options;
    if (!range) return (await this.request(key, undefined, signal))?.bytes;
    if (this.rangesIgnored) return cut(await this.whole(key, signal), range, this.url(key));
    if ("suffixLength" in range && this.suffixesIgnored) return this.suffixBySize(key, range, signal);
    const answer = await this.request(key, range, signal);
    if (!answer) return undefined;
    if (answer.partial) return exact(answer.bytes, range, this.url(key));
    if (answer.size !== undefined) return this.offsetInstead(key, answer.size, range, signal);
    // Some servers answer a range that is the whole value with 200: that alone proves nothing.
    const asked = "suffixLength" in range ? range.suffixLength : range.length;
    if (answer.bytes.length > asked) this.rangesIgnored = true;
    return cut(answer.bytes, range, this.url(key));
  }

  /** Some servers know ranges but none from the end: the answer tells the size, and that will do. */
  private async offsetInstead(key: string, size: number, range: Range, signal?: AbortSignal) {
    this.suffixesIgnored = true;
    return this.get(key, { range: fromStart(range, size), ...(signal && { signal }) });
  }

  private async suffixBySize(key: string, range: { suffixLength: number }, signal?: AbortSignal) {
    const answer = await this.request(key, undefined, signal, "HEAD");
    if (!answer) return undefined;
    if (answer.size === undefined) return cut(await this.whole(key, signal), range, this.url(key));
    return this.get(key, { range: fromStart(range, answer.size), ...(signal && { signal }) });
  }

  private whole(key: string, signal?: AbortSignal): Promise<Uint8Array | undefined> {
    const found = this.wholes.get(key);
    if (found && !found.cancelled) return found.wait(signal);
    const work: Shared<Uint8Array | undefined> = new Shared(async (own) => {
      try {
        const bytes = (await this.request(key, undefined, own))?.bytes;
        this.wholes.set(key, work, bytes?.length ?? 0);
        return bytes;
      } catch (error) {
        if (this.wholes.peek(key) === work) this.wholes.delete(key);
        throw error;
      }
    });
    this.wholes.set(key, work, 0);
    return work.wait(signal);
  }

  private address(key: string): URL {
    const url = new URL(this.base);
    url.pathname += key.split("/").map(encodeURIComponent).join("/");
    return url;
  }

  private async request(key: string, range?: Range, signal?: AbortSignal, method = "GET") {
    const tries = this.options.retries ?? 2;
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.once(key, range, signal, method);
      } catch (error) {
        const again = error instanceof StoreError && passes(error) && attempt < tries;
        if (!again) throw error;
        await rest((this.options.pause ?? 300) * 2 ** attempt * (0.5 + Math.random()), signal);
      }
    }
  }

  private async once(key: string, range: Range | undefined, signal: AbortSignal | undefined, method: string) {
    const headers: Record<string, string> = {};
    if (range) headers["Range"] = rangeHeader(range);
    const shown = this.url(key);
    this.counts.requests += 1;
    const watch = new Watch(this.stalled, signal);
    try {
      const response = await this.fetch(this.address(key), { method, headers, signal: watch.signal });
      watch.heard();
      if (response.status === 404 || response.status === 410) {
        void response.body?.cancel();
        return undefined;
      }
      if (!response.ok) throw await refused(response, shown, range);
      return await this.received(response, range, method, watch);
    } catch (error) {
      if (error instanceof StoreError) throw error;
      if (watch.stalled) throw silent(shown, this.stalled);
      if (signal?.aborted || isAbort(error)) throw new StoreError("aborted", shown, `${shown}: no longer wanted`);
      throw this.base.origin === globalThis.location?.origin ? gone(shown) : unreachable(shown, error);
    } finally {
      watch.end();
    }
  }

  private async received(response: Response, range: Range | undefined, method: string, watch: Watch) {
    const partial = response.status === 206;
    const size = sizeOf(response);
    const suffixUnknown = !partial && range !== undefined && "suffixLength" in range && !this.suffixesIgnored;
    if (method === "HEAD" || (suffixUnknown && size !== undefined && size > range.suffixLength)) {
      void response.body?.cancel();
      return { bytes: new Uint8Array(0), partial, size };
    }
    const bytes = response.body ? await whole(response.body, () => watch.heard()) : new Uint8Array(0);
    this.counts.bytes += bytes.length;
    return { bytes, partial, size: undefined };
  }
}

/** Gives a request up when nothing has been heard for too long, or when it is taken back. */
class Watch {
  stalled = false;
  private readonly controller = new AbortController();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly leave = (): void => this.controller.abort(this.wish?.reason);

  constructor(
    private readonly patience: number,
    private readonly wish: AbortSignal | undefined,
  ) {
    if (wish?.aborted) this.leave();
    wish?.addEventListener("abort", this.leave, { once: true });
    this.heard();
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  heard(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.stalled = true;
      this.controller.abort();
    }, this.patience);
  }

  end(): void {
    clearTimeout(this.timer);
    this.wish?.removeEventListener("abort", this.leave);
  }
}

/** The address as it stands below the page, undefined where it is elsewhere or there is no page. */
function besidePage(base: URL): string | undefined {
  const page = globalThis.document?.baseURI;
  const folder = page && new URL(".", page).href;
  return folder && base.href.startsWith(folder) ? base.pathname.slice(new URL(folder).pathname.length) : undefined;
}

function rangeHeader(range: Range): string {
  if ("suffixLength" in range) return `bytes=-${range.suffixLength}`;
  return `bytes=${range.offset}-${range.offset + range.length - 1}`;
}

function fromStart(range: Range, size: number): Range {
  if (!("suffixLength" in range)) return range;
  const length = Math.min(range.suffixLength, size);
  return { offset: size - length, length };
}

/** The length that is told is that of the value only where nothing packed it on the way. */
function sizeOf(response: Response): number | undefined {
  const told = response.headers.get("Content-Length");
  return told === null || response.headers.get("Content-Encoding") ? undefined : Number(told);
}

/** A copy: whoever gets it may hand the memory on to a worker. */
function cut(bytes: Uint8Array | undefined, range: Range, address: string): Uint8Array | undefined {
  if (!bytes) return undefined;
  if ("suffixLength" in range) return bytes.slice(Math.max(0, bytes.length - range.suffixLength));
  return exact(bytes.slice(range.offset, range.offset + range.length), range, address);
}

function exact(bytes: Uint8Array, range: Range, address: string): Uint8Array {
  if ("suffixLength" in range ? bytes.length <= range.suffixLength : bytes.length === range.length) return bytes;
  const wanted = "suffixLength" in range ? range.suffixLength : range.length;
  const message = `${address}: ${bytes.length} bytes came where ${wanted} were asked for; the file is cut off or was replaced meanwhile`;
  throw new StoreError("short", address, message);
}

/** Wait, but not for somebody who has left: the next try tells them. */
function rest(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const go = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", go);
      resolve();
    };
    const timer = setTimeout(go, Math.min(milliseconds, LONGEST_PAUSE));
    signal?.addEventListener("abort", go, { once: true });
  });
}

/** What a server says of its trouble in plain words, as ours does: it knows more than a number tells. */
async function reasonOf(response: Response): Promise<string> {
  const told = response.status >= 500 || [401, 403].includes(response.status);
  if (response.headers.get("Content-Type")?.startsWith("text/plain") && told) {
    return (await response.text().catch(() => "")).trim().slice(0, 500);
  }
  void response.body?.cancel();
  return "";
}

async function refused(response: Response, address: string, range?: Range): Promise<StoreError> {
  const reason = await reasonOf(response);
  const { status } = response;
  if (status === 401) {
    const message = `${address}: the server wants to know who asks (401); ${reason || "open the link with its token, or log in there first"}`;
    return new StoreError("unauthorized", address, message, status);
  }
  if (status === 403) {
    const message = `${address}: the server does not allow this (403); ${reason || "ask its owner for access, or check the link"}`;
    return new StoreError("forbidden", address, message, status);
  }
  if (status === 416 && range) {
    return new StoreError("short", address, `${address}: the file is shorter than its index says (416)`, status);
  }
  const hint = status === 429 ? "it is asked too often; wait a little" : "try again later, or tell its owner";
  const message = reason === "" ? `${address}: the server answered ${status}; ${hint}` : `${reason} (${status})`;
  return new StoreError("server", address, message, status);
}

function silent(address: string, milliseconds: number): StoreError {
  const message = `${address}: the server sent nothing for ${milliseconds / 1000} s; it is overloaded, or the network is`;
  return new StoreError("network", address, message);
}

/** The page came from there: it may read from it, and whoever looks at it can start it again. */
function gone(address: string): StoreError {
  const message = "The program that shows this page does not answer. If zarrscope was ended, start it again and reload";
  return new StoreError("gone", address, message);
}

function unreachable(address: string, error: unknown): StoreError {
  const reason = error instanceof Error ? error.message : String(error);
  const message =
    `${address}: no answer (${reason}). Either the network or the server is down, or the server does not allow ` +
    "other pages to read from it (CORS): then it has to send Access-Control-Allow-Origin";
  return new StoreError("network", address, message);
}
