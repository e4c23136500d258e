/** Where unpacked bytes go: as large as told from the beginning, else growing, and never beyond a bound. */

import { damaged } from "./bits";

const FIRST = 64 * 1024;

export class Output {
  bytes: Uint8Array;
  length = 0;

  constructor(
    size: number | undefined,
    private readonly most: number,
  ) {
    if (size !== undefined && size > most) throw damaged(`it holds ${size} bytes where at most ${most} belong`);
    this.bytes = new Uint8Array(size ?? Math.min(FIRST, most));
  }

  /** Make room for so many more bytes. */
  reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.bytes.length) return;
    if (needed > this.most) throw damaged(`it holds more than the ${this.most} bytes that belong there`);
    const grown = new Uint8Array(Math.min(this.most, Math.max(needed, 2 * this.bytes.length)));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
  }

  copy(from: Uint8Array, start: number, count: number): void {
    this.reserve(count);
    if (count > 32) this.bytes.set(from.subarray(start, start + count), this.length);
    else for (let i = 0; i < count; i++) this.bytes[this.length + i] = from[start + i]!;
    this.length += count;
  }

  fill(value: number, count: number): void {
    this.reserve(count);
    this.bytes.fill(value, this.length, this.length + count);
    this.length += count;
  }

  /** Repeat what stands so far back; the source may reach into what is being written. */
  repeat(distance: number, count: number): void {
    this.reserve(count);
    const { bytes, length } = this;
    const from = length - distance;
    if (distance >= count && count > 32) bytes.copyWithin(length, from, from + count);
    else for (let i = 0; i < count; i++) bytes[length + i] = bytes[from + i]!;
    this.length += count;
  }

  /** Literals, then a repetition: in one go, because most of both are short. */
  append(literals: Uint8Array, start: number, count: number, distance: number, length: number): void {
    if (count > 32 || length > 32) {
      this.copy(literals, start, count);
      this.repeat(distance, length);
      return;
    }
    this.reserve(count + length);
    const { bytes } = this;
    let at = this.length;
    for (let i = start; i < start + count; i++) bytes[at++] = literals[i]!;
    for (let i = at + length, from = at - distance; at < i; ) bytes[at++] = bytes[from++]!;
    this.length = at;
  }

  finish(): Uint8Array {
    return this.length === this.bytes.length ? this.bytes : this.bytes.slice(0, this.length);
  }
}
