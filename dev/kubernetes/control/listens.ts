// Owns looking whether somebody listens at a unix socket.
// Must not know who.

import { connect } from "node:net";

export async function listens(socketPath: string): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(socketPath, () => resolve(true));
    socket.once("error", () => resolve(false)).once("connect", () => socket.destroy());
  });
}
