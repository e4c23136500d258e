import { defineConfig } from "vitest/config";
import { withoutEval } from "./without-eval";

// Fixed names and no source maps: the bundle is committed, and CI compares it with what it builds itself.
const names = {
  entryFileNames: "assets/[name].js",
  chunkFileNames: "assets/[name].js",
  assetFileNames: "assets/[name][extname]",
};

export default defineConfig({
  base: "./",
  plugins: [withoutEval()],
  build: {
    outDir: "../src/zarrscope/viewer/static",
    emptyOutDir: true,
    sourcemap: false,
    target: "es2022",
    // A data URL would need a wider Content-Security-Policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { output: names },
  },
  worker: { format: "es", plugins: () => [withoutEval()], rolldownOptions: { output: names } },
  test: { include: ["tests/**/*.test.ts"], environment: "node" },
});
