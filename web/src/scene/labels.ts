/** Colours of labels: the same id has the same colour everywhere and always; the shader computes the same formula. */

const MULTIPLIER = 0x9e3779b1;

/**
 * Red, green, blue (0..1) of an id of 32 bits.
 *
 * h = id * 0x9E3779B1 modulo 2^32; hue = (h >> 16) / 65536 of the circle; saturation = 0.55 + 0.4 * ((h >> 8) & 255) / 255;
 * value = 1 - 0.3 * (h & 255) / 255.
 */
export function labelColor(id: number): [number, number, number] {
  const h = Math.imul(id, MULTIPLIER) >>> 0;
  return fromHsv((h >>> 16) / 65536, 0.55 + (0.4 * ((h >>> 8) & 255)) / 255, 1 - (0.3 * (h & 255)) / 255);
}

function fromHsv(hue: number, saturation: number, value: number): [number, number, number] {
  const part = (shift: number): number => {
    const k = (shift + hue * 6) % 6;
    return value - value * saturation * Math.max(0, Math.min(k, 4 - k, 1));
  };
  return [part(5), part(3), part(1)];
}

/** Ids of 64 bits fold into 32 for their colour only. */
export function foldId(id: bigint): number {
  const wide = BigInt.asUintN(64, id);
  return Number((wide ^ (wide >> 32n)) & 0xffffffffn);
}

/** Ids above this are numbered in the order in which they are met, so that 32 bits tell all of them apart. */
const FIRST_NUMBERED = 0x80000000;

/** Numbers of 32 bits for ids of any size, exact: two ids never share one. */
export class IdNumbers {
  private readonly numbers = new Map<bigint, number>();

  of(id: bigint): number {
    if (id >= 0n && id < BigInt(FIRST_NUMBERED)) return Number(id);
    const known = this.numbers.get(id);
    if (known !== undefined) return known;
    const next = FIRST_NUMBERED + this.numbers.size;
    this.numbers.set(id, next);
    return next;
  }

  /** The large ids met so far, with their numbers. */
  get entries(): IterableIterator<[bigint, number]> {
    return this.numbers.entries();
  }

  get size(): number {
    return this.numbers.size;
  }
}

export type Rgba = [number, number, number, number];

/** Colours that do not follow from the formula, by number, in order: those of the metadata, and of large ids. */
export function exceptions(
  colors: ReadonlyMap<number, Rgba>, numbers: IdNumbers | undefined,
): { ids: Uint32Array; colors: Uint8Array } {
  const all = new Map<number, Rgba>();
  for (const [id, number] of numbers?.entries ?? []) {
    const [r, g, b] = labelColor(foldId(id));
    all.set(number, colors.get(Number(id)) ?? [r * 255, g * 255, b * 255, 255]);
  }
  for (const [id, color] of colors) if (Math.abs(id) <= 0xffffffff) all.set(id >>> 0, color);
  const ids = Uint32Array.from(all.keys()).sort();
  const table = new Uint8Array(4 * ids.length);
  ids.forEach((id, i) => table.set(all.get(id)!.map(Math.round), 4 * i));
  return { ids, colors: table };
}
