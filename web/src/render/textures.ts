/** Tiles as textures: kept as long as they fit into a budget of bytes, those that were drawn last for longest. */

import type { IdNumbers } from "../scene/labels";
import type { Pixels, Tile } from "../tiles/contracts";
import { nearest } from "./gl";
import type { Sampler } from "./shaders";

/** Pixels that a texture can hold without a change of value (but for 64 bits, which are narrowed). */
type Narrow = Uint8Array | Int8Array | Uint16Array | Int16Array | Uint32Array | Int32Array | Float32Array;

export interface Texture {
  texture: WebGLTexture;
  sampler: Sampler;
  width: number;
  height: number;
  bytes: number;
  frame: number;
}

/** A rectangle of a tile that fits into one texture. */
export interface Piece {
  id: string;
  tile: Tile;
  /** Place within the tile, in its pixels. */
  y: number;
  x: number;
  height: number;
  width: number;
}

export const LARGEST = 4096;

/** Cuts a tile into pieces of at most 4096 x 4096 pixels. */
export function piecesOf(tile: Tile): Piece[] {
  const pieces: Piece[] = [];
  for (let y = 0; y < tile.height; y += LARGEST) {
    for (let x = 0; x < tile.width; x += LARGEST) {
      const height = Math.min(LARGEST, tile.height - y);
      const width = Math.min(LARGEST, tile.width - x);
      pieces.push({ id: `${tile.id}|${y}|${x}`, tile, y, x, height, width });
    }
  }
  return pieces;
}

/** The pixels of a piece, row by row; the tile's own array where it is all of it. */
function rows(piece: Piece): Pixels {
  const { tile, y, x, height, width } = piece;
  if (height === tile.height && width === tile.width) return tile.pixels;
  const make = tile.pixels.constructor as new (length: number) => Pixels;
  const part = new make(height * width);
  for (let row = 0; row < height; row++) {
    const from = (y + row) * tile.width + x;
    (part as Uint8Array).set(tile.pixels.subarray(from, from + width) as Uint8Array, row * width);
  }
  return part;
}

/** Pictures of 64-bit numbers are shown as floats of 32 bits; ids of 64 bits get exact numbers instead. */
export function narrow(pixels: Pixels, numbers: IdNumbers | undefined): Narrow {
  if (pixels instanceof Float64Array) return Float32Array.from(pixels);
  if (!(pixels instanceof BigInt64Array || pixels instanceof BigUint64Array)) return pixels;
  if (numbers) return Uint32Array.from(pixels, (id: bigint) => numbers.of(id));
  return Float32Array.from(pixels, Number);
}

interface Format {
  internal: number;
  format: number;
  type: number;
  sampler: Sampler;
}

function formatOf(gl: WebGL2RenderingContext, pixels: Narrow): Format {
  const unsigned = { format: gl.RED_INTEGER, sampler: "usampler2D" } as const;
  const signed = { format: gl.RED_INTEGER, sampler: "isampler2D" } as const;
  if (pixels instanceof Uint8Array) return { internal: gl.R8UI, type: gl.UNSIGNED_BYTE, ...unsigned };
  if (pixels instanceof Uint16Array) return { internal: gl.R16UI, type: gl.UNSIGNED_SHORT, ...unsigned };
  if (pixels instanceof Uint32Array) return { internal: gl.R32UI, type: gl.UNSIGNED_INT, ...unsigned };
  if (pixels instanceof Int8Array) return { internal: gl.R8I, type: gl.BYTE, ...signed };
  if (pixels instanceof Int16Array) return { internal: gl.R16I, type: gl.SHORT, ...signed };
  if (pixels instanceof Int32Array) return { internal: gl.R32I, type: gl.INT, ...signed };
  return { internal: gl.R32F, format: gl.RED, type: gl.FLOAT, sampler: "sampler2D" };
}

export class TextureCache {
  private readonly kept = new Map<string, Texture>();
  private frame = 0;
  bytes = 0;
  uploads = 0;

  constructor(
    private readonly gl: WebGL2RenderingContext,
    private readonly budget = 256 * 2 ** 20,
  ) {}

  /** Whatever is asked for from now on is on the screen together and stays. */
  begin(): void {
    this.frame++;
  }

  get(piece: Piece, numbers?: IdNumbers): Texture {
    const key = numbers ? `${piece.id}|ids` : piece.id;
    const known = this.kept.get(key);
    if (known) {
      // Maps are in the order of insertion: the front is what was not drawn for longest.
      this.kept.delete(key);
      this.kept.set(key, known);
      known.frame = this.frame;
      return known;
    }
    const made = this.upload(piece, numbers);
    this.kept.set(key, made);
    this.bytes += made.bytes;
    this.trim();
    return made;
  }

  private upload(piece: Piece, numbers: IdNumbers | undefined): Texture {
    const gl = this.gl;
    // Outlines look at neighbours, so that label tiles are whole even where one pixel would tell all.
    const one = piece.tile.empty && !numbers;
    const pixels = narrow(one ? piece.tile.pixels.subarray(0, 1) : rows(piece), numbers);
    const [width, height] = one ? [1, 1] : [piece.width, piece.height];
    const { internal, format, type, sampler } = formatOf(gl, pixels);
    const texture = gl.createTexture();
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, texture);
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    gl.texImage2D(gl.TEXTURE_2D, 0, internal, width, height, 0, format, type, pixels);
    nearest(gl);
    this.uploads++;
    return { texture, sampler, width, height, bytes: pixels.byteLength, frame: this.frame };
  }

  private trim(): void {
    for (const [key, old] of this.kept) {
      if (this.bytes <= this.budget || old.frame === this.frame) return;
      this.gl.deleteTexture(old.texture);
      this.kept.delete(key);
      this.bytes -= old.bytes;
    }
  }

  clear(): void {
    for (const { texture } of this.kept.values()) this.gl.deleteTexture(texture);
    this.kept.clear();
    this.bytes = 0;
  }
}
