import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/** The gateway puts a new one in its place for every visit. */
const NONCE = "__NONCE__";

export default defineConfig({
  // Relative, so that the gateway may stand under a path of a proxy.
  base: "./",
  html: { cspNonce: NONCE },
  plugins: [react()],
  // KaTeX's own HTML is read by the browser otherwise, which takes its style attributes for the page's: the policy forbids them.
  resolve: {
    alias: {
      "hast-util-from-html-isomorphic": new URL("node_modules/hast-util-from-html-isomorphic/index.js", import.meta.url)
        .pathname,
    },
  },
  build: {
    outDir: "../src/spacebridge/gateway/page",
    emptyOutDir: true,
    assetsDir: "page",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2022",
    // Those that know light-dark(), which would be written in another way for older ones.
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    license: { fileName: "page/licenses.md" },
    chunkSizeWarningLimit: 1024,
  },
  server: {
    proxy: Object.fromEntries(["/v1", "/status"].map((path) => [path, "http://127.0.0.1:8000"])),
  },
});
