import { describe, expect, it } from "vitest";
import { decodeFill, half } from "../../src/ome/fill";

describe("fill values", () => {
  it.each([
    [null, "uint16", 0], [7, "uint16", 7], ["12", "int16", 12], ["NaN", "float32", NaN], ["-Infinity", "float64", -Infinity],
    [0.5, "float32", 0.5], [true, "bool", true], [0, "bool", false], ["0x7fc00000", "float32", NaN], ["0x3f800000", "float32", 1],
    ["0xbff0000000000000", "float64", -1], ["0x3c00", "float16", 1], [undefined, "int64", 0n], [5, "uint64", 5n], ["nonsense", "uint8", 0],
  ] as const)("%j of %s is %s", (value, dtype, expected) => {
    expect(decodeFill(value, dtype)).toBe(expected);
  });

  it("keep all their digits", () => {
    const source = '{"fill_value": 18446744073709551615, "order": "C"}';
    expect(decodeFill((JSON.parse(source) as { fill_value: number }).fill_value, "uint64", source)).toBe(2n ** 64n - 1n);
    const low = '{"shape": [1], "fill_value":-9223372036854775808}';
    expect(decodeFill(-9223372036854775808, "int64", low)).toBe(-(2n ** 63n));
  });
});

describe("half floats", () => {
  it.each([[0x0000, 0], [0x3c00, 1], [0xc000, -2], [0x7bff, 65504], [0x0001, 2 ** -24], [0x0400, 2 ** -14], [0x3555, 0.333251953125], [0x7c00, Infinity], [0xfc00, -Infinity], [0x7e00, NaN]])(
    "%i is %f", (bits, value) => expect(half(bits)).toBe(value),
  );
});
