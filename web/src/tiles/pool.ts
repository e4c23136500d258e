/** A few workers that decode chunks; they are started when the first chunk comes. */

import { CorruptError } from "../store/checksum";
import { aborted } from "../store/shared";
import type { Pixels } from "./contracts";
import type { ChunkForm } from "./decode";

export interface Decoder {
  /** Something will have to be decoded soon. */
  prepare?(): void;
  /** Decode a chunk; the bytes belong to the decoder from then on. */
  decode(form: ChunkForm, bytes: Uint8Array, signal: AbortSignal): Promise<Pixels>;
  close(): void;
}

export interface Question {
  id: number;
  form: ChunkForm;
  bytes: Uint8Array;
}

export type Answer = { id: number; pixels: Pixels } | { id: number; error: { name: string; message: string } };

interface Task extends Question {
  resolve: (pixels: Pixels) => void;
  reject: (error: Error) => void;
}

interface Hand {
  worker: Worker;
  busy: Map<number, Task>;
}

/** While one chunk is decoded the next one lies ready. */
const AT_ONCE = 2;
const READY = 2;

export class DecodePool implements Decoder {
  private readonly hands: Hand[] = [];
  private readonly queue: Task[] = [];
  private readonly most: number;
  private count = 0;

  constructor(most?: number) {
    const cores = globalThis.navigator?.hardwareConcurrency ?? 2;
    this.most = most ?? Math.min(4, Math.max(1, cores - 1));
  }

  decode(form: ChunkForm, bytes: Uint8Array, signal: AbortSignal): Promise<Pixels> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(aborted(signal));
      const { document, dtype, chunks } = form;
      const task: Task = { id: this.count++, form: { document, dtype, chunks }, bytes, resolve, reject };
      signal.addEventListener("abort", () => this.leave(task, signal), { once: true });
      this.queue.push(task);
      this.next();
    });
  }

  /** The script of the workers is on its way while the first chunks are. */
  prepare(): void {
    while (this.hands.length < Math.min(READY, this.most)) this.hire();
  }

  close(): void {
    for (const hand of this.hands.splice(0)) this.dismiss(hand, new Error("the decoder was closed"));
    for (const task of this.queue.splice(0)) task.reject(new Error("the decoder was closed"));
  }

  /** What waits is dropped; what is being decoded is finished all the same, which costs little. */
  private leave(task: Task, signal: AbortSignal): void {
    const place = this.queue.indexOf(task);
    if (place >= 0) this.queue.splice(place, 1);
    task.reject(aborted(signal));
  }

  private next(): void {
    while (this.queue.length > 0) {
      const hand = this.freest();
      if (!hand) return;
      const task = this.queue.shift()!;
      hand.busy.set(task.id, task);
      const { id, form } = task;
      const bytes = task.bytes.byteLength === task.bytes.buffer.byteLength ? task.bytes : task.bytes.slice();
      hand.worker.postMessage({ id, form, bytes } satisfies Question, [bytes.buffer]);
    }
  }

  private freest(): Hand | undefined {
    const idle = this.hands.find((hand) => hand.busy.size === 0);
    if (idle) return idle;
    if (this.hands.length < this.most) return this.hire();
    const least = this.hands.reduce((a, b) => (b.busy.size < a.busy.size ? b : a));
    return least.busy.size < AT_ONCE ? least : undefined;
  }

  private hire(): Hand {
    const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
    const hand: Hand = { worker, busy: new Map() };
    worker.onmessage = ({ data }: MessageEvent<Answer>) => this.answered(hand, data);
    worker.onerror = (event) => {
      event.preventDefault();
      const reason = event.message || "its script could not be loaded";
      this.dismiss(hand, new Error(`the part of the viewer that unpacks chunks failed (${reason}); reload the page`));
      this.next();
    };
    this.hands.push(hand);
    return hand;
  }

  private answered(hand: Hand, answer: Answer): void {
    const task = hand.busy.get(answer.id);
    hand.busy.delete(answer.id);
    if ("pixels" in answer) task?.resolve(answer.pixels);
    else task?.reject(revived(answer.error));
    this.next();
  }

  private dismiss(hand: Hand, error: Error): void {
    const place = this.hands.indexOf(hand);
    if (place >= 0) this.hands.splice(place, 1);
    hand.worker.terminate();
    for (const task of hand.busy.values()) task.reject(error);
  }
}

function revived({ name, message }: { name: string; message: string }): Error {
  if (name === "CorruptError") return new CorruptError(message);
  return Object.assign(new Error(message), { name });
}
