/** gzip and zlib by the browser's own hand, but no further than what belongs into a chunk: a kilobyte may hold a gigabyte. */

import { CorruptError } from "../../store/checksum";
import { whole } from "../../store/parts";
import { damaged } from "./bits";

type Unpack = (bytes: Uint8Array, most: number) => Promise<Uint8Array>;

export function inflate(format: "gzip" | "deflate"): Unpack {
  return async (bytes, most) => {
    const packed = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream();
    try {
      return await whole(packed.pipeThrough(new DecompressionStream(format)), (length) => {
        if (length > most) throw damaged(`it holds more than the ${most} bytes that belong there`);
      });
    } catch (error) {
      if (error instanceof CorruptError) throw error;
      throw damaged(`what ${format === "gzip" ? "gzip" : "zlib"} packed cannot be unpacked`);
    }
  };
}
