/** Streams of bits as zstd writes them: some are read from the front, most from the back. */

import { CorruptError } from "../../store/checksum";

export function damaged(what: string): CorruptError {
  return new CorruptError(`the chunk is damaged: ${what}`);
}

/** Bits from the front, lowest first. */
export class ForwardBits {
  private at: number;

  constructor(
    private readonly bytes: Uint8Array,
    start: number,
    private readonly end: number,
  ) {
    this.at = start * 8;
  }

  /** Look at up to 24 bits without taking them. */
  peek(count: number): number {
    const byte = this.at >> 3;
    const { bytes } = this;
    const word = (bytes[byte] ?? 0) | ((bytes[byte + 1] ?? 0) << 8) | ((bytes[byte + 2] ?? 0) << 16) | ((bytes[byte + 3] ?? 0) << 24);
    return (word >>> (this.at & 7)) & ((1 << count) - 1);
  }

  skip(count: number): void {
    this.at += count;
    if (this.at > this.end * 8) throw damaged("a table of zstd is cut off");
  }

  read(count: number): number {
    const found = this.peek(count);
    this.skip(count);
    return found;
  }

  /** The first whole byte that has not been touched. */
  get byte(): number {
    return (this.at + 7) >> 3;
  }
}

/**
 * Bits from the back: the last byte has a one above its first bit. The view must go on for four bytes behind the
 * stream, so that words can be taken without a look at its end.
 */
export class BackwardBits {
  /** Bits that are left; below 0 where more were taken than there are, which reads as zeros. */
  left: number;
  private readonly start: number;

  constructor(
    private readonly view: DataView,
    start: number,
    end: number,
  ) {
    this.start = start * 8;
    this.left = bitsOf(view, start, end);
  }

  /** Take up to 25 bits. */
  read(count: number): number {
    this.left -= count;
    if (this.left < 0) return this.beyond(count);
    const at = this.start + this.left;
    return (this.view.getInt32(at >> 3, true) >>> (at & 7)) & ((1 << count) - 1);
  }

  /** Take up to 32 bits. */
  readLong(count: number): number {
    if (count <= 25) return this.read(count);
    const high = this.read(count - 16);
    return high * 65536 + this.read(16);
  }

  /** Zeros follow the first bits of the stream. */
  private beyond(count: number): number {
    const missing = -this.left;
    if (missing >= count) return 0;
    return (this.view.getInt32(this.start >> 3, true) & ((1 << (count - missing)) - 1)) << missing;
  }
}

/** How many bits a stream has below the mark in its last byte. */
export function bitsOf(view: DataView, start: number, end: number): number {
  const last = end > start ? view.getUint8(end - 1) : 0;
  if (last === 0) throw damaged("a stream of zstd has no end");
  return (end - start) * 8 - 8 + (31 - Math.clz32(last));
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
