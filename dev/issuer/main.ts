// Owns the issuer's process: configured over IPC, ends with its supervisor.
// Must not know what the issuer does.

import { once } from "node:events";
import { runPart } from "../start/part-child.ts";
import { createIssuer } from "./issuer.ts";
import { parseIssuerProcess } from "./options.ts";

runPart(async (configuration) => {
  const { port, ...options } = parseIssuerProcess(configuration);
  const server = createIssuer(options);
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("The issuer listens at no port.");
  return {
    ready: { port: address.port },
    async stop() {
      server.close();
      server.closeAllConnections();
    },
  };
});
