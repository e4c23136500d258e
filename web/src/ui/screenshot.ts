/** Pictures as files, with a scale bar drawn into them. */

import type { ScaleBar } from "../scene/scalebar";

const MARGIN = 18;
const THICK = 4;

/** A PNG of some pixels, with the bar at the lower left of the plane as on the page. */
export async function drawScaleBar(
  pixels: ImageData, bar: ScaleBar | undefined, raised: number, ratio: number, color: [number, number, number],
): Promise<Blob> {
  const canvas = document.createElement("canvas");
  canvas.width = pixels.width;
  canvas.height = pixels.height;
  const context = canvas.getContext("2d")!;
  context.putImageData(pixels, 0, 0);
  if (bar) {
    const bottom = pixels.height - (MARGIN + raised) * ratio;
    const text = `rgb(${color.map((part) => Math.round(part * 255)).join(" ")})`;
    context.font = `${13 * ratio}px system-ui, sans-serif`;
    context.lineJoin = "round";
    context.lineWidth = 3 * ratio;
    context.strokeStyle = color[0] > 0.5 ? "rgb(0 0 0 / 0.6)" : "rgb(255 255 255 / 0.6)";
    context.fillStyle = text;
    const [x, width] = [MARGIN * ratio, bar.width * ratio];
    context.strokeRect(x, bottom - THICK * ratio, width, THICK * ratio);
    context.fillRect(x, bottom - THICK * ratio, width, THICK * ratio);
    context.strokeText(bar.text, x, bottom - (THICK + 6) * ratio);
    context.fillText(bar.text, x, bottom - (THICK + 6) * ratio);
  }
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("the picture could not be written"))), "image/png");
  });
}

/** Offers a file to be saved. */
export function save(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
