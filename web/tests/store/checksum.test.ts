import { describe, expect, it } from "vitest";
import { checked, CorruptError, crc32c } from "../../src/store/checksum";

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Bit by bit, as the polynomial is defined. */
function slow(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let i = 0; i < 8; i++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}

describe("crc32c", () => {
  it("gives the values of RFC 3720, B.4", () => {
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(255))).toBe(0x62a8ab43);
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
    expect(crc32c(ascii("123456789"))).toBe(0xe3069283);
  });

  it("agrees with the definition at every length and alignment", () => {
    const bytes = Uint8Array.from({ length: 100 }, (_, i) => (i * 73 + 11) % 256);
    for (let from = 0; from < 9; from++) {
      for (let to = from; to < 60; to++) expect(crc32c(bytes.subarray(from, to))).toBe(slow(bytes.subarray(from, to)));
    }
  });

  it("finds a flipped bit", () => {
    const body = ascii("some pixels");
    const whole = new Uint8Array(body.length + 4);
    whole.set(body);
    new DataView(whole.buffer).setUint32(body.length, slow(body), true);
    expect(checked(whole, "the chunk")).toEqual(body);
    whole[3]! ^= 4;
    expect(() => checked(whole, "the chunk")).toThrow(CorruptError);
    expect(() => checked(whole.subarray(0, 3), "the chunk")).toThrow("3 bytes hold no checksum");
  });
});
