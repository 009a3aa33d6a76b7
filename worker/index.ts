// Owns what the platform calls: requests, the clock, the Durable Object's class.
// Must not know what any of them does.

import { app } from "./app.ts";
import { runReaper } from "./reaper/run.ts";

export { UserShell } from "../durable/user-shell.ts";

export default {
  fetch: app.fetch,
  async scheduled(controller: ScheduledController, env: Env): Promise<void> {
    await runReaper(env, controller.scheduledTime);
  },
} satisfies ExportedHandler<Env>;
