/** Numbers as people read them, with the signs of their units. */

const SIGNS: Record<string, string> = {
  angstrom: "Å", nanometer: "nm", micrometer: "µm", millimeter: "mm", centimeter: "cm", meter: "m", kilometer: "km",
  picometer: "pm", nanosecond: "ns", microsecond: "µs", millisecond: "ms", second: "s", minute: "min", hour: "h",
  day: "d", inch: "in", foot: "ft", pixel: "px", pixels: "px",
};

/** Metres of units of length that people exchange for each other as numbers grow. */
export const METRES: Record<string, number> = {
  picometer: 1e-12, angstrom: 1e-10, nanometer: 1e-9, micrometer: 1e-6, millimeter: 1e-3, centimeter: 1e-2,
  meter: 1, kilometer: 1e3,
};

export function unitSign(unit: string | undefined): string {
  return unit === undefined ? "" : (SIGNS[unit] ?? unit);
}

/** A value of a pixel: whole numbers in full, others with as many digits as tell something. */
export function formatValue(value: number | bigint): string {
  if (typeof value === "bigint" || Number.isInteger(value)) return String(value);
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "not a number" : value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  return size >= 1e6 || size < 1e-3 ? value.toExponential(3) : String(Number(value.toPrecision(5)));
}

/** A physical quantity, to a tenth of a pixel's size. */
export function formatQuantity(value: number, unit: string | undefined, step: number): string {
  const digits = Math.min(6, Math.max(0, Math.ceil(-Math.log10(Math.abs(step) || 1)) + 1));
  const text = Math.abs(value) >= 1e7 ? value.toExponential(3) : value.toFixed(digits);
  return unit === undefined ? text : `${text} ${unitSign(unit)}`;
}

export function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  let power = 0;
  while (bytes >= 1000 && power < units.length - 1) {
    bytes /= 1000;
    power++;
  }
  return `${power === 0 || bytes >= 100 ? Math.round(bytes) : bytes.toFixed(1)} ${units[power]}`;
}
