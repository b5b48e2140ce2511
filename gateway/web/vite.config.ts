import { defineConfig } from "vite";

/** Builds the page into `dist/`, which the gateway serves. For text (`--ssr`) the same components make strings. */
export default defineConfig(({ isSsrBuild }) => ({
  root: import.meta.dirname,
  oxc: {
    jsx: { runtime: "automatic", importSource: isSsrBuild === true ? "hono/jsx" : "hono/jsx/dom" },
  },
  build: {
    target: "es2023",
    // A file of its own for each sample: the policy has no data: images.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
}));
