/** Undoes the orders of bytes and bits by which Blosc brings together what is alike. */

/** First all first bytes, then all second ones and so on; what is left over at the end stands as it was. */
export function unshuffle(from: Uint8Array, to: Uint8Array, width: number): void {
  const count = Math.floor(from.length / width);
  for (let byte = 0; byte < width; byte++) {
    const start = byte * count;
    for (let i = 0, at = byte; i < count; i++, at += width) to[at] = from[start + i]!;
  }
  to.set(from.subarray(count * width), count * width);
}

/** For each value of a byte, the first (or last) four of its bits as the lowest bits of four bytes. */
const SPREAD = Uint32Array.from({ length: 256 }, (_, value) => {
  const bit = (place: number): number => ((value >> place) & 1) << (8 * place);
  return (bit(0) | bit(1) | bit(2) | bit(3)) >>> 0;
});

/** First the lowest bits of all first bytes, and so on; only where pixels come in eights. */
export function unshuffleBits(from: Uint8Array, to: Uint8Array, width: number): void {
  const count = Math.floor(from.length / width);
  if (count % 8 !== 0) return to.set(from);
  const row = count / 8;
  for (let byte = 0; byte < width; byte++) {
    for (let group = 0; group < row; group++) {
      let [low, high] = [0, 0];
      for (let bit = 0; bit < 8; bit++) {
        const value = from[(byte * 8 + bit) * row + group]!;
        low |= SPREAD[value & 15]! << bit;
        high |= SPREAD[value >> 4]! << bit;
      }
      let at = group * 8 * width + byte;
      for (let i = 0; i < 32; i += 8, at += width) to[at] = (low >>> i) & 255;
      for (let i = 0; i < 32; i += 8, at += width) to[at] = (high >>> i) & 255;
    }
  }
  to.set(from.subarray(count * width), count * width);
}
