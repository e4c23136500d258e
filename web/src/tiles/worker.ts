/** Decodes chunks beside the page, so that nothing stutters. */

import { decodeChunk } from "./decode";
import type { Answer, Question } from "./pool";

const scope = self as unknown as DedicatedWorkerGlobalScope;

scope.onmessage = async ({ data }: MessageEvent<Question>): Promise<void> => {
  try {
    const pixels = await decodeChunk(data.form, data.bytes);
    // Views into memory of a codec's own must not be taken away from it.
    const whole = pixels.byteLength === pixels.buffer.byteLength ? pixels : pixels.slice();
    const answer: Answer = { id: data.id, pixels: whole };
    scope.postMessage(answer, [whole.buffer as ArrayBuffer]);
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    const answer: Answer = { id: data.id, error: { name, message } };
    scope.postMessage(answer);
  }
};
