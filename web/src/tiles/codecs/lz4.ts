/** Unpacks blocks of LZ4, and of BloscLZ, which is a relative of it. */

import { damaged } from "./bits";
import { Output } from "./output";

/** Unpack one block; it holds exactly `size` bytes. */
export function decodeLz4(bytes: Uint8Array, size: number): Uint8Array {
  const output = new Output(size, size);
  const end = bytes.length;
  let at = 0;
  const more = (length: number): number => {
    let step: number;
    do {
      if (at >= end) throw damaged("LZ4 data are cut off");
      step = bytes[at++]!;
      length += step;
    } while (step === 255);
    return length;
  };
  while (at < end) {
    const token = bytes[at++]!;
    const literals = token >> 4 === 15 ? more(15) : token >> 4;
    if (at + literals > end) throw damaged("LZ4 data are cut off");
    output.copy(bytes, at, literals);
    at += literals;
    if (at === end) break;
    if (at + 2 > end) throw damaged("LZ4 data are cut off");
    const distance = bytes[at]! | (bytes[at + 1]! << 8);
    at += 2;
    const length = 4 + ((token & 15) === 15 ? more(15) : token & 15);
    if (distance === 0 || distance > output.length) throw damaged("LZ4 data refer to what is not there");
    output.repeat(distance, length);
  }
  if (output.length !== size) throw damaged(`LZ4 data hold ${output.length} bytes instead of ${size}`);
  return output.bytes;
}

/** As numcodecs writes LZ4: the size, then one block. */
export function decodeSizedLz4(bytes: Uint8Array, most: number): Uint8Array {
  if (bytes.length < 4) throw damaged("LZ4 data are cut off");
  const size = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  if (size > most) throw damaged(`it holds ${size} bytes where at most ${most} belong`);
  return decodeLz4(bytes.subarray(4), size);
}

const FAR = 8191;

/** Unpack one block of BloscLZ; it holds exactly `size` bytes. */
export function decodeBloscLz(bytes: Uint8Array, size: number): Uint8Array {
  const output = new Output(size, size);
  const end = bytes.length;
  let at = 0;
  const take = (): number => {
    if (at >= end) throw damaged("BloscLZ data are cut off");
    return bytes[at++]!;
  };
  let control = take() & 31;
  for (;;) {
    if (control >= 32) {
      let length = (control >> 5) + 2;
      const high = (control & 31) << 8;
      let code = 255;
      if (length === 9) while (code === 255) length += code = take();
      code = take();
      let distance = high + code + 1;
      if (code === 255 && high === 31 << 8) distance = (take() << 8) + take() + FAR + 1;
      if (distance > output.length) throw damaged("BloscLZ data refer to what is not there");
      output.repeat(distance, length);
    } else {
      if (at + control + 1 > end) throw damaged("BloscLZ data are cut off");
      output.copy(bytes, at, control + 1);
      at += control + 1;
    }
    if (at >= end) break;
    control = take();
  }
  if (output.length !== size) throw damaged(`BloscLZ data hold ${output.length} bytes instead of ${size}`);
  return output.bytes;
}
