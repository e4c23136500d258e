/** Streams of bytes, read to their end. */

/** Read all of a stream; `seen` is told of each part, and may throw to end it. */
export async function whole(stream: ReadableStream<Uint8Array>, seen: (bytes: number) => void): Promise<Uint8Array> {
  const reader = stream.getReader();
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      parts.push(value);
      length += value.length;
      seen(length);
    }
  } catch (error) {
    void reader.cancel().catch(() => undefined);
    throw error;
  }
  if (parts.length === 1) return parts[0]!;
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
