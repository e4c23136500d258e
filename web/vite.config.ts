import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

// Fixed names and no source maps: the bundle is committed, and CI compares it with what it builds itself.
const names = {
  entryFileNames: "assets/[name].js",
  chunkFileNames: "assets/[name].js",
  assetFileNames: "assets/[name][extname]",
};

export default defineConfig({
  base: "./",
  // zarrita names codecs that ours replace: a megabyte that nobody would load.
  resolve: { alias: [{ find: /^numcodecs\/(blosc|lz4|zstd)$/, replacement: fileURLToPath(new URL("src/tiles/codecs/replaced.ts", import.meta.url)) }] },
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
  worker: { format: "es", rolldownOptions: { output: names } },
  test: { include: ["tests/**/*.test.ts"], environment: "node" },
});
