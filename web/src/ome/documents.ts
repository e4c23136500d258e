/** Documents of groups and arrays of both versions of Zarr, with as few requests as can be. */

import { type Store, StoreError } from "../store/contracts";
import { join, type Json, object } from "./fields";
import { ModelError } from "./model";

export type ZarrFormat = 2 | 3;

export interface GroupDocument {
  path: string;
  format: ZarrFormat;
  attributes: Json;
  /** Documents of what lies below, by path relative to the group, where the group's own holds them. */
  below: Json;
}

export interface ArrayDocument {
  format: ZarrFormat;
  document: Json;
  /** As it was written, for numbers that JSON.parse cannot hold; absent where it came along with another. */
  source?: string;
}

/** Documents are small; what is larger than this is none. */
const LARGEST = 64 * 2 ** 20;

/** Return the document of a group, undefined where there is none. Of both versions 3 counts. */
export async function readGroup(store: Store, path: string, hint?: ZarrFormat): Promise<GroupDocument | undefined> {
  const modern = hint === 2 ? undefined : await readJson(store, join(path, "zarr.json"), hint === undefined);
  if (modern) {
    const { json } = modern;
    if (json["node_type"] === "array") throw isArray(store, path);
    const below = object(json["consolidated_metadata"]);
    const inline = below?.["kind"] === "inline" ? object(below["metadata"]) : undefined;
    return { path, format: 3, attributes: object(json["attributes"]) ?? {}, below: inline ?? {} };
  }
  if (hint === 3) return undefined;
  const attributes = await readJson(store, join(path, ".zattrs"));
  return attributes && { path, format: 2, attributes: attributes.json, below: {} };
}

/** Say what stands there instead of the group that was looked for. */
export async function explainAbsence(store: Store, path: string): Promise<ModelError> {
  const address = store.url(path);
  for (const name of [".zarray", ".zgroup"]) {
    if (!(await store.get(join(path, name)))) continue;
    if (name === ".zarray") return isArray(store, path);
    return new ModelError("not-an-image", address, `${address} is a Zarr group, but nothing says that it is an OME-Zarr image (.zattrs is absent)`);
  }
  const message = `${address}: nothing is here (neither zarr.json nor .zattrs); check the address, it must be that of the folder`;
  return new ModelError("absent", address, message);
}

export async function readArray(store: Store, path: string, group: GroupDocument): Promise<ArrayDocument> {
  const known = object(group.below[path.slice(group.path === "" ? 0 : group.path.length + 1)]);
  if (known?.["node_type"] === "array") return { format: 3, document: known };
  const name = group.format === 3 ? "zarr.json" : ".zarray";
  const found = await readJson(store, join(path, name));
  if (found) return { format: group.format, document: found.json, source: found.source };
  const address = store.url(path);
  const message = `${address}: the image names this level, but there is no ${name}; ask who made it for a whole copy`;
  throw new ModelError("absent", address, message);
}

async function readJson(store: Store, key: string, mayBeHidden = false): Promise<{ json: Json; source: string } | undefined> {
  let bytes: Uint8Array | undefined;
  try {
    bytes = await store.get(key);
  } catch (error) {
    // Object stores that do not list say 403 for what is absent: the next name may still be there.
    if (mayBeHidden && error instanceof StoreError && error.failure === "forbidden") return undefined;
    throw error;
  }
  return bytes && parse(bytes, store.url(key));
}

function parse(bytes: Uint8Array, address: string): { json: Json; source: string } {
  if (bytes.length > LARGEST) throw broken(address, `${bytes.length} bytes are too many`);
  const source = new TextDecoder().decode(bytes);
  let value: unknown;
  try {
    value = JSON.parse(source);
  } catch (error) {
    throw broken(address, error instanceof Error ? error.message : String(error));
  }
  const json = object(value);
  if (!json) throw broken(address, "it is no object");
  return { json, source };
}

function broken(address: string, why: string): ModelError {
  const message = `${address} is no JSON document that can be read (${why.slice(0, 200)}); a page of a web server instead of the file?`;
  return new ModelError("not-an-image", address, message);
}

function isArray(store: Store, path: string): ModelError {
  const address = store.url(path);
  return new ModelError("not-an-image", address, `${address} is a Zarr array, not an image; open the group above it`);
}
