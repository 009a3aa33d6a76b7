// Owns the page's process during `npm run dev`: vite, which changes the page in the browser as its files change.
// Must not know the Worker: the gate sends here only what is the page's.

import { join } from "node:path";
import { createServer } from "vite";
import { portAt, textAt } from "./fields.ts";
import { runPart } from "./part-child.ts";

runPart(async (configuration) => {
  const server = await createServer({
    configFile: join(textAt(configuration, "root"), "web/vite.config.ts"),
    clearScreen: false,
    server: { host: "127.0.0.1", port: portAt(configuration, "port"), strictPort: false },
  });
  await server.listen();
  const address = server.httpServer?.address();
  if (typeof address !== "object" || address === null) throw new Error("The page's server listens at no port.");
  return { ready: { port: address.port }, stop: async () => await server.close() };
});
