/** What an OME-Zarr is, whatever its version: plain values, read alike by the Python half (JSON fixtures prove it). */

export type AxisType = "space" | "time" | "channel" | "other";

export interface Axis {
  name: string;
  type: AxisType;
  unit?: string;
  /** The document does not have it: an image of one axis is shown as one row. */
  added?: true;
}

/** Types of pixels as Zarr 3 names them, in native byte order once decoded. */
export type DType =
  | "bool" | "int8" | "uint8" | "int16" | "uint16" | "int32" | "uint32" | "int64" | "uint64"
  | "float16" | "float32" | "float64";

export interface ShardLayout {
  /** Shape of a shard in pixels; a multiple of the chunk. */
  shape: number[];
  indexLocation: "start" | "end";
  /** Whether the index carries a crc32c. */
  indexChecked: boolean;
}

/** One array, as its document says. */
export interface ArrayInfo {
  path: string;
  shape: number[];
  /** The unit of decoding. */
  chunks: number[];
  shards?: ShardLayout;
  dtype: DType;
  fill: number | bigint | boolean;
  zarrFormat: 2 | 3;
  /** The document of an array without shards whose chunks are these: what a decoder is given. */
  document: Record<string, unknown>;
  /** The key of the chunk, or of the shard where there are shards, at a place of the grid. */
  keyOf(place: readonly number[]): string;
}

/** One resolution. Its array's document is read only once somebody wants it: ten levels are not ten requests. */
export interface Level {
  path: string;
  /** Size of a pixel and centre of the first one, one number an axis, in the units of the axes. */
  scale: number[];
  translation: number[];
  /** Reads the document of the array; the same promise every time. */
  load(): Promise<ArrayInfo>;
  /** What `load` gave; undefined until then. */
  info?: ArrayInfo;
}

export interface Channel {
  /** Empty where unknown. */
  label: string;
  /** Six hexadecimal digits; undefined where the document has none. */
  color?: string;
  /** What is shown from black to full; undefined asks for automatic contrast. */
  window?: { start: number; end: number; min?: number; max?: number };
  active: boolean;
}

export interface Image {
  kind: "image" | "label";
  /** Path of its group within the store; empty at the root. */
  path: string;
  name: string;
  version: string;
  /** What people call the format that a server shows as this one. */
  madeFrom?: string;
  axes: Axis[];
  /** Finest first. The document of level 0 is there (`levels[0].info`) once an image is open. */
  levels: Level[];
  /** As many as the channel axis is long; one where there is none. */
  channels: Channel[];
  /** Whether the channels are red, green and blue samples of one picture. */
  rgb: boolean;
  /** Planes to begin with, where the document names them (omero.rdefs). */
  defaults: { z?: number; t?: number };
  /** Levels that the server makes of so much source that their planes come late. */
  slow?: ReadonlySet<number>;
  /** What of such an image can be seen at once: a piece of a plane in pixels of level 0, and its level. */
  first?: { level: number; y: number; x: number };
  /** Paths of the label images within the store; asks once, after the picture has begun to load. */
  labels(): Promise<string[]>;
  /** Of a label image: colours (r, g, b, a in 0..255) and properties by id. */
  colors: Map<number, [number, number, number, number]>;
  properties: Map<number, Record<string, unknown>>;
  /** The attributes as they stand in the document. */
  attributes: Record<string, unknown>;
  /** What could not be taken from the document, told to people. */
  notes?: readonly string[];
}

export interface Series {
  path: string;
  name: string;
}

/** What stands at an address: an image, or several to choose from; of plates these are wells, of wells fields. */
export type Root =
  | { kind: "image"; image: Image; series: Series[] }
  | { kind: "collection"; series: Series[]; attributes: Record<string, unknown> }
  | { kind: "plate"; title: string; series: Series[]; attributes: Record<string, unknown> }
  | { kind: "other"; message: string; attributes: Record<string, unknown> };

/** What is there is no image, or one that cannot be shown: told to people as it is. */
export class ModelError extends Error {
  constructor(
    readonly reason: "absent" | "not-an-image" | "unsupported" | "empty",
    readonly address: string,
    message: string,
  ) {
    super(message);
    this.name = "ModelError";
  }
}
