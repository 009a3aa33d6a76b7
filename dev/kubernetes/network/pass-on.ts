// Owns connections that go on as others: bytes both ways, the end of each direction and a reset passed on.
// Must not know who they are.

import { connect, type Server, type Socket } from "node:net";
import type { Address } from "./relay-messages.ts";

/** @param to asked for each connection */
export function passOnAll(server: Server, to: () => Address): void {
  // A server that came from another process is made without options; it reads this one at each connection.
  Object.assign(server, { allowHalfOpen: true });
  server.on("connection", (socket) => passOn(socket, to()));
}

/** A connection that cannot go on is reset, as it would be by the address itself. */
function passOn(from: Socket, to: Address): void {
  const onward = connect({ ...to, allowHalfOpen: true, noDelay: true });
  from.setNoDelay(true);
  from.pipe(onward);
  onward.pipe(from);
  for (const [one, other] of [
    [from, onward],
    [onward, from],
  ] as const) {
    one.on("error", () => other.resetAndDestroy());
    one.on("close", () => {
      if (!other.destroyed && !other.writableEnded) other.destroySoon();
    });
  }
}
