/** A length that is easy to read: 1, 2 or 5 times a power of ten. */

import { METRES, unitSign } from "./numbers";

export interface ScaleBar {
  /** CSS pixels. */
  width: number;
  text: string;
}

function niceBelow(length: number): number {
  const power = 10 ** Math.floor(Math.log10(length));
  const digit = length / power;
  return (digit >= 5 - 1e-9 ? 5 : digit >= 2 - 1e-9 ? 2 : 1) * power;
}

const STEPS: readonly [string, number][] = [["nm", 1e-9], ["µm", 1e-6], ["mm", 1e-3], ["m", 1], ["km", 1e3]];

function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}

/** The longest bar that fits; `size` is what a CSS pixel is long in `unit`, and pixels are counted where there is none. */
export function scaleBar(size: number, unit: string | undefined, longest: number): ScaleBar {
  const metres = unit === undefined ? undefined : METRES[unit];
  if (metres === undefined) {
    const length = niceBelow(longest * size);
    return { width: length / size, text: `${short(length)} ${unit === undefined ? "px" : unitSign(unit)}` };
  }
  const length = niceBelow(longest * size * metres);
  const [sign, one] = [...STEPS].reverse().find(([, step]) => length >= step * (1 - 1e-9)) ?? (["pm", 1e-12] as const);
  return { width: length / (size * metres), text: `${short(length / one)} ${sign}` };
}
