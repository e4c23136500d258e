/** Opening: from an address within a store to an image, or to several to choose from. */

import type { Store } from "../store/contracts";
import { explainAbsence, type GroupDocument, readGroup } from "./documents";
import { join, type Json, object, objects, strings, text } from "./fields";
import { imageOf } from "./image";
import { type Image, ModelError, type Root, type Series } from "./model";
import { body } from "./version";

const MOST_SERIES = 10_000;

/** Open what stands at a path. An image costs three requests: its own document, then those of level 0 and of the coarsest level. */
export async function openRoot(store: Store, path = ""): Promise<Root> {
  const group = await readGroup(store, join(path));
  if (!group) throw await explainAbsence(store, path);
  const ours = body(group.attributes, group.format);
  const fields = fieldsOf(ours);
  if (fields) {
    const series = fields.paths.map((name) => ({ path: join(group.path, name), name }));
    return { kind: "plate", title: fields.title, series, attributes: group.attributes };
  }
  const image = await imageOf(store, group);
  if (image) return { kind: "image", image, series: [] };
  const series = await seriesOf(store, group, ours);
  if (series) return { kind: "collection", series, attributes: group.attributes };
  return { kind: "other", message: otherMessage(ours, store.url(path)), attributes: group.attributes };
}

/** Open an image or a label image; of a well the first field, since plates do not tell what fields are called. */
export async function openImage(store: Store, path = "", inWell = false): Promise<Image> {
  const group = await readGroup(store, join(path));
  if (!group) throw await explainAbsence(store, path);
  const image = await imageOf(store, group);
  if (image) return image;
  const address = store.url(path);
  const ours = body(group.attributes, group.format);
  const first = object(ours["well"]) && fieldsOf(ours)?.paths[0];
  if (first !== undefined && !inWell) return openImage(store, join(path, first), true);
  throw new ModelError("not-an-image", address, otherMessage(ours, address));
}

/** Images below a group: series of a collection, or the label images of a list. */
async function seriesOf(store: Store, group: GroupDocument, ours: Json): Promise<Series[] | undefined> {
  const labels = strings(ours["labels"]);
  if (labels) return labels.map((name) => ({ path: join(group.path, name), name }));
  const own = strings(ours["series"]);
  if (own) return own.map((name) => ({ path: join(group.path, "..", name), name }));
  if (!("bioformats2raw.layout" in ours)) return undefined;
  const listed = await readGroup(store, join(group.path, "OME"), group.format);
  const named = listed && strings(body(listed.attributes, listed.format)["series"]);
  const paths = named ?? (await counted(store, group));
  const names = paths.length > 1 ? await namesOf(store, join(group.path, "OME/METADATA.ome.xml")) : [];
  return paths.map((path, index) => ({ path: join(group.path, path), name: names[index] || path }));
}

/** Where nobody lists them, series are 0, 1, 2 and so on until one is absent. */
async function counted(store: Store, group: GroupDocument): Promise<string[]> {
  const found: string[] = [];
  while (found.length < MOST_SERIES && (await readGroup(store, join(group.path, `${found.length}`), group.format))) {
    found.push(`${found.length}`);
  }
  return found;
}

/** Names of the images in the OME-XML beside them, in its order, which is that of the series; none where there is none. */
async function namesOf(store: Store, key: string): Promise<string[]> {
  const bytes = await store.get(key).catch(() => undefined);
  const images = new TextDecoder().decode(bytes).matchAll(/<(?:\w+:)?Image\b[^>]*>/g);
  return [...images].map(([tag]) => plainText(/\sName\s*=\s*("[^"]*"|'[^']*')/.exec(tag)?.[1]?.slice(1, -1) ?? ""));
}

const ENTITIES: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/** The text of an attribute; entities that are not known stay as they are. */
function plainText(value: string): string {
  return value.replace(/&(?:#(\d{1,6})|#x([0-9a-fA-F]{1,5})|(\w+));/g, (whole, decimal?: string, hex?: string, name?: string) => {
    if (name !== undefined) return ENTITIES[name] ?? whole;
    return String.fromCodePoint(decimal === undefined ? parseInt(hex!, 16) : Number(decimal));
  });
}

/** The wells of a plate, or the fields of a well. */
function fieldsOf(ours: Json): { title: string; paths: string[] } | undefined {
  const [plate, well] = [object(ours["plate"]), object(ours["well"])];
  if (!plate && !well) return undefined;
  const named = objects(plate ? plate["wells"] : well!["images"]).map((one) => text(one["path"]));
  const paths = named.filter((path) => path !== undefined);
  const count = `${paths.length} ${plate ? "well" : "field"}${paths.length === 1 ? "" : "s"}`;
  return { title: `${plate ? "Plate" : "Well"} of ${count}`, paths };
}

function otherMessage(ours: Json, address: string): string {
  const fields = fieldsOf(ours);
  if (fields) return `${address} is no image, but a ${fields.title.toLowerCase()}; open one of its fields`;
  if (object(ours["scene"])) return `${address} is a scene of several images; scenes are not shown yet. Open one of its images`;
  return `${address} is a Zarr group, but no OME-Zarr image (nothing says "multiscales"); open a folder that holds an image`;
}
