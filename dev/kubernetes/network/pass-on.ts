// Owns one connection that goes on as another: bytes both ways, each end's close passed on.
// Must not know who they are.

import { connect, type Socket } from "node:net";
import type { Address } from "./relay-messages.ts";

/** A connection that cannot go on is reset, as it would be by the address itself. */
export function passOn(from: Socket, to: Address): void {
  const onward = connect({ ...to, allowHalfOpen: true, noDelay: true });
  from.allowHalfOpen = true;
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
