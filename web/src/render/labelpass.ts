/** Labels: ids to colours, with outlines that go on across the borders of tiles. */

import { type Box, boxOf, clip, depthOf, type DrawnLabels, type DrawnPane } from "./drawing";
import type { Program } from "./gl";
import type { IdTables } from "./idtable";
import type { Sampler } from "./shaders";
import { type Piece, piecesOf, type Texture, type TextureCache } from "./textures";

/** What the pass needs of the renderer. */
export interface LabelTools {
  readonly gl: WebGL2RenderingContext;
  readonly textures: TextureCache;
  readonly tables: IdTables;
  program(name: "label", sampler: Sampler): Program;
  place(program: Program, texture: Texture, whole: Box): void;
  rectangle(program: Program, box: Box, depth: number): void;
}

type Side = "left" | "right" | "up" | "down";
const SIDES: readonly Side[] = ["left", "right", "up", "down"];

/** Pieces by their corners, so that neighbours are found. */
class Neighbours {
  private readonly corners = new Map<string, Piece>();
  private readonly ends = new Map<string, Piece>();

  constructor(pieces: readonly Piece[]) {
    for (const piece of pieces) {
      const [y, x] = [piece.tile.y + piece.y, piece.tile.x + piece.x];
      this.corners.set(`${piece.tile.level} ${y} ${x}`, piece);
      this.ends.set(`${piece.tile.level} ${y + piece.height} ${x + piece.width}`, piece);
    }
  }

  /** The piece that touches a side along its whole length, if it is here. */
  of(piece: Piece, side: Side): Piece | undefined {
    const level = piece.tile.level;
    const [y, x] = [piece.tile.y + piece.y, piece.tile.x + piece.x];
    const [bottom, right] = [y + piece.height, x + piece.width];
    if (side === "left") return this.ends.get(`${level} ${bottom} ${x}`);
    if (side === "up") return this.ends.get(`${level} ${y} ${right}`);
    return this.corners.get(side === "right" ? `${level} ${y} ${right}` : `${level} ${bottom} ${x}`);
  }
}

export function drawLabels(tools: LabelTools, pane: DrawnPane, labels: DrawnLabels): void {
  const tiles = [...labels.tiles].sort((a, b) => a.level - b.level);
  const pieces = tiles.flatMap((tile) => piecesOf(tile));
  const neighbours = labels.outline ? new Neighbours(pieces) : undefined;
  for (const piece of pieces) {
    const { tile, y, x, height, width } = piece;
    const whole = boxOf(pane, labels.grid(tile.level), tile.y + y, tile.x + x, height, width);
    const box = clip(pane, whole);
    if (box) drawPiece(tools, labels, piece, neighbours, whole, box);
  }
}

function drawPiece(
  tools: LabelTools, labels: DrawnLabels, piece: Piece, neighbours: Neighbours | undefined, whole: Box, box: Box,
): void {
  const gl = tools.gl;
  const texture = tools.textures.get(piece, labels.numbers);
  const around = SIDES.map((side) => {
    const other = neighbours?.of(piece, side);
    return other && tools.textures.get(other, labels.numbers);
  });
  const table = tools.tables.get(labels.key, labels.colors, labels.numbers);
  const program = tools.program("label", texture.sampler);
  const bind = (unit: number, name: string, bound: WebGLTexture): void => {
    gl.activeTexture(gl.TEXTURE0 + unit);
    gl.bindTexture(gl.TEXTURE_2D, bound);
    gl.uniform1i(program.at(name), unit);
  };
  SIDES.forEach((side, i) => bind(1 + i, `u_${side}`, (around[i] ?? texture).texture));
  bind(5, "u_ids", table.ids);
  bind(6, "u_colors", table.colors);
  const [left, right, up, down] = around;
  gl.uniform4i(program.at("u_reach"), left?.width ?? 0, right ? 1 : 0, up?.height ?? 0, down ? 1 : 0);
  gl.uniform1i(program.at("u_outline"), Number(labels.outline));
  gl.uniform1f(program.at("u_opacity"), labels.opacity);
  gl.uniform1i(program.at("u_exceptions"), table.count);
  tools.place(program, texture, whole);
  tools.rectangle(program, box, depthOf(piece.tile.level));
}
