/** What the document of an image says of its axes and levels, in any version. */

import { list, type Json, object, objects, text } from "./fields";
import type { Axis, AxisType } from "./model";
import { composed, identity, ofDataset, ofList, type Placement } from "./placement";

export interface Multiscale {
  name: string;
  /** Undefined where the document does not say; the number of dimensions of the array then decides. */
  axes: Axis[] | undefined;
  datasets: Dataset[];
  /** Whether anything is said of where levels lie; versions before 0.4 say nothing. */
  placed: boolean;
  notes: string[];
}

export interface Dataset extends Placement {
  path: string;
}

const FIVE: readonly Axis[] = ["t", "c", "z", "y", "x"].map((name) => ({ name, type: typeOf(name) }));

/** Read the first of the multiscales of a document. */
export function decodeMultiscale(body: Json, version: string): Multiscale | undefined {
  const part = object(list(body["multiscales"])?.[0]);
  if (!part) return undefined;
  const named = version.startsWith("0.6") || version.startsWith("0.9") || "coordinateSystems" in part;
  const axes = version === "0.1" || version === "0.2" ? [...FIVE] : decodeAxes(part, named, version === "0.3");
  const notes: string[] = [];
  const silent = ["0.1", "0.2", "0.3"].includes(version);
  const ndim = axes?.length ?? 0;
  const common = named || silent ? undefined : ofList(part["coordinateTransformations"], ndim);
  const datasets = objects(part["datasets"]).map((entry) => {
    const path = text(entry["path"]) ?? "";
    const given = entry["coordinateTransformations"];
    const own = silent ? undefined : named ? ofDataset(given, ndim) : ofList(given, ndim);
    if (!own && !silent && list(given)?.length) notes.push(unreadable(path));
    const steps = [own ?? identity(ndim), ...(common ? [common] : [])];
    return { path, ...usable(composed(steps, ndim)!) };
  });
  if (!named && !silent && lost(part["coordinateTransformations"], ndim)) {
    notes.push("the transformations of all levels together are more than scale and translation; they were left out");
  }
  const placed = datasets.some((one, _, all) => one.scale.some((value, axis) => value !== all[0]!.scale[axis]));
  return { name: text(part["name"]) ?? "", axes, datasets, placed, notes };
}

/** Steps that cannot be followed; edges between named systems lead elsewhere and are none. */
function lost(given: unknown, ndim: number): boolean {
  const steps = objects(given);
  return steps.length > 0 && !ofList(given, ndim) && steps.every((step) => !("input" in step || "output" in step));
}

/** A scale of 0 would be a picture without an extent. */
function usable(found: Placement): Placement {
  return { ...found, scale: found.scale.map((value) => value || 1) };
}

function unreadable(path: string): string {
  return `level ${path} is placed by more than scale and translation; it is shown as if it were not`;
}

function decodeAxes(part: Json, named: boolean, plain: boolean): Axis[] | undefined {
  const given = named && "coordinateSystems" in part ? intrinsic(part)?.["axes"] : part["axes"];
  const found = list(given)?.map(plain ? plainAxis : decodeAxis);
  return found?.length ? found : undefined;
}

/** The system that the datasets lead to, else the first. */
function intrinsic(part: Json): Json | undefined {
  const systems = objects(part["coordinateSystems"]);
  const outputs = objects(part["datasets"]).flatMap((dataset) =>
    objects(dataset["coordinateTransformations"]).map((step) => step["output"]),
  );
  const names = outputs.map((output) => text(object(output)?.["name"]) ?? text(output));
  const target = names.find((name) => name !== undefined);
  return systems.find((system) => system["name"] === target) ?? systems[0];
}

/** 0.3 has names and nothing else. */
function plainAxis(item: unknown): Axis {
  const name = text(item) ?? "";
  return { name, type: typeOf(name) };
}

function decodeAxis(item: unknown): Axis {
  const entry = object(item) ?? {};
  const name = text(entry["name"]) ?? "";
  const type = text(entry["type"]);
  const unit = text(entry["unit"]);
  return { name, type: type === undefined ? typeOf(name) : known(type), ...(unit !== undefined && { unit }) };
}

function known(type: string): AxisType {
  return type === "space" || type === "time" || type === "channel" ? type : "other";
}

/** What the name of an axis tells where its type is not said. */
function typeOf(name: string): AxisType {
  if (name === "t" || name === "time") return "time";
  if (name === "c" || name === "channel") return "channel";
  return ["x", "y", "z"].includes(name) ? "space" : "other";
}

/** Axes of an array of so many dimensions about which nothing is said. */
export function assumedAxes(ndim: number): Axis[] {
  const more = Array.from({ length: Math.max(0, ndim - 5) }, (_, i): Axis => ({ name: `d${i}`, type: "other" }));
  return [...more, ...FIVE.slice(Math.max(0, 5 - ndim))];
}
