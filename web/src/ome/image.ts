/** From the document of a group to an image: levels that read their arrays on demand, channels, labels. */

import { type Store, StoreError } from "../store/contracts";
import { decodeArray } from "./arrays";
import { decodeChannels, decodeDefaults, decodeLabel, fitted, isRgb } from "./channels";
import { type GroupDocument, readArray, readGroup } from "./documents";
import { join, object, strings } from "./fields";
import { channelAxis } from "./geometry";
import { type ArrayInfo, type Axis, type Image, type Level, ModelError } from "./model";
import { assumedAxes, decodeMultiscale, type Multiscale } from "./multiscale";
import { withPlane } from "./row";
import { body, detectVersion } from "./version";

/** Return the image of a document, or undefined where it holds none. Reads the array of level 0. */
export async function imageOf(store: Store, group: GroupDocument): Promise<Image | undefined> {
  const version = detectVersion(group.attributes, group.format);
  const ours = body(group.attributes, group.format);
  const found = decodeMultiscale(ours, version);
  if (!found) return undefined;
  const address = store.url(group.path);
  if (found.datasets.length === 0 || found.datasets.some((dataset) => dataset.path === "")) {
    throw new ModelError("unsupported", address, `${address}: this image names no level (multiscales has no datasets)`);
  }
  const levels = found.datasets.map((dataset) => makeLevel(store, group, dataset));
  // What is seen first is the coarsest level: its document comes along. Whoever needs it asks again if it fails.
  void levels.at(-1)!.load().catch(() => undefined);
  const info = await levels[0]!.load();
  if (info.shape.includes(0)) {
    throw new ModelError("empty", address, `${address}: this image has no pixels (its shape is ${info.shape.join(" × ")})`);
  }
  const axes = fittingAxes(found, info, address);
  if (!found.placed && levels.length > 1) await placeByShape(levels);
  const channel = channelAxis(axes);
  const channels = fitted(decodeChannels(ours["omero"]), channel === undefined ? 1 : info.shape[channel]!);
  const label = decodeLabel(ours["image-label"]);
  return withPlane({
    kind: object(ours["image-label"]) ? "label" : "image",
    path: group.path,
    name: found.name || lastStep(address),
    version, axes, levels, channels,
    rgb: isRgb(channels, info.dtype),
    defaults: decodeDefaults(ours["omero"]),
    labels: once(() => labelPaths(store, group)),
    ...label,
    attributes: group.attributes,
    notes: found.notes,
  });
}

function makeLevel(store: Store, group: GroupDocument, dataset: Multiscale["datasets"][number]): Level {
  const path = join(group.path, dataset.path);
  const level: Level = {
    path,
    scale: dataset.scale,
    translation: dataset.translation,
    load: once(async () => {
      level.info = decodeArray(await readArray(store, path, group), path, store.url(path));
      return level.info;
    }),
  };
  return level;
}

function fittingAxes(found: Multiscale, info: ArrayInfo, address: string): Axis[] {
  const ndim = info.shape.length;
  if (found.axes?.length === ndim) return found.axes;
  if (found.axes) {
    const names = found.axes.map((axis) => axis.name).join(", ");
    const message = `${address} cannot be shown: the document names the axes ${names}, but the array has ${ndim} dimensions`;
    throw new ModelError("unsupported", address, message);
  }
  for (const dataset of found.datasets) dataset.scale.splice(0, dataset.scale.length, ...Array<number>(ndim).fill(1));
  for (const dataset of found.datasets) dataset.translation.splice(0, dataset.translation.length, ...Array<number>(ndim).fill(0));
  found.notes.push("the document names no axes; they were guessed");
  return assumedAxes(ndim);
}

/** Versions before 0.4 do not say how large the pixels of the levels are: their shapes tell. */
async function placeByShape(levels: readonly Level[]): Promise<void> {
  const [base, ...others] = await Promise.all(levels.map((level) => level.load()));
  others.forEach((info, number) => {
    const level = levels[number + 1]!;
    const first = levels[0]!;
    const factors = base!.shape.map((size, axis) => shapeFactor(size, info.shape[axis]!));
    level.scale = factors.map((factor, axis) => factor * first.scale[axis]!);
    level.translation = factors.map((factor, axis) => first.translation[axis]! + ((factor - 1) / 2) * first.scale[axis]!);
  });
}

/** The whole factor that leads from one length to the other, rounded up or down; else their ratio. */
function shapeFactor(fine: number, coarse: number): number {
  const ratio = fine / coarse || 1;
  const whole = Math.max(1, Math.round(ratio));
  return Math.ceil(fine / whole) === coarse || Math.floor(fine / whole) === coarse ? whole : ratio;
}

async function labelPaths(store: Store, group: GroupDocument): Promise<string[]> {
  const path = join(group.path, "labels");
  const known = object(group.below["labels"]);
  const attributes = known ? object(known["attributes"]) : (await hidden(() => readGroup(store, path, group.format)))?.attributes;
  const names = strings(body(attributes ?? {}, group.format)["labels"] ?? attributes?.["labels"]) ?? [];
  return names.map((name) => join(path, name));
}

/** Where nothing may be listed, 403 says that there are no labels. */
async function hidden<T>(read: () => Promise<T | undefined>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof StoreError && error.failure === "forbidden") return undefined;
    throw error;
  }
}

function lastStep(address: string): string {
  const step = address.split("/").filter(Boolean).at(-1) ?? "";
  try {
    return decodeURIComponent(step);
  } catch {
    return step;
  }
}

/** The same promise every time; a failure may be tried again. */
function once<T>(work: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined;
  return () => {
    running ??= work().catch((error: unknown) => {
      running = undefined;
      throw error;
    });
    return running;
  };
}
