// A browser on a string: reads one JSON command a line, writes one JSON answer a line. The tests are in tests/browser.
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const ARGUMENTS = [
  "--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--disable-quic",
  "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
];

const browser = await chromium.launch({ executablePath: process.argv[2], args: ARGUMENTS });
let context, page;
let seen = [];

/** Notes what a page asks for and complains about. */
function listen() {
  seen = [];
  const entries = new Map();
  page.on("response", (response) => {
    const request = response.request();
    const entry = { kind: "response", url: response.url(), method: request.method(), status: response.status(), range: request.headers().range ?? null, bytes: 0, done: false };
    entries.set(request, entry);
    seen.push(entry);
  });
  page.on("requestfinished", async (request) => {
    const entry = entries.get(request);
    if (!entry) return;
    entry.done = true; // those that were given up half-way are not
    entry.bytes = (await request.sizes().catch(() => ({ responseBodySize: 0 }))).responseBodySize;
  });
  page.on("requestfailed", (request) => seen.push({ kind: "failed", url: request.url(), text: request.failure()?.errorText }));
  page.on("console", (message) => seen.push({ kind: message.type(), text: message.text() }));
  page.on("pageerror", (error) => seen.push({ kind: "pageerror", text: String(error.stack ?? error) }));
}

const COMMANDS = {
  async open({ url, width = 1000, height = 700, dark = true, reduced = false, init }) {
    await context?.close();
    context = await browser.newContext({
      viewport: { width, height }, colorScheme: dark ? "dark" : "light", reducedMotion: reduced ? "reduce" : "no-preference",
      acceptDownloads: true,
    });
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    page = await context.newPage();
    listen();
    if (init) await page.addInitScript(init);
    await page.goto(url, { waitUntil: "load" });
  },
  /** Waits until the page says that all is drawn. */
  async ready({ timeout = 30000 }) {
    await page.waitForFunction(() => globalThis.zarrscope !== undefined, null, { timeout });
    const late = new Promise((_, reject) => setTimeout(() => reject(new Error("the page is not ready")), timeout));
    await Promise.race([page.evaluate(() => globalThis.zarrscope.ready()), late]);
  },
  evaluate: ({ code }) => page.evaluate(code),
  async pixels() {
    return page.evaluate(() => {
      const { width, height, data } = globalThis.zarrscope.pixels();
      let text = "";
      for (let i = 0; i < data.length; i += 8192) text += String.fromCharCode(...data.subarray(i, i + 8192));
      return { width, height, data: btoa(text) };
    });
  },
  async screenshot({ path }) {
    await page.screenshot({ path });
  },
  press: ({ key }) => page.keyboard.press(key),
  move: ({ x, y }) => page.mouse.move(x, y),
  wheel: ({ dx = 0, dy = 0 }) => page.mouse.wheel(dx, dy),
  async drag({ from, to, steps = 8 }) {
    await page.mouse.move(...from);
    await page.mouse.down();
    await page.mouse.move(...to, { steps });
    await page.mouse.up();
  },
  click: ({ role, name, selector }) => (selector ? page.locator(selector) : page.getByRole(role, { name })).first().click({ timeout: 5000 }),
  fill: ({ selector, text }) => page.locator(selector).first().fill(text),
  async text({ selector = "body" }) {
    return page.locator(selector).first().innerText({ timeout: 5000 });
  },
  async download({ key }) {
    const [download] = await Promise.all([page.waitForEvent("download", { timeout: 10000 }), page.keyboard.press(key)]);
    return { path: await download.path(), name: download.suggestedFilename() };
  },
  async address() {
    return page.url();
  },
  async reload() {
    await page.reload({ waitUntil: "load" });
  },
  async sleep({ seconds }) {
    await new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
  },
  async seen({ clear = false }) {
    const found = seen;
    if (clear) seen = [];
    return found;
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { command, ...options } = JSON.parse(line);
  let answer;
  try {
    answer = { value: (await COMMANDS[command](options)) ?? null };
  } catch (error) {
    answer = { error: String(error.message ?? error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
setTimeout(() => process.exit(), 5000); // a page that still waits for a server that is gone
await browser.close();
process.exit();
