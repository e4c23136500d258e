/** Fill values as both versions of Zarr write them. */

import type { DType } from "./model";

const SPECIAL: Record<string, number> = { NaN, Infinity, "-Infinity": -Infinity };

/** Read a fill value; where it is none of this type it is 0, which is what an absent one means. */
export function decodeFill(value: unknown, dtype: DType, source?: string): number | bigint | boolean {
  if (dtype === "bool") return value === true || value === 1;
  if (dtype === "int64" || dtype === "uint64") return decodeLong(value, dtype, source);
  if (typeof value === "number") return value;
  if (typeof value !== "string") return 0;
  if (value in SPECIAL && dtype.startsWith("float")) return SPECIAL[value]!;
  if (/^0x[0-9a-fA-F]+$/.test(value)) return fromBits(value.slice(2), dtype);
  // Early bioformats2raw wrote numbers as strings.
  return /^-?[0-9]{1,20}$/.test(value) ? Number(value) : 0;
}

/** JSON.parse rounds beyond 53 bits: the digits are looked up in the text of the document. */
function decodeLong(value: unknown, dtype: "int64" | "uint64", source?: string): bigint {
  const digits = /"fill_value"\s*:\s*"?(-?[0-9]+)"?\s*[,}]/.exec(source ?? "")?.[1];
  const whole = typeof value === "number" ? Number.isInteger(value) : typeof value === "string" && /^-?[0-9]{1,20}$/.test(value);
  if (!whole) return 0n;
  const found = BigInt(digits ?? (value as number | string));
  return dtype === "int64" ? BigInt.asIntN(64, found) : BigInt.asUintN(64, found);
}

function fromBits(hex: string, dtype: DType): number {
  const view = new DataView(new ArrayBuffer(8));
  if (dtype === "float16" && hex.length === 4) return half(parseInt(hex, 16));
  if (dtype === "float32" && hex.length === 8) {
    view.setUint32(0, parseInt(hex, 16));
    return view.getFloat32(0);
  }
  if (dtype === "float64" && hex.length === 16) {
    view.setBigUint64(0, BigInt(`0x${hex}`));
    return view.getFloat64(0);
  }
  return 0;
}

/** Return the number that sixteen bits stand for (IEEE 754, binary16). */
export function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
