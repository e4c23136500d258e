/** Holds the state, tells who listens, and remembers what came before. */

import type { State } from "./state";

/** Changes of the same gesture that come faster than this are one step of undo. */
const PAUSE_MS = 700;
const STEPS = 200;

export interface Change {
  /** Drags and wheels name themselves: all their changes are undone at once. */
  gesture?: string;
  /** The change follows from something else and is no step of its own. */
  silent?: boolean;
}

export class History {
  private past: State[] = [];
  private future: State[] = [];
  private listeners = new Set<(state: State) => void>();
  private gesture: string | undefined;
  private last = -Infinity;

  constructor(
    private current: State,
    private readonly now: () => number = () => performance.now(),
  ) {}

  get state(): State {
    return this.current;
  }

  get canUndo(): boolean {
    return this.past.length > 0;
  }

  get canRedo(): boolean {
    return this.future.length > 0;
  }

  /** Replaces parts of the state; a key whose value is undefined is taken out. */
  set(parts: { [K in keyof State]?: State[K] | undefined }, change: Change = {}): void {
    const merged = Object.entries({ ...this.current, ...parts });
    const next = Object.fromEntries(merged.filter(([, value]) => value !== undefined)) as unknown as State;
    if (JSON.stringify(next) === JSON.stringify(this.current)) return;
    if (!change.silent) this.remember(change.gesture);
    this.current = next;
    this.tell();
  }

  private remember(gesture: string | undefined): void {
    const now = this.now();
    const goesOn = gesture !== undefined && gesture === this.gesture && now - this.last < PAUSE_MS;
    if (!goesOn) this.past = [...this.past.slice(1 - STEPS), this.current];
    this.future = [];
    this.gesture = gesture;
    this.last = now;
  }

  /** The next change is a step of its own, however soon it comes: a pointer was lifted. */
  endGesture(): void {
    this.gesture = undefined;
  }

  undo(): void {
    const before = this.past.pop();
    if (!before) return;
    this.future.push(this.current);
    this.step(before);
  }

  redo(): void {
    const after = this.future.pop();
    if (!after) return;
    this.past.push(this.current);
    this.step(after);
  }

  private step(state: State): void {
    this.gesture = undefined;
    this.current = state;
    this.tell();
  }

  subscribe(listener: (state: State) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private tell(): void {
    for (const listener of this.listeners) listener(this.current);
  }
}
