// Owns `shells`: everybody's, for administrators.
// Must not know who is an administrator: the session says so.

import { isShellId } from "../../db/ids.ts";
import { LimpetError } from "../../errors.ts";
import { log } from "../../log.ts";
import { builder } from "../builder.ts";
import type { OwnedShell } from "../context.ts";
import { type Connection, connectionOf, pageInfoType, parsePage } from "./page.ts";
import { shellType } from "./shell.ts";

const shellEdgeType = builder.objectRef<Connection<OwnedShell>["edges"][number]>("ShellEdge").implement({
  description: "A shell and its place in the list.",
  fields: (t) => ({
    node: t.expose("node", { type: shellType, description: "The shell." }),
    cursor: t.exposeString("cursor", { description: "Give it as `after` to go on from here." }),
  }),
});

const shellConnectionType = builder.objectRef<Connection<OwnedShell>>("ShellConnection").implement({
  description: "A page of shells.",
  fields: (t) => ({
    edges: t.field({
      type: [shellEdgeType],
      description:
        "In the order of their ids, which are random: a list that shells join and leave has no other that stays.",
      resolve: (page) => [...page.edges],
    }),
    pageInfo: t.expose("pageInfo", { type: pageInfoType, description: "Whether there are more." }),
  }),
});

builder.queryField("shells", (t) =>
  t.field({
    type: shellConnectionType,
    description: "Everybody's shells, the stopped ones too. For administrators only (`FORBIDDEN`).",
    args: {
      first: t.arg.int({ required: true, defaultValue: 20, description: "How many, 1 to 100." }),
      after: t.arg.string({ description: "A cursor: only what comes after it." }),
    },
    resolve: async (_root, args, { listShells, requestId, session }) => {
      if (!session.administrator) {
        throw new LimpetError(
          "FORBIDDEN",
          "Only administrators see everybody's shells. If you have just become one, sign out and in again.",
        );
      }
      const page = parsePage(args, isShellId);
      log("info", "shells-listed", { requestId, user: session.user.id });
      return connectionOf(await listShells(page.first + 1, page.after), page.first);
    },
  }),
);
