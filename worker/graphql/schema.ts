// Owns the schema as a whole: every type is registered by importing its file.
// Must not know how it is served.

import { builder } from "./builder.ts";
import "./types/date-time.ts";
import "./types/viewer.ts";
import "./types/shell.ts";
import "./types/shells.ts";
import "./types/event.ts";
import "./types/mutations.ts";
import "./types/doctor.ts";

export const schema = builder.toSchema();
