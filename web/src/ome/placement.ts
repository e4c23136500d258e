/** Scale and translation out of the transformations of a dataset, as each version writes them. */

import { type Json, numbers, object, objects, list } from "./fields";

export interface Placement {
  scale: number[];
  translation: number[];
}

const DEEPEST = 32;

export function identity(ndim: number): Placement {
  return { scale: Array<number>(ndim).fill(1), translation: Array<number>(ndim).fill(0) };
}

/** A list of 0.4 or 0.5, each step applied after the one before; undefined where a step is none of these. */
export function ofList(value: unknown, ndim: number): Placement | undefined {
  const steps = list(value) ?? [];
  if (steps.length === 0) return undefined;
  const found = steps.map((item) => {
    const step = object(item);
    // With input and output these are edges between systems, not steps of one way.
    if (!step || "input" in step || "output" in step) return undefined;
    return ["scale", "translation", "identity"].includes(step["type"] as string) ? ofStep(step, ndim) : undefined;
  });
  return composed(found, ndim);
}

/** The one transformation of a dataset of 0.6; drafts wrote scale and translation side by side. */
export function ofDataset(value: unknown, ndim: number): Placement | undefined {
  const steps = objects(value);
  if (steps.length === 1) return ofStep(steps[0]!, ndim);
  if (steps.map((step) => step["type"]).join() !== "scale,translation") return undefined;
  return composed(steps.map((step) => ofStep(step, ndim)), ndim);
}

export function composed(steps: readonly (Placement | undefined)[], ndim: number): Placement | undefined {
  let whole = identity(ndim);
  for (const step of steps) {
    if (!step) return undefined;
    whole = after(whole, step);
  }
  return whole;
}

function after(first: Placement, then: Placement): Placement {
  return {
    scale: first.scale.map((value, axis) => value * then.scale[axis]!),
    translation: first.translation.map((value, axis) => value * then.scale[axis]! + then.translation[axis]!),
  };
}

function ofStep(step: Json, ndim: number, depth = 0): Placement | undefined {
  if (depth > DEEPEST) return undefined;
  const plain = identity(ndim);
  switch (step["type"]) {
    case "identity":
      return plain;
    case "scale":
      return vector(step["scale"], ndim, (scale) => ({ ...plain, scale }));
    case "translation":
      return vector(step["translation"], ndim, (translation) => ({ ...plain, translation }));
    case "affine":
      return diagonal(step["affine"], ndim, true);
    case "rotation":
      return diagonal(step["rotation"], ndim, false);
    case "sequence":
      return sequence(list(step["transformations"])?.map(object), ndim, depth);
    default:
      return undefined;
  }
}

function sequence(steps: (Json | undefined)[] | undefined, ndim: number, depth: number): Placement | undefined {
  return steps && composed(steps.map((step) => step && ofStep(step, ndim, depth + 1)), ndim);
}

function vector(value: unknown, ndim: number, make: (values: number[]) => Placement): Placement | undefined {
  const found = numbers(value);
  return found?.length === ndim ? make(found) : undefined;
}

/** A matrix that does no more than scale, and shift where it has a last column. */
function diagonal(value: unknown, ndim: number, shifts: boolean): Placement | undefined {
  const rows = list(value)?.map(numbers);
  if (rows?.length !== ndim || rows.some((row) => row?.length !== ndim + Number(shifts))) return undefined;
  const matrix = rows as number[][];
  const mixes = matrix.some((row, i) => row.some((entry, j) => j < ndim && j !== i && entry !== 0));
  if (mixes) return undefined;
  return {
    scale: matrix.map((row, axis) => row[axis]!),
    translation: matrix.map((row) => (shifts ? row[ndim]! : 0)),
  };
}
