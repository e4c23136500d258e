/** The engine: keeps what is wanted coming, coarse before fine, and nothing that is no longer wanted. */

import type { ArrayInfo, Image, Level } from "../ome/model";
import { Bounded } from "../store/bounded";
import { CoalescedStore } from "../store/coalesce";
import type { Store } from "../store/contracts";
import { CountedStore } from "../store/counted";
import type { BadTile, Pixels, Plane, Tile, TileEngine, Want } from "./contracts";
import { cut, strides } from "./cut";
import { Failures } from "./failures";
import { covered } from "./levels";
import { budgetOf, chunkBytes, chunkId, levelOf, type Need, type Part, partOf, targetLevel, wantedLevels } from "./plan";
import { DecodePool, type Decoder } from "./pool";
import { ChunkReader, wasCancelled } from "./reading";

export interface EngineOptions {
  /** Decoded chunks that are kept. */
  cacheBytes?: number;
  /** Chunks asked for at a time; four times as many of shards, where neighbours come in one request. */
  parallel?: number;
  decoder?: Decoder;
  /** Milliseconds until what may pass is asked for again; each time twice as long. */
  retryAfter?: number;
}

/** A decoded chunk, with the planes that were cut out of it; without pixels it is not stored. */
interface Chunk {
  pixels: Pixels | undefined;
  tiles: Map<string, Tile>;
  /** Bytes of planes that had to be copied. */
  copied: number;
}

/** What is here of one level, and whether that is all that was wanted, and all that is seen. */
interface Collected {
  tiles: Tile[];
  bad: BadTile[];
  done: boolean;
  cropped: boolean;
}

const MOST_DECODING = 64;
const SHARDED_WEIGHT = 0.25;
/** What is fetched and decoded at a time takes no more of the bytes of the cache, unpacked. */
const FLYING_SHARE = 0.25;
const EMPTY_BYTES = 256;

export function createEngine(store: Store, options: EngineOptions = {}): TileEngine {
  return new ChunkEngine(store, options);
}

class ChunkEngine implements TileEngine {
  onReady: () => void = () => undefined;
  private readonly counted: CountedStore;
  private readonly reader: ChunkReader;
  private readonly decoder: Decoder;
  private readonly chunks: Bounded<Chunk>;
  private readonly parallel: number;
  private readonly running = new Map<string, AbortController>();
  private readonly failed: Failures;
  private wants: readonly Want[] = [];
  private needs = new Map<string, Need>();
  private queue: Need[] = [];
  private fetching = 0;
  private decoding = 0;
  private flying = 0;
  private decoded = 0;
  private closed = false;
  private readonly covered = new WeakSet<Image>();
  private holding = false;

  constructor(store: Store, options: EngineOptions) {
    this.counted = new CountedStore(store);
    this.decoder = options.decoder ?? new DecodePool();
    this.reader = new ChunkReader(new CoalescedStore(this.counted), this.decoder);
    this.chunks = new Bounded(options.cacheBytes ?? 256 * 2 ** 20);
    this.parallel = options.parallel ?? 24;
    this.failed = new Failures(() => this.plan(), options.retryAfter);
  }

  get stats(): TileEngine["stats"] {
    const { requests, bytes } = this.counted.counts;
    const waiting = this.queue.length + this.running.size;
    return { requests, bytes, decoded: this.decoded, kept: this.chunks.bytes, waiting };
  }

  want(wants: readonly Want[]): void {
    if (this.wants.length === 0 && wants.length > 0) this.decoder.prepare?.();
    this.wants = wants;
    this.plan();
  }

  ready(want: Want): { tiles: Tile[]; bad: BadTile[]; complete: boolean } {
    const target = targetLevel(want, this.budget(want));
    const found: { tiles: Tile[]; bad: BadTile[] }[] = [];
    let complete = false;
    for (let level = target; level < want.plane.image.levels.length; level++) {
      const { done, cropped, ...here } = this.collect(want, level);
      found.unshift(here);
      if (level === target) complete = done;
      if (done && !cropped) break;
    }
    // What was seen a moment ago is better than something coarser.
    if (!complete && target > 0) found.push({ tiles: this.collect(want, target - 1).tiles, bad: [] });
    return { tiles: found.flatMap((one) => one.tiles), bad: found.flatMap((one) => one.bad), complete };
  }

  value(plane: Plane, y: number, x: number): number | bigint | undefined {
    const info = plane.image.levels[plane.level]?.info;
    if (!info) return undefined;
    const at = plane.at.map((index, axis) => Math.floor(axis === plane.down ? y : axis === plane.across ? x : index));
    if (at.some((index, axis) => index < 0 || index >= info.shape[axis]!)) return undefined;
    const place = at.map((index, axis) => Math.floor(index / info.chunks[axis]!));
    const chunk = this.chunks.peek(chunkId(info, place));
    if (!chunk) return undefined;
    if (!chunk.pixels) return typeof info.fill === "boolean" ? Number(info.fill) : info.fill;
    const steps = strides(info.chunks);
    return chunk.pixels[at.reduce((sum, index, axis) => sum + (index % info.chunks[axis]!) * steps[axis]!, 0)];
  }

  close(): void {
    this.closed = true;
    this.queue = [];
    for (const controller of this.running.values()) controller.abort();
    this.decoder.close();
    this.failed.close();
    this.chunks.clear();
  }

  private budget(want: Want): number {
    return budgetOf(want, this.wants, this.chunks.most);
  }

  private plan(): void {
    if (this.closed) return;
    this.needs = new Map();
    const held = this.uncovered();
    this.holding = held.size > 0;
    for (const want of this.wants) {
      const levels = wantedLevels(want, this.budget(want));
      for (const level of levels) this.loadLevel(levelOf(want, level));
      // Of an image that is not seen at all yet, only the coarsest is asked for: all else would stand in its way.
      const waits = held.has(want.plane.image);
      if (!waits || want.priority === 0) this.addNeeds(want, levels[0]!, 0);
      if (!waits && levels.length > 1) this.addNeeds(want, levels[1]!, 1);
    }
    for (const [id, controller] of this.running) {
      if (!this.needs.has(id)) controller.abort();
    }
    this.queue = [...this.needs.values()]
      .filter(({ id }) => !this.chunks.peek(id) && !this.running.has(id) && !this.failed.rests(id))
      .sort((a, b) => b.urgency - a.urgency);
    this.pump();
  }

  /** Images that are seen for the first time, and whose coarsest level is still on its way. */
  private uncovered(): Set<Image> {
    const open = new Set<Image>();
    for (const want of this.wants) {
      const [first, ...finer] = wantedLevels(want, this.budget(want));
      if (finer.length > 0 && !this.covered.has(want.plane.image) && !this.isHere(want, first!)) open.add(want.plane.image);
    }
    for (const { plane, priority } of this.wants) {
      if (priority === 0 && !open.has(plane.image)) this.covered.add(plane.image);
    }
    return open;
  }

  private isHere(want: Want, number: number): boolean {
    const level = levelOf(want, number);
    if (!level.info) return this.failed.get(levelKey(level)) !== undefined;
    const { info, places } = partOf(want, number, level.info, this.budget(want));
    const ids = places.map((place) => chunkId(info, place));
    return ids.every((id) => this.chunks.peek(id) !== undefined || this.failed.get(id) !== undefined);
  }

  private addNeeds(want: Want, number: number, stage: number): void {
    const { info } = levelOf(want, number);
    if (!info) return;
    partOf(want, number, info, this.budget(want)).places.forEach((place, rank) => {
      const id = chunkId(info, place);
      const urgency = want.priority * 1e8 + stage * 1e6 + rank;
      if (urgency < (this.needs.get(id)?.urgency ?? Infinity)) this.needs.set(id, { id, info, place, urgency });
    });
  }

  private loadLevel(level: Level): void {
    const key = levelKey(level);
    if (level.info || this.failed.rests(key) || this.running.has(key)) return;
    this.running.set(key, new AbortController());
    level.load().then(
      () => this.settle(key),
      (error: unknown) => this.settle(key, error),
    );
  }

  private settle(key: string, error?: unknown): void {
    this.running.delete(key);
    if (error === undefined) this.failed.delete(key);
    else this.failed.add(key, error);
    this.plan();
    if (error !== undefined) this.onReady();
  }

  private pump(): void {
    while (this.fetching < this.parallel && this.decoding < MOST_DECODING) {
      const need = this.queue.at(-1);
      // However large chunks are, one at least is on its way.
      if (!need || (this.flying > 0 && this.flying + chunkBytes(need.info) > this.chunks.most * FLYING_SHARE)) return;
      this.queue.pop();
      void this.run(need);
    }
  }

  private async run(need: Need): Promise<void> {
    const controller = new AbortController();
    this.running.set(need.id, controller);
    try {
      const pixels = await this.read(need, controller.signal);
      if (!this.closed) this.keep(need, pixels);
    } catch (error) {
      if (!wasCancelled(error)) this.failed.add(need.id, error);
    }
    const again = controller.signal.aborted && this.needs.has(need.id);
    this.running.delete(need.id);
    if (this.closed) return;
    // Wanted again while it was being cancelled.
    if (this.holding || (again && !this.chunks.peek(need.id))) this.plan();
    else this.pump();
    if (!controller.signal.aborted) this.onReady();
  }

  private async read({ info, place }: Need, signal: AbortSignal): Promise<Pixels | undefined> {
    const weight = info.shards ? SHARDED_WEIGHT : 1;
    this.fetching += weight;
    this.flying += chunkBytes(info);
    try {
      const bytes = await this.reader.fetch(info, place, signal).finally(() => (this.fetching -= weight));
      return bytes && (await this.decode(info, place, bytes, signal));
    } finally {
      this.flying -= chunkBytes(info);
    }
  }

  private async decode(info: ArrayInfo, place: readonly number[], bytes: Uint8Array, signal: AbortSignal): Promise<Pixels> {
    this.decoding += 1;
    // The next ones are asked for while this one is unpacked.
    this.pump();
    try {
      const pixels = await this.reader.decode(info, place, bytes, signal);
      this.decoded += 1;
      return pixels;
    } finally {
      this.decoding -= 1;
    }
  }

  private keep({ id, info }: Need, pixels: Pixels | undefined): void {
    const bytes = pixels ? chunkBytes(info) : EMPTY_BYTES;
    this.failed.delete(id);
    this.chunks.set(id, { pixels, tiles: new Map(), copied: 0 }, bytes, (other) => this.needs.has(other));
  }

  /** What is here of one level for a want. */
  private collect(want: Want, number: number): Collected {
    const level = levelOf(want, number);
    if (!level.info) return this.unread(want, number, level);
    const part = partOf(want, number, level.info, this.budget(want));
    const tiles: Tile[] = [];
    const bad: BadTile[] = [];
    for (const place of part.places) {
      const id = chunkId(part.info, place);
      const chunk = this.chunks.get(id);
      const failure = this.failed.get(id);
      if (chunk) tiles.push(tileOf(chunk, part, place));
      else if (failure) bad.push(badOf(id, part, place, failure));
    }
    return { tiles, bad, done: tiles.length + bad.length === part.places.length, cropped: part.cropped };
  }

  /** A level whose document is not here: either it is on its way, or all of it is bad. */
  private unread(want: Want, number: number, level: Level): Collected {
    const failure = this.failed.get(levelKey(level));
    const base = want.plane.image.levels[0]!;
    if (!failure || !base.info) return { tiles: [], bad: [], done: false, cropped: false };
    const size = [want.plane.down, want.plane.across].map((axis) =>
      Math.max(1, Math.round((base.info!.shape[axis]! * base.scale[axis]!) / level.scale[axis]!)),
    );
    const id = levelKey(level);
    const bad = { id, level: number, y: 0, x: 0, height: size[0]!, width: size[1]!, error: failure };
    return { tiles: [], bad: [bad], done: true, cropped: false };
  }
}

function levelKey(level: Level): string {
  return `level ${level.path}`;
}

function tileOf(chunk: Chunk, part: Part, place: readonly number[]): Tile {
  const { info, plane, level } = part;
  const { down, across } = plane;
  const inside = plane.at.map((index, axis) => (axis === down || axis === across ? "_" : index % info.chunks[axis]!));
  const id = `${chunkId(info, place)}/${down},${across}/${inside.join(".")}`;
  const known = chunk.tiles.get(id);
  if (known) return known;
  const tile: Tile = { id, level, empty: !chunk.pixels, ...cut(info, plane, place, chunk.pixels) };
  forgetCopies(chunk, info, tile);
  chunk.tiles.set(id, tile);
  return tile;
}

/** Copied planes of a chunk take no more than the chunk itself. */
function forgetCopies(chunk: Chunk, info: ArrayInfo, tile: Tile): void {
  if (chunk.pixels && tile.pixels.buffer === chunk.pixels.buffer) return;
  chunk.copied += tile.pixels.byteLength;
  if (chunk.copied <= Math.max(chunkBytes(info), tile.pixels.byteLength)) return;
  chunk.tiles.clear();
  chunk.copied = tile.pixels.byteLength;
}

function badOf(id: string, part: Part, place: readonly number[], error: Error): BadTile {
  const { y0, x0, y1, x1 } = covered(part.info, part.plane, place);
  return { id, level: part.level, y: y0, x: x0, height: y1 - y0, width: x1 - x0, error };
}
