/** Colour maps of 256 steps, between a few colours that stand here. */

const STOPS: Record<string, readonly string[]> = {
  grey: ["000000", "ffffff"],
  "inverted grey": ["ffffff", "000000"],
  fire: ["000000", "4a0a2c", "a31621", "e8590c", "ffb01f", "fff3a6", "ffffff"],
  ice: ["000000", "0b1f4d", "14508f", "1b8fc4", "62cde0", "c3f3f2", "ffffff"],
  viridis: ["440154", "472d7b", "3b528b", "2c728e", "21918c", "28ae80", "5ec962", "addc30", "fde725"],
  inferno: ["000004", "1f0c48", "550f6d", "88226a", "ba3655", "e35933", "f98c0a", "f9c932", "fcffa4"],
  "blue to red": ["2b5cd9", "9db8f2", "f2f2f2", "f2a79d", "d92b2b"],
  "hue circle": ["ff4040", "ffd040", "60e060", "40d0d0", "5070ff", "d050e0", "ff4040"],
};

export const MAP_NAMES = Object.keys(STOPS);

export function isMap(name: string): boolean {
  return Object.hasOwn(STOPS, name.toLowerCase());
}

/** The colours of a map from black to white point, for a small picture of it. */
export function mapStops(name: string): string[] {
  return (STOPS[name.toLowerCase()] ?? STOPS.grey!).map((hex) => `#${hex}`);
}

/** Red, green, blue of 256 steps (0..255): straight lines between colours at equal distances, rounded. */
export function mapTable(name: string): Uint8Array {
  const stops = (STOPS[name.toLowerCase()] ?? STOPS.grey!).map((hex) => Number.parseInt(hex, 16));
  const table = new Uint8Array(256 * 3);
  for (let i = 0; i < 256; i++) {
    const place = (i / 255) * (stops.length - 1);
    const from = Math.min(stops.length - 2, Math.floor(place));
    for (let c = 0; c < 3; c++) {
      const [a, b] = [(stops[from]! >> (16 - 8 * c)) & 255, (stops[from + 1]! >> (16 - 8 * c)) & 255];
      table[3 * i + c] = Math.round(a + (b - a) * (place - from));
    }
  }
  return table;
}
