/** Colours of ids that do not follow from the formula, as two textures that the shader searches. */

import { exceptions, type IdNumbers, type Rgba } from "../scene/labels";
import { nearest } from "./gl";

const WIDTH = 1024;

export interface IdTable {
  ids: WebGLTexture;
  colors: WebGLTexture;
  count: number;
  /** How many numbers there were when it was made. */
  numbered: number;
}

/** One table an image, made anew when ids were met that it does not know. */
export class IdTables {
  private readonly tables = new Map<string, IdTable>();

  constructor(private readonly gl: WebGL2RenderingContext) {}

  get(key: string, colors: ReadonlyMap<number, Rgba>, numbers: IdNumbers): IdTable {
    const known = this.tables.get(key);
    if (known && known.numbered === numbers.size) return known;
    if (known) this.free(known);
    const made = this.make(colors, numbers);
    this.tables.set(key, made);
    return made;
  }

  private make(colors: ReadonlyMap<number, Rgba>, numbers: IdNumbers): IdTable {
    const gl = this.gl;
    const table = exceptions(colors, numbers);
    const count = table.ids.length;
    const height = Math.max(1, Math.ceil(count / WIDTH));
    const ids = new Uint32Array(WIDTH * height);
    ids.set(table.ids);
    const rgba = new Uint8Array(4 * WIDTH * height);
    rgba.set(table.colors);
    return {
      ids: this.texture(gl.R32UI, height, gl.RED_INTEGER, gl.UNSIGNED_INT, ids),
      colors: this.texture(gl.RGBA8, height, gl.RGBA, gl.UNSIGNED_BYTE, rgba),
      count,
      numbered: numbers.size,
    };
  }

  private texture(
    internal: number, height: number, format: number, type: number, data: Uint32Array | Uint8Array,
  ): WebGLTexture {
    const gl = this.gl;
    const texture = gl.createTexture();
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, texture);
    gl.texImage2D(gl.TEXTURE_2D, 0, internal, WIDTH, height, 0, format, type, data);
    nearest(gl);
    return texture;
  }

  private free(table: IdTable): void {
    this.gl.deleteTexture(table.ids);
    this.gl.deleteTexture(table.colors);
  }

  clear(): void {
    for (const table of this.tables.values()) this.free(table);
    this.tables.clear();
  }
}
