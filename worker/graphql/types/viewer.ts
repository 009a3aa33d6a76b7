// Owns `viewer`: who is signed in.
// Must not know how they signed in.

import type { Session } from "../../db/sessions.ts";
import { builder } from "../builder.ts";

const viewerType = builder.objectRef<Session>("Viewer").implement({
  description: "The person who is signed in.",
  fields: (t) => ({
    id: t.id({
      description: "Random, kept for this person at this identity provider. Their pod is named by it.",
      resolve: (session) => session.user.id,
    }),
    name: t.string({
      nullable: true,
      description: "As the identity provider gave it at the last sign-in.",
      resolve: (session) => session.user.name,
    }),
    email: t.string({
      nullable: true,
      description: "As the identity provider gave it at the last sign-in.",
      resolve: (session) => session.user.email,
    }),
    administrator: t.exposeBoolean("administrator", {
      description: "Whether they may read everybody's `shells`. Decided at sign-in.",
    }),
    sessionExpiresAt: t.field({
      type: "DateTime",
      description: "When this sign-in ends. Terminals close then; the shell goes on.",
      resolve: (session) => session.expiresAt,
    }),
  }),
});

builder.queryField("viewer", (t) =>
  t.field({
    type: viewerType,
    description: "The person who is signed in.",
    resolve: (_root, _args, context) => context.session,
  }),
);
