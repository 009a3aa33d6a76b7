// Owns showing a person what the edge holds for their shell.
// Must not know what the numbers mean.

import type { AppContext } from "./context.ts";

/** `GET /api/shell/counters`: viewers, sockets and the bytes accounted for, of the person's own object, as JSON. */
export async function showCounters(c: AppContext): Promise<Response> {
  const { user } = c.get("session");
  const object = c.env.USER_SHELL.get(c.env.USER_SHELL.idFromName(user.id));
  return c.json(await object.counters());
}
