/** An open image: what belongs to it while it is shown, and is forgotten with it. */

import type { Image, Root, Series } from "../ome/model";
import { isLaidOver } from "../scene/geometry";
import { IdNumbers } from "../scene/labels";
import type { TileEngine } from "../tiles/contracts";

/** Where images come from: the door that `app.ts` opens, and that tests open otherwise. */
export interface Source {
  openRoot(): Promise<Root>;
  openImage(path: string): Promise<Image>;
  engine: TileEngine;
}

function unfitting(path: string): string {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return `The label image ${name} says nothing of its pixel size that fits the image; it is laid over all of it.`;
}

export class Session {
  /** Label images that were opened, by path. */
  readonly labels = new Map<string, Image>();
  labelPaths: string[] = [];
  /** Whether it is known which label images there are. */
  searched = false;
  readonly numbers = new Map<string, IdNumbers>();
  /** Windows taken from pixels, by channel; `settled` ones do not change any more. */
  readonly automatic = new Map<number, [number, number]>();
  readonly settled = new Set<number>();
  private readonly opening = new Set<string>();
  private broken = 0;

  constructor(
    readonly source: Source,
    readonly image: Image,
    readonly series: readonly Series[],
    private readonly changed: () => void,
    private readonly failed: (error: unknown) => void,
    private readonly noted: (text: string) => void,
  ) {}

  /**
   * Asks for the list of label images; called once the picture has begun to load.
   * @param wanted Paths that the state speaks of.
   */
  async findLabels(wanted: readonly string[]): Promise<void> {
    try {
      this.labelPaths = await this.image.labels();
      const known = new Set([...this.labelPaths, this.image.path]);
      for (const path of wanted) if (!known.has(path)) this.noted(`This link speaks of the label image ${path}, which is not here.`);
    } catch (error) {
      this.failed(error);
    }
    this.searched = true;
    this.changed();
  }

  /** A label image, or undefined until it is open. */
  label(path: string): Image | undefined {
    if (this.image.kind === "label" && path === this.image.path) return this.image;
    const known = this.labels.get(path);
    if (!known && !this.opening.has(path)) void this.open(path);
    return known;
  }

  private async open(path: string): Promise<void> {
    this.opening.add(path);
    try {
      const label = await this.source.openImage(path);
      this.labels.set(path, label);
      if (isLaidOver(this.image, label)) this.noted(unfitting(path));
    } catch (error) {
      // Not asked for again: it stays in `opening`.
      this.broken += 1;
      this.failed(error);
    }
    this.changed();
  }

  /** Whether it is not known yet which label images there are, or one of them is on its way. */
  get loadingLabels(): boolean {
    return this.opening.size > this.labels.size + this.broken;
  }

  numbersOf(path: string): IdNumbers {
    let numbers = this.numbers.get(path);
    if (!numbers) {
      numbers = new IdNumbers();
      this.numbers.set(path, numbers);
    }
    return numbers;
  }
}
