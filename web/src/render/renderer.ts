/** Draws pictures: layers into a sum, the sum onto the canvas, labels on top. Nothing here runs unless it is called. */

import { mapTable } from "../scene/colormaps";
import { isColor, toRgb } from "../scene/layers";
import type { Blending } from "../scene/state";
import {
  type Box, boxOf, clip, depthOf, texelSteps, type DrawnLabels, type DrawnLayer, type DrawnPane, type Picture, type Tiles,
} from "./drawing";
import { context, nearest, Program, sumFormat, Target } from "./gl";
import { drawLabels, type LabelTools } from "./labelpass";
import { IdTables } from "./idtable";
import { imageShader, labelShader, PLAIN, RECTANGLE, RESOLVE, type Sampler } from "./shaders";
import { type Piece, piecesOf, type Texture, TextureCache } from "./textures";

type Pass = "image" | "label" | "plain" | "resolve";

export class Renderer implements LabelTools {
  readonly gl: WebGL2RenderingContext;
  readonly textures: TextureCache;
  readonly tables: IdTables;
  private readonly programs = new Map<string, Program>();
  private readonly maps = new Map<string, WebGLTexture>();
  private readonly sum: Target;
  private readonly off: Target;
  width = 1;
  height = 1;
  frames = 0;

  constructor(readonly canvas: HTMLCanvasElement) {
    this.gl = context(canvas);
    this.textures = new TextureCache(this.gl);
    this.tables = new IdTables(this.gl);
    this.sum = new Target(this.gl, sumFormat(this.gl));
    this.off = new Target(this.gl, this.gl.RGBA8);
    this.gl.bindVertexArray(this.gl.createVertexArray());
    // What nearly every picture needs is compiled while its pixels are on their way.
    for (const name of ["plain", "resolve", "image"] as const) this.compiled(name, "usampler2D");
  }

  program(name: Pass, sampler: Sampler = "usampler2D"): Program {
    const program = this.compiled(name, sampler).use();
    this.gl.uniform2f(program.at("u_canvas"), this.width, this.height);
    return program;
  }

  private compiled(name: Pass, sampler: Sampler): Program {
    const key = `${name} ${sampler}`;
    let program = this.programs.get(key);
    if (!program) {
      const sources = { image: imageShader, label: labelShader, plain: () => PLAIN, resolve: () => RESOLVE };
      program = new Program(this.gl, RECTANGLE, sources[name](sampler));
      this.programs.set(key, program);
    }
    return program;
  }

  /** Draws onto the canvas, which becomes so many device pixels large. */
  draw(picture: Picture, width: number, height: number): void {
    if (this.canvas.width !== width) this.canvas.width = width;
    if (this.canvas.height !== height) this.canvas.height = height;
    this.frames++;
    this.paint(picture, width, height, null);
  }

  /** Draws beside the canvas and returns what was drawn, from the top row down. */
  snapshot(picture: Picture, width: number, height: number): ImageData {
    const gl = this.gl;
    this.off.size(width, height);
    this.paint(picture, width, height, this.off.framebuffer);
    const pixels = new Uint8ClampedArray(4 * width * height);
    gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(pixels.buffer));
    const image = new ImageData(width, height);
    for (let row = 0; row < height; row++) {
      image.data.set(pixels.subarray(4 * width * (height - 1 - row), 4 * width * (height - row)), 4 * width * row);
    }
    return image;
  }

  private paint(picture: Picture, width: number, height: number, onto: WebGLFramebuffer | null): void {
    const gl = this.gl;
    [this.width, this.height] = [width, height];
    this.textures.begin();
    this.sum.size(width, height);
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.sum.framebuffer);
    gl.viewport(0, 0, width, height);
    gl.disable(gl.SCISSOR_TEST);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    gl.depthFunc(gl.LESS);
    for (const pane of picture.panes) this.paintPane(pane, picture.blending);
    gl.bindFramebuffer(gl.FRAMEBUFFER, onto);
    this.resolve(picture.background);
    for (const pane of picture.panes) {
      this.scissor(pane);
      for (const labels of pane.labels) this.paintLabels(pane, labels);
    }
    gl.disable(gl.SCISSOR_TEST);
  }

  private scissor(pane: DrawnPane): void {
    const gl = this.gl;
    gl.enable(gl.SCISSOR_TEST);
    const [left, top] = [Math.round(pane.left), Math.round(pane.top)];
    const [right, bottom] = [Math.round(pane.left + pane.width), Math.round(pane.top + pane.height)];
    gl.scissor(left, this.height - bottom, Math.max(0, right - left), Math.max(0, bottom - top));
  }

  private paintPane(pane: DrawnPane, blending: Blending): void {
    const gl = this.gl;
    this.scissor(pane);
    gl.disable(gl.DEPTH_TEST);
    gl.disable(gl.BLEND);
    const box = clip(pane, [
      pane.originX, pane.originY, pane.originX + pane.columns * pane.stepX, pane.originY + pane.rows * pane.stepY,
    ]);
    if (!box) return;
    this.plain([0, 0, 0, 1], false);
    this.rectangle(this.program("plain"), box, 0);
    gl.enable(gl.DEPTH_TEST);
    gl.enable(gl.BLEND);
    this.blend(blending);
    for (const layer of pane.layers) {
      gl.clear(gl.DEPTH_BUFFER_BIT);
      this.paintLayer(pane, layer, blending);
    }
    gl.blendEquation(gl.FUNC_ADD);
  }

  private blend(blending: Blending): void {
    const gl = this.gl;
    gl.blendEquation(blending === "max" ? gl.MAX : gl.FUNC_ADD);
    if (blending === "over") gl.blendFuncSeparate(gl.SRC_ALPHA, gl.ONE_MINUS_SRC_ALPHA, gl.ONE, gl.ONE);
    else gl.blendFunc(gl.ONE, gl.ONE);
  }

  private paintLayer(pane: DrawnPane, layer: DrawnLayer, blending: Blending): void {
    for (const tile of [...layer.tiles].sort((a, b) => a.level - b.level)) {
      for (const piece of piecesOf(tile)) {
        const whole = this.boxOf(pane, layer, piece);
        const box = clip(pane, whole);
        if (box) this.paintPiece(piece, layer, blending, whole, box);
      }
    }
    this.paintBad(pane, layer);
  }

  private boxOf(pane: DrawnPane, from: Tiles, piece: Piece): Box {
    const { tile, y, x, height, width } = piece;
    return boxOf(pane, from.grid(tile.level), tile.y + y, tile.x + x, height, width);
  }

  private paintPiece(piece: Piece, layer: DrawnLayer, blending: Blending, whole: Box, box: Box): void {
    const gl = this.gl;
    const texture = this.textures.get(piece);
    const program = this.program("image", texture.sampler);
    const over = blending === "over";
    const mapped = !isColor(layer.color);
    this.setWindow(program, texture.sampler, layer.window, piece);
    gl.uniform1f(program.at("u_gamma"), layer.gamma);
    gl.uniform1f(program.at("u_weight"), over ? 1 : layer.opacity);
    gl.uniform1f(program.at("u_alpha"), over ? layer.opacity : 1);
    gl.uniform1i(program.at("u_mapped"), Number(mapped));
    gl.uniform3fv(program.at("u_color"), mapped ? [1, 1, 1] : toRgb(layer.color));
    gl.uniform1i(program.at("u_map"), 1);
    gl.activeTexture(gl.TEXTURE1);
    gl.bindTexture(gl.TEXTURE_2D, this.map(mapped ? layer.color : "grey"));
    this.place(program, texture, whole);
    this.rectangle(program, box, depthOf(piece.tile.level));
  }

  /** Whole numbers are compared with a whole number below the window first, so that large ones lose nothing. */
  private setWindow(program: Program, sampler: Sampler, window: [number, number], piece: Piece): void {
    const gl = this.gl;
    let base = window[0];
    if (sampler === "usampler2D") {
      base = Math.min(0xffffffff, Math.max(0, Math.floor(window[0])));
      gl.uniform1ui(program.at("u_base"), base);
    } else if (sampler === "isampler2D") {
      base = Math.min(0x7fffffff, Math.max(-0x80000000, Math.floor(window[0])));
      gl.uniform1i(program.at("u_base"), base);
    } else {
      base = piece.tile.pixels instanceof Float32Array ? Math.fround(window[0]) : base;
      gl.uniform1f(program.at("u_base"), base);
    }
    const low = window[0] - base;
    gl.uniform2f(program.at("u_window"), low, Math.max(window[1] - base, low + 1e-30));
  }

  /** Binds the texture of a piece and says how fragments find their texel in it. */
  place(program: Program, texture: Texture, whole: Box): void {
    const gl = this.gl;
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, texture.texture);
    gl.uniform1i(program.at("u_tile"), 0);
    gl.uniform2i(program.at("u_size"), texture.width, texture.height);
    const x = texelSteps(whole[0], whole[2], texture.width);
    const y = texelSteps(whole[1], whole[3], texture.height);
    gl.uniform2i(program.at("u_first"), x.first, y.first);
    gl.uniform2i(program.at("u_start"), x.start, y.start);
    gl.uniform2f(program.at("u_fraction"), x.fraction, y.fraction);
    gl.uniform2f(program.at("u_coarse"), x.coarse, y.coarse);
    gl.uniform2f(program.at("u_fine"), x.fine, y.fine);
  }

  rectangle(program: Program, box: Box, depth: number): void {
    const gl = this.gl;
    gl.uniform4fv(program.at("u_rect"), box);
    gl.uniform1f(program.at("u_depth"), depth);
    gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
  }

  private plain(color: [number, number, number, number], striped: boolean): void {
    const program = this.program("plain");
    this.gl.uniform4fv(program.at("u_color"), color);
    this.gl.uniform1i(program.at("u_striped"), Number(striped));
  }

  /** Stripes where a chunk could not be read: in their place nothing of this layer is to be trusted. */
  paintBad(pane: DrawnPane, from: Tiles): void {
    this.gl.disable(this.gl.BLEND);
    for (const bad of from.bad) {
      const box = clip(pane, boxOf(pane, from.grid(bad.level), bad.y, bad.x, bad.height, bad.width));
      if (!box) continue;
      this.plain([0.85, 0.45, 0.1, 1], true);
      this.rectangle(this.program("plain"), box, depthOf(bad.level));
    }
    this.gl.enable(this.gl.BLEND);
  }

  private resolve(background: [number, number, number]): void {
    const gl = this.gl;
    gl.disable(gl.SCISSOR_TEST);
    gl.disable(gl.DEPTH_TEST);
    gl.disable(gl.BLEND);
    gl.viewport(0, 0, this.width, this.height);
    const program = this.program("resolve");
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, this.sum.texture);
    gl.uniform1i(program.at("u_sum"), 0);
    gl.uniform3fv(program.at("u_background"), background);
    this.rectangle(program, [0, 0, this.width, this.height], 0);
  }

  private paintLabels(pane: DrawnPane, labels: DrawnLabels): void {
    const gl = this.gl;
    gl.enable(gl.DEPTH_TEST);
    gl.enable(gl.BLEND);
    gl.blendEquation(gl.FUNC_ADD);
    gl.blendFunc(gl.SRC_ALPHA, gl.ONE_MINUS_SRC_ALPHA);
    gl.clear(gl.DEPTH_BUFFER_BIT);
    drawLabels(this, pane, labels);
    this.paintBad(pane, labels);
  }

  private map(name: string): WebGLTexture {
    const known = this.maps.get(name);
    if (known) return known;
    const gl = this.gl;
    const texture = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, texture);
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGB8, 256, 1, 0, gl.RGB, gl.UNSIGNED_BYTE, mapTable(name));
    nearest(gl);
    this.maps.set(name, texture);
    return texture;
  }

  /** Forgets all pixels: another image is to be shown. */
  clear(): void {
    this.textures.clear();
    this.tables.clear();
  }
}
