import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { StoreError } from "../../src/store/contracts";
import { type HttpOptions, HttpStore } from "../../src/store/http";

const VALUE = Uint8Array.from({ length: 1000 }, (_, i) => i % 251);
let server: Server | undefined;
let seen: IncomingMessage[] = [];

type Answer = (request: IncomingMessage, response: ServerResponse, nth: number) => void;

async function serving(answer: Answer, options: HttpOptions = {}): Promise<HttpStore> {
  seen = [];
  server = createServer((request, response) => {
    seen.push(request);
    answer(request, response, seen.length);
  });
  await new Promise<void>((resolve) => server!.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return new HttpStore(`http://127.0.0.1:${port}/data/a%20b`, { pause: 1, ...options });
}

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** A server that knows ranges; `suffixes` says whether those from the end as well. */
function ranges(suffixes = true): Answer {
  return (request, response) => {
    const match = /^bytes=(\d*)-(\d*)$/.exec(request.headers.range ?? "");
    const head = request.method === "HEAD";
    if (!match || (match[1] === "" && !suffixes)) {
      response.writeHead(200, { "Content-Length": VALUE.length });
      response.end(head ? undefined : VALUE);
      return;
    }
    const from = match[1] === "" ? VALUE.length - Number(match[2]) : Number(match[1]);
    const to = match[1] === "" ? VALUE.length : Number(match[2]) + 1;
    response.writeHead(206, { "Content-Range": `bytes ${from}-${to - 1}/${VALUE.length}` });
    response.end(VALUE.slice(from, to));
  };
}

const status = (code: number): Answer => (_, response) => {
  response.writeHead(code);
  response.end("no");
};

async function failure(store: HttpStore, key = "k"): Promise<StoreError> {
  const error: unknown = await store.get(key).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(StoreError);
  return error as StoreError;
}

describe("HttpStore", () => {
  it("reads whole values and ranges", async () => {
    const store = await serving(ranges());
    expect(await store.get("x/zarr.json")).toEqual(VALUE);
    expect(await store.get("k", { range: { offset: 10, length: 5 } })).toEqual(VALUE.slice(10, 15));
    expect(await store.get("k", { range: { suffixLength: 7 } })).toEqual(VALUE.slice(-7));
    expect(store.counts).toEqual({ requests: 3, bytes: 1012 });
    expect(seen[0]!.url).toBe("/data/a%20b/x/zarr.json");
    expect(seen.every((request) => request.headers.authorization === undefined)).toBe(true);
  });

  it("writes keys so that no letter is taken for something else", async () => {
    const store = await serving(ranges());
    await store.get("a b/c#d/e?f/ü%2F");
    expect(seen[0]!.url).toBe("/data/a%20b/a%20b/c%23d/e%3Ff/%C3%BC%252F");
  });

  it("keeps a signature in the address, and out of messages", async () => {
    const store = await serving(status(403));
    const { port } = server!.address() as AddressInfo;
    const signed = new HttpStore(`http://127.0.0.1:${port}/x.zarr?sig=secret`);
    const error = await failure(signed, "zarr.json");
    expect(seen[0]!.url).toBe("/x.zarr/zarr.json?sig=secret");
    expect(error.message).not.toContain("secret");
    expect(store.url("k")).toContain("/data/a%20b/k");
    expect(new HttpStore("http://h/secret/", { shown: "data/x/" }).url("k")).toBe("data/x/k");
    vi.stubGlobal("document", { baseURI: "http://h/token/index.html" });
    expect(new HttpStore("http://h/token/data/x").url("k")).toBe("data/x/k");
    expect(new HttpStore("http://h/other/x").url("k")).toBe("http://h/other/x/k");
    vi.unstubAllGlobals();
  });

  it("knows absence from failure", async () => {
    expect(await (await serving(status(404))).get("k")).toBeUndefined();
    for (const [code, kind, word] of [[401, "unauthorized", "log in"], [403, "forbidden", "ask its owner"], [500, "server", "500"]] as const) {
      const error = await failure(await serving(status(code)));
      expect([error.failure, error.status]).toEqual([kind, code]);
      expect(error.message).toContain(word);
      server!.close();
    }
  });

  it("tries again what may pass, and not for ever", async () => {
    const store = await serving((request, response, nth) => (nth < 3 ? status(503) : ranges())(request, response, nth));
    expect(await store.get("k")).toEqual(VALUE);
    expect(seen.length).toBe(3);
    server!.close();
    await failure(await serving(status(503)));
    expect(seen.length).toBe(3);
    server!.close();
    await failure(await serving(status(403)));
    expect(seen.length).toBe(1);
  });

  it("names network and CORS where nobody answers", async () => {
    const store = new HttpStore("http://127.0.0.1:9/", { retries: 0 });
    const error = await failure(store);
    expect(error.failure).toBe("network");
    expect(error.message).toMatch(/network.*CORS/);
  });

  it("does not talk of CORS where the server of the page itself is gone", async () => {
    vi.stubGlobal("location", new URL("http://127.0.0.1:9/token/"));
    const error = await failure(new HttpStore("data/image/", { retries: 0 }));
    vi.unstubAllGlobals();
    expect(error.failure).toBe("gone");
    expect(error.message).toMatch(/start it again and reload/);
  });

  it("gives up what brings no byte for too long, before the answer or within it, but not what is only slow", async () => {
    const dumb = await serving(() => undefined, { stalled: 60, retries: 1 });
    const begun = performance.now();
    const error = await failure(dumb);
    expect([error.failure, seen.length]).toEqual(["network", 2]);
    expect(error.message).toContain("sent nothing for 0.06 s");
    expect(performance.now() - begun).toBeGreaterThanOrEqual(110);
    server!.closeAllConnections();
    server!.close();
    const halfway = await serving((_, response) => {
      response.writeHead(200, { "Content-Length": VALUE.length });
      response.write(VALUE.slice(0, 500));
    }, { stalled: 60, retries: 0 });
    expect((await failure(halfway)).message).toContain("sent nothing");
    server!.closeAllConnections();
    server!.close();
    const slow = await serving((_, response) => {
      let at = 0;
      const timer = setInterval(() => {
        response.write(VALUE.slice(at, (at += 100)));
        if (at < VALUE.length) return;
        response.end();
        clearInterval(timer);
      }, 20);
    }, { stalled: 150 });
    expect(await slow.get("k")).toEqual(VALUE); // 200 ms in all
  });

  it("does with a server that ignores ranges, and reads each value once", async () => {
    const store = await serving((_, response) => response.end(VALUE));
    expect(await store.get("k", { range: { offset: 10, length: 5 } })).toEqual(VALUE.slice(10, 15));
    const more = [20, 30, 40].map((offset) => store.get("k", { range: { offset, length: 5 } }));
    expect(await Promise.all(more)).toEqual([20, 30, 40].map((offset) => VALUE.slice(offset, offset + 5)));
    expect(await store.get("k", { range: { suffixLength: 7 } })).toEqual(VALUE.slice(-7));
    expect(seen.length).toBe(2);
  });

  it("does with a server that knows no ranges from the end", async () => {
    const store = await serving(ranges(false));
    expect(await store.get("k", { range: { suffixLength: 7 } })).toEqual(VALUE.slice(-7));
    expect(await store.get("j", { range: { suffixLength: 9 } })).toEqual(VALUE.slice(-9));
    expect(await store.get("k", { range: { offset: 1, length: 2 } })).toEqual(VALUE.slice(1, 3));
    expect(seen.map((request) => request.method)).toEqual(["GET", "GET", "HEAD", "GET", "GET"]);
  });

  it("says that a value is shorter than asked", async () => {
    const store = await serving((_, response) => {
      response.writeHead(206);
      response.end(VALUE.slice(0, 3));
    });
    const error: unknown = await store.get("k", { range: { offset: 0, length: 5 } }).catch((e: unknown) => e);
    expect(error).toMatchObject({ failure: "short" });
    server!.close();
    const past = await serving(status(416));
    await expect(past.get("k", { range: { offset: 5000, length: 5 } })).rejects.toMatchObject({ failure: "short" });
  });

  it("can be taken back, also while it waits to try again", async () => {
    const store = await serving(() => undefined);
    const stop = new AbortController();
    const read = store.get("k", { signal: stop.signal });
    setTimeout(() => stop.abort(), 20);
    await expect(read).rejects.toMatchObject({ failure: "aborted" });
    server!.closeAllConnections();
    server!.close();
    const slow = await serving(status(500), { pause: 60_000 });
    const later = new AbortController();
    setTimeout(() => later.abort(), 30);
    await expect(slow.get("k", { signal: later.signal })).rejects.toMatchObject({ failure: "aborted" });
    expect(seen.length).toBe(1);
  });
});
