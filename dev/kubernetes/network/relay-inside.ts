// Owns the end of a relay that is in a namespace's network: it dials there, and listens there on request.
// Must not know who asks. A socket stays in the network in which it was made, so listening sockets are handed over.

import { createServer, Server } from "node:net";
import { passOnAll } from "./pass-on.ts";
import { parseRelayMessage, type RelayMessage } from "./relay-messages.ts";

const send = (message: RelayMessage, handle?: Server): void => {
  process.send?.(message, handle, undefined, () => handle?.close());
};

process.on("message", (value, handle) => {
  const message = parseRelayMessage(value);
  if (message?.kind === "dial" && handle instanceof Server) {
    passOnAll(handle, () => message.to);
  } else if (message?.kind === "listen") {
    const { id, at } = message;
    const server = createServer();
    server.once("error", (error) => send({ kind: "failed", id, reason: error.message }));
    server.listen(at.port, at.host, () => send({ kind: "listening", id }, server));
  }
});
process.once("disconnect", () => process.exit(0));
send({ kind: "ready" });
