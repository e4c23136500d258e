/** The checksum crc32c (Castagnoli), eight bytes a step: what shards and chunks carry. */

const POLYNOMIAL = 0x82f63b78;
const TABLES = makeTables();

/** What was read is not what was written. */
export class CorruptError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "CorruptError";
  }
}

/** Return the crc32c of bytes as an unsigned number. */
export function crc32c(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const whole = bytes.length - (bytes.length % 8);
  let crc = 0xffffffff;
  let i = 0;
  for (; i < whole; i += 8) {
    const low = view.getUint32(i, true) ^ crc;
    const high = view.getUint32(i + 4, true);
    crc =
      at(7, low) ^ at(6, low >>> 8) ^ at(5, low >>> 16) ^ at(4, low >>> 24) ^
      at(3, high) ^ at(2, high >>> 8) ^ at(1, high >>> 16) ^ at(0, high >>> 24);
  }
  for (; i < bytes.length; i++) crc = (crc >>> 8) ^ at(0, crc ^ bytes[i]!);
  return ~crc >>> 0;
}

/** Return the bytes before a checksum that stands in the last four, little endian, after comparing it. */
export function checked(bytes: Uint8Array, what: string): Uint8Array {
  if (bytes.length < 4) throw new CorruptError(`${what} is damaged: ${bytes.length} bytes hold no checksum`);
  const body = bytes.subarray(0, -4);
  const view = new DataView(bytes.buffer, bytes.byteOffset + body.length, 4);
  if (crc32c(body) !== view.getUint32(0, true)) {
    throw new CorruptError(`${what} is damaged: its checksum (crc32c) is wrong`);
  }
  return body;
}

function at(table: number, value: number): number {
  return TABLES[table * 256 + (value & 255)]!;
}

/** Table k tells what a byte does to the checksum k bytes later. */
function makeTables(): Uint32Array {
  const tables = new Uint32Array(8 * 256);
  for (let n = 0; n < 256; n++) {
    let crc = n;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    tables[n] = crc;
  }
  for (let i = 256; i < tables.length; i++) {
    const before = tables[i - 256]!;
    tables[i] = (before >>> 8) ^ tables[before & 255]!;
  }
  return tables;
}
