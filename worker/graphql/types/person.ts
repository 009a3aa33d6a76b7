// Owns `Person`: somebody who has a shell, as an administrator sees them.
// Must not know sessions.

import type { User } from "../../db/users.ts";
import { builder } from "../builder.ts";

export const personType = builder.objectRef<User>("Person").implement({
  description: "Somebody who has a shell.",
  fields: (t) => ({
    id: t.exposeID("id", { description: "Random, kept for this person at this identity provider." }),
    name: t.exposeString("name", {
      nullable: true,
      description: "As the identity provider gave it at their last sign-in.",
    }),
    email: t.exposeString("email", {
      nullable: true,
      description: "As the identity provider gave it at their last sign-in.",
    }),
  }),
});
