// Owns what every route knows of a request.
// Must not know any route.

import type { Context } from "hono";
import type { Config } from "./config.ts";
import type { Session } from "./db/sessions.ts";

/** Set by the first middleware; `session` by `requireSession` only. */
export interface AppEnv {
  Bindings: Env;
  Variables: {
    config: Config;
    requestId: string;
    session: Session;
  };
}

export type AppContext = Context<AppEnv>;
