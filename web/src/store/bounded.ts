/** A map that forgets what was used longest ago once its values together are too large. */
export class Bounded<V> {
  private readonly entries = new Map<string, { value: V; bytes: number }>();
  private total = 0;

  constructor(
    readonly most: number,
    private readonly onDrop: (key: string, value: V) => void = () => undefined,
  ) {}

  get bytes(): number {
    return this.total;
  }

  get size(): number {
    return this.entries.size;
  }

  /** Return a value and note that it was used. */
  get(key: string): V | undefined {
    const found = this.entries.get(key);
    if (!found) return undefined;
    this.entries.delete(key);
    this.entries.set(key, found);
    return found.value;
  }

  /** Return a value without noting that it was used. */
  peek(key: string): V | undefined {
    return this.entries.get(key)?.value;
  }

  /** Keep a value; others that `keep` does not hold fast go until there is room. The new one always stays. */
  set(key: string, value: V, bytes: number, keep: (key: string) => boolean = () => false): void {
    this.delete(key);
    this.entries.set(key, { value, bytes });
    this.total += bytes;
    if (this.total <= this.most) return;
    for (const [other, entry] of this.entries) {
      if (this.total <= this.most) break;
      if (other === key || keep(other)) continue;
      this.delete(other);
      this.onDrop(other, entry.value);
    }
  }

  delete(key: string): void {
    const found = this.entries.get(key);
    if (!found) return;
    this.entries.delete(key);
    this.total -= found.bytes;
  }

  clear(): void {
    this.entries.clear();
    this.total = 0;
  }
}
