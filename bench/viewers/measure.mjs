// One viewer in a fresh browser: reads what to do as JSON from its first argument, prints what was measured.
import { chromium } from "playwright-core";

const ARGUMENTS = [
  "--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--disable-quic",
  "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
];
const QUIET = 1000;

/** Runs in the page before its own scripts: notes when the canvas first holds a picture. */
function watch() {
  const small = new OffscreenCanvas(48, 48).getContext("2d", { willReadFrequently: true });
  const getContext = HTMLCanvasElement.prototype.getContext;
  HTMLCanvasElement.prototype.getContext = function (kind, options) {
    if (kind !== "webgl2") return getContext.call(this, kind, options);
    globalThis.watched = this;
    // What was drawn can be read at any time.
    return getContext.call(this, kind, { ...options, preserveDrawingBuffer: true });
  };
  /** Share of the canvas that is not black, and a sum that tells one picture from another. */
  globalThis.look = () => {
    const canvas = globalThis.watched;
    if (!canvas?.width) return { share: 0, sum: 0 };
    small.fillRect(0, 0, 48, 48);
    small.drawImage(canvas, 0, 0, 48, 48);
    const { data } = small.getImageData(0, 0, 48, 48);
    let [bright, sum] = [0, 0];
    for (let i = 0; i < data.length; i += 4) {
      const most = Math.max(data[i], data[i + 1], data[i + 2]);
      bright += Number(most > 24);
      sum = (sum * 31 + most) % 2147483647;
    }
    return { share: bright / (data.length / 4), sum };
  };
  globalThis.begun = () => {
    const asked = setInterval(() => {
      if (globalThis.look().share < 0.2) return;
      globalThis.firstPicture = performance.now();
      clearInterval(asked);
    }, 20);
  };
  globalThis.begun();
}

const job = JSON.parse(process.argv[2]);
const browser = await chromium.launch({ executablePath: job.browser, args: ARGUMENTS });
const page = await (await browser.newContext({ viewport: job.viewport, colorScheme: "dark" })).newPage();
const complaints = [];
page.on("pageerror", (error) => complaints.push(String(error)));
let [open, last] = [0, Date.now()];
const change = (step) => () => ([open, last] = [open + step, Date.now()]);
page.on("request", change(1));
page.on("requestfinished", change(-1));
page.on("requestfailed", change(-1));
await page.addInitScript(watch);
const metrics = await page.context().newCDPSession(page);
await metrics.send("Performance.enable");

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits until nothing is on its way and the picture has not changed for a second. */
async function settle() {
  let picture;
  for (const until = Date.now() + 60000; Date.now() < until; ) {
    await pause(200);
    const { sum, share } = await page.evaluate(() => globalThis.look());
    if (sum !== picture || share < 0.2) [picture, last] = [sum, Math.max(last, Date.now())];
    else if (open <= 0 && Date.now() - last > QUIET) return;
  }
  throw new Error(`the picture does not settle (${open} requests open; ${complaints.join("; ")})`);
}

async function counts() {
  const found = await metrics.send("Performance.getMetrics");
  const { TaskDuration, ScriptDuration } = Object.fromEntries(found.metrics.map(({ name, value }) => [name, value]));
  return { task: TaskDuration, script: ScriptDuration, ...(await (await fetch(job.counts)).json()) };
}

/** Leads the viewer along the views of each step, one a frame of the browser. */
async function act(steps) {
  for (const views of steps) {
    await page.evaluate(async (frames) => {
      const show = globalThis.setView ?? ((view) => globalThis.zarrscope.setState({ view }));
      for (const view of frames) {
        show(view);
        await new Promise((resolve) => requestAnimationFrame(resolve));
      }
    }, views);
    await pause(250);
  }
}

const differences = (a, b) => Object.fromEntries(Object.keys(a).map((key) => [key, b[key] - a[key]]));

await page.goto(job.url, { waitUntil: "load" });
await settle();
const loaded = await counts();
const firstPicture = (await page.evaluate(() => globalThis.firstPicture)) / 1000;
const area = await page.evaluate(() => [globalThis.watched.clientWidth, globalThis.watched.clientHeight]);
if (area[0] !== job.area.width || area[1] !== job.area.height) throw new Error(`the canvas is ${area.join(" x ")}`);
if (job.shot) await page.screenshot({ path: `${job.shot}-before.png` });
const before = await counts();
await act(job.steps);
await settle();
const moved = differences(before, await counts());
if (job.shot) await page.screenshot({ path: `${job.shot}-after.png` });
console.log(JSON.stringify({ firstPicture, loaded, moved, complaints }));
await browser.close();
process.exit();
