// Owns how the page is built and served while it is being worked on.
// Must not know the Worker beyond the paths that belong to it.

import { defineConfig } from "vite";
import solid from "vite-plugin-solid";

/** Where `vite` finds the Worker during development (`npm run dev` sets it). */
const worker = process.env["LIMPET_WORKER_URL"] ?? "http://127.0.0.1:8787";
const workerPaths = ["/auth", "/graphql", "/api/", "/oidc", "/.well-known"];

export default defineConfig({
  root: import.meta.dirname,
  plugins: [solid()],
  build: {
    outDir: "dist",
    emptyOutDir: true,
    target: "es2023",
    // The policy of the page allows no inline code and no data addresses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
  },
  server: {
    host: "127.0.0.1",
    proxy: Object.fromEntries(workerPaths.map((path) => [path, { target: worker, ws: true }])),
  },
});
