import { defineConfig } from "vite";

// Where the page lies that bench/view.py serves; nothing of it is kept.
export default defineConfig({
  root: "page",
  base: "./",
  build: { outDir: "../../out/viv", emptyOutDir: true, target: "es2022", chunkSizeWarningLimit: 4096 },
});
