/** Which version a document claims, or which one its form shows. */

import { list, type Json, object, text } from "./fields";

/** Our members of the attributes of a group: in `ome` since 0.5, beside all others before. */
export function body(attributes: Json, format: 2 | 3): Json {
  const ome = object(attributes["ome"]);
  const inside = ome && (format === 3 || typeof ome["version"] === "string");
  if (!inside) return format === 3 ? {} : attributes;
  // Some tools wrote the list of labels beside `ome`.
  return "labels" in ome || !Array.isArray(attributes["labels"]) ? ome : { ...ome, labels: attributes["labels"] };
}

export function detectVersion(attributes: Json, format: 2 | 3): string {
  const ours = body(attributes, format);
  if (ours !== attributes) return text(ours["version"]) ?? "0.5";
  const first = object(list(ours["multiscales"])?.[0]);
  for (const part of [first, ...["plate", "well", "image-label"].map((key) => object(ours[key]))]) {
    const version = text(part?.["version"]);
    if (version !== undefined) return version;
  }
  return shown(first);
}

function shown(multiscale: Json | undefined): string {
  if (!multiscale) return "0.4";
  const axes = list(multiscale["axes"]);
  if (axes) return axes.length > 0 && axes.every((axis) => typeof axis === "string") ? "0.3" : "0.4";
  const placed = list(multiscale["datasets"])?.some((item) => "coordinateTransformations" in (object(item) ?? {}));
  return placed ? "0.4" : "0.1";
}

/** The format in words; what a server makes of something else is not passed off as stored so. */
export function formatOf({ version, madeFrom }: { version: string; madeFrom?: string }): string {
  return madeFrom ? `${madeFrom}, shown as OME-Zarr ${version}` : `OME-Zarr ${version}`;
}
