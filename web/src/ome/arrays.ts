/** The document of an array of either version of Zarr, as the engine and its decoder need it. */

import type { ArrayDocument } from "./documents";
import { integers, type Json, list, object, text } from "./fields";
import { decodeFill } from "./fill";
import { type ArrayInfo, type DType, ModelError, type ShardLayout } from "./model";

const TYPES_V2: Record<string, DType> = {
  b1: "bool", i1: "int8", u1: "uint8", i2: "int16", u2: "uint16", i4: "int32", u4: "uint32", i8: "int64",
  u8: "uint64", f2: "float16", f4: "float32", f8: "float64",
};
const TYPES = new Set<string>(Object.values(TYPES_V2));
/** A chunk is decoded whole: more than this in memory is no longer a picture that opens. */
const LARGEST_CHUNK = 2 ** 30;
const MOST_CHUNKS_A_SHARD = 2 ** 20;

export const BYTES: Record<DType, number> = {
  bool: 1, int8: 1, uint8: 1, int16: 2, uint16: 2, int32: 4, uint32: 4, int64: 8, uint64: 8, float16: 2,
  float32: 4, float64: 8,
};

/** Read the document of an array; `address` is for messages. */
export function decodeArray(found: ArrayDocument, path: string, address: string): ArrayInfo {
  const info = found.format === 3 ? decodeV3(found, path, address) : decodeV2(found, path, address);
  const bytes = info.chunks.reduce((a, b) => a * b, BYTES[info.dtype]);
  if (bytes > LARGEST_CHUNK) {
    const size = (bytes / 2 ** 30).toFixed(1);
    throw unsupported(address, `one chunk is ${size} GiB; write the image with smaller chunks, for example by zarrscope copy`);
  }
  return info;
}

function decodeV2({ document, source }: ArrayDocument, path: string, address: string): ArrayInfo {
  const shape = sizes(document["shape"], "shape", address);
  const chunks = sizes(document["chunks"], "chunks", address, shape.length);
  const given = text(document["dtype"]) ?? "";
  const match = /^([<>|=])?([biuf][1248])$/.exec(given);
  const dtype = TYPES_V2[match?.[2] ?? ""];
  if (!match || !dtype) throw unsupported(address, `its pixels are of the type ${JSON.stringify(document["dtype"])}`);
  const separator = document["dimension_separator"] === "/" ? "/" : ".";
  const order = match[1] === ">" ? ">" : BYTES[dtype] === 1 ? "|" : "<";
  const filters = list(document["filters"]) ?? [];
  const stored = filters.length ? match[2] : plainV2(match[2]!);
  return {
    path, shape, chunks, dtype, zarrFormat: 2,
    fill: decodeFill(document["fill_value"], dtype, source),
    document: {
      zarr_format: 2, shape: chunks, chunks, dtype: order + stored, fill_value: null,
      order: document["order"] === "F" ? "F" : "C", dimension_separator: ".",
      filters: filters.length ? filters : null, compressor: object(document["compressor"]) ?? null,
    },
    keyOf: (place) => below(path, place.join(separator) || "0"),
  };
}

function decodeV3({ document, source }: ArrayDocument, path: string, address: string): ArrayInfo {
  if (document["node_type"] !== "array") throw unsupported(address, "this is no array");
  const shape = sizes(document["shape"], "shape", address);
  const grid = object(document["chunk_grid"]) ?? {};
  if (grid["name"] !== "regular") throw unsupported(address, `its chunk grid is ${JSON.stringify(grid["name"])}`);
  const unit = sizes(object(grid["configuration"])?.["chunk_shape"], "chunk_shape", address, shape.length);
  const dtype = text(document["data_type"]) ?? "";
  if (!TYPES.has(dtype)) throw unsupported(address, `its pixels are of the type ${JSON.stringify(document["data_type"])}`);
  if (list(document["storage_transformers"])?.length) throw unsupported(address, "it has storage transformers");
  const layout = layoutOf(unit, named(document["codecs"], address), address);
  return {
    path, shape, zarrFormat: 3, dtype: dtype as DType, chunks: layout.chunks,
    ...(layout.shards && { shards: layout.shards }),
    fill: decodeFill(document["fill_value"], dtype as DType, source),
    document: {
      zarr_format: 3, node_type: "array", shape: layout.chunks, fill_value: 0, attributes: {},
      data_type: plainV3(dtype as DType, layout.codecs),
      chunk_grid: { name: "regular", configuration: { chunk_shape: layout.chunks } },
      chunk_key_encoding: { name: "default", configuration: { separator: "/" } },
      codecs: layout.codecs,
    },
    keyOf: keysV3(document["chunk_key_encoding"], path, address),
  };
}

interface Codec {
  name: string;
  configuration: Json;
}

/** Chunks that are decoded, with their codecs, and the shards around them. */
function layoutOf(unit: number[], codecs: Codec[], address: string): { chunks: number[]; codecs: Codec[]; shards?: ShardLayout } {
  const sharding = codecs.find((codec) => codec.name === "sharding_indexed");
  if (!sharding) return { chunks: unit, codecs };
  if (codecs.length > 1) throw unsupported(address, "its shards are packed once more by other codecs");
  const options = sharding.configuration;
  const chunks = sizes(options["chunk_shape"], "chunk_shape of the shards", address, unit.length);
  const inner = named(options["codecs"], address);
  if (inner.some((codec) => codec.name === "sharding_indexed")) throw unsupported(address, "it has shards within shards");
  const counts = unit.map((size, axis) => size / chunks[axis]!);
  if (!counts.every(Number.isInteger)) throw unsupported(address, "its shards are no multiples of its chunks");
  if (counts.reduce((a, b) => a * b, 1) > MOST_CHUNKS_A_SHARD) throw unsupported(address, "a shard holds more than a million chunks");
  const index = named(options["index_codecs"], address);
  const [first, second] = index;
  const plain = first?.name === "bytes" && (first.configuration["endian"] ?? "little") === "little";
  if (!plain || index.length > 2 || (second && second.name !== "crc32c")) {
    throw unsupported(address, `the index of its shards is written by ${index.map((codec) => codec.name).join(", ")}`);
  }
  const indexLocation = options["index_location"] === "start" ? "start" : "end";
  return { chunks, codecs: inner, shards: { shape: unit, indexLocation, indexChecked: second !== undefined } };
}

function named(value: unknown, address: string): Codec[] {
  return (list(value) ?? []).map((item) => {
    const name = text(item) ?? text(object(item)?.["name"]);
    if (name === undefined) throw unsupported(address, "one of its codecs has no name");
    return { name, configuration: object(object(item)?.["configuration"]) ?? {} };
  });
}

function keysV3(value: unknown, path: string, address: string): ArrayInfo["keyOf"] {
  const name = text(value) ?? text(object(value)?.["name"]) ?? "default";
  if (name !== "default" && name !== "v2") throw unsupported(address, `its chunk keys are ${JSON.stringify(name)}`);
  const given = object(object(value)?.["configuration"])?.["separator"];
  const separator = given === "/" || given === "." ? given : name === "default" ? "/" : ".";
  if (name === "v2") return (place) => below(path, place.join(separator) || "0");
  return (place) => below(path, ["c", ...place].join(separator));
}

function below(path: string, key: string): string {
  return path === "" ? key : `${path}/${key}`;
}

/** Truth values and half floats travel as the whole numbers of the same bits: not every browser knows them. */
function plainV2(type: string): string {
  return type === "b1" ? "u1" : type === "f2" ? "u2" : type;
}

function plainV3(dtype: DType, codecs: readonly Codec[]): DType {
  const changed = codecs.some((codec) => ["cast_value", "scale_offset"].includes(codec.name) || /^numcodecs\.(delta|bitround|fixedscaleoffset|quantize|astype|packbits)$/.test(codec.name));
  if (changed) return dtype;
  return dtype === "bool" ? "uint8" : dtype === "float16" ? "uint16" : dtype;
}

function sizes(value: unknown, what: string, address: string, ndim?: number): number[] {
  const least = what === "shape" ? 0 : 1;
  const found = integers(value);
  if (!found || found.some((size) => size < least || size > Number.MAX_SAFE_INTEGER) || (ndim ?? found.length) !== found.length) {
    throw unsupported(address, `its ${what} is ${JSON.stringify(value)?.slice(0, 80)}`);
  }
  return found;
}

function unsupported(address: string, what: string): ModelError {
  return new ModelError("unsupported", address, `${address} cannot be shown: ${what}`);
}
