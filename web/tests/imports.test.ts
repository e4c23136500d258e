/** No file imports itself by way of others: what stands below knows nothing of what stands above. */

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "..", "src");

function files(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)));
}

function imported(file: string): string[] {
  const text = readFileSync(join(ROOT, file), "utf8");
  const code = text.replace(/^import type [^;]*;/gm, ""); // types are gone when it runs
  const found = [...code.matchAll(/(?:from|import)\s+"(\.[^"]+)"/g)].map((match) => match[1]!);
  return found.map((name) => `${relative(ROOT, join(ROOT, dirname(file), name))}.ts`);
}

it("has no circles", () => {
  const graph = new Map(files(ROOT).map((file) => [file, imported(file)]));
  const done = new Set<string>();
  const walk = (file: string, way: string[]): void => {
    expect(way, "a circle").not.toContain(file);
    if (done.has(file)) return;
    for (const next of graph.get(file) ?? []) walk(next, [...way, file]);
    done.add(file);
  };
  expect(graph.size).toBeGreaterThan(30);
  for (const file of graph.keys()) walk(file, []);
});
