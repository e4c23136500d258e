/** Reading members of JSON that nobody vouches for: what fits is taken, all else is undefined. */

export type Json = Record<string, unknown>;

export function object(value: unknown): Json | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : undefined;
}

export function list(value: unknown): unknown[] | undefined {
  return Array.isArray(value) ? (value as unknown[]) : undefined;
}

export function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

export function number(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

export function integer(value: unknown): number | undefined {
  return Number.isInteger(value) ? (value as number) : undefined;
}

export function numbers(value: unknown): number[] | undefined {
  const found = list(value)?.map(number);
  return found?.includes(undefined) ? undefined : (found as number[] | undefined);
}

export function integers(value: unknown): number[] | undefined {
  const found = list(value)?.map(integer);
  return found?.includes(undefined) ? undefined : (found as number[] | undefined);
}

/** The objects of a list; what is none becomes empty, so that the others keep their places. */
export function objects(value: unknown): Json[] {
  return (list(value) ?? []).map((item) => object(item) ?? {});
}

export function strings(value: unknown): string[] | undefined {
  return list(value)?.filter((item): item is string => typeof item === "string");
}

/** Join paths within a store; empty parts and `.` vanish, `..` takes a step back but never out. */
export function join(...parts: string[]): string {
  const steps: string[] = [];
  for (const step of parts.join("/").split("/")) {
    if (step === "..") steps.pop();
    else if (step !== "" && step !== ".") steps.push(step);
  }
  return steps.join("/");
}
