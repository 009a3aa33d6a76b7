// Owns `events`: what happened to the person's shell.
// Must not know who records an event.

import { type EventRow, listEvents } from "../../db/events.ts";
import { isEventId } from "../../db/ids.ts";
import { builder } from "../builder.ts";
import { type Connection, connectionOf, pageInfoType, parsePage } from "./page.ts";

const eventType = builder.objectRef<EventRow>("Event").implement({
  description: "Something that happened to the person's shell or sign-in.",
  fields: (t) => ({
    id: t.exposeID("id", { description: "Sorts by time." }),
    type: t.exposeString("type", {
      description: "A stable word: `SIGNED_IN`, `SHELL_CREATED`, `SHELL_READY`, `WORK_SAVED`, …",
    }),
    shellId: t.exposeID("shellId", { nullable: true, description: "Of which shell; null where it is of none." }),
    message: t.exposeString("message", { description: "The same in a sentence for a person." }),
    createdAt: t.expose("createdAt", { type: "DateTime", description: "When it happened." }),
  }),
});

const eventEdgeType = builder.objectRef<Connection<EventRow>["edges"][number]>("EventEdge").implement({
  description: "An event and its place in the list.",
  fields: (t) => ({
    node: t.expose("node", { type: eventType, description: "The event." }),
    cursor: t.exposeString("cursor", { description: "Give it as `after` to go on from here." }),
  }),
});

const eventConnectionType = builder.objectRef<Connection<EventRow>>("EventConnection").implement({
  description: "A page of events.",
  fields: (t) => ({
    edges: t.field({ type: [eventEdgeType], description: "Newest first.", resolve: (page) => [...page.edges] }),
    pageInfo: t.expose("pageInfo", { type: pageInfoType, description: "Whether there are older ones." }),
  }),
});

builder.queryField("events", (t) =>
  t.field({
    type: eventConnectionType,
    description: "The person's own events, newest first.",
    args: {
      first: t.arg.int({ required: true, defaultValue: 20, description: "How many, 1 to 100." }),
      after: t.arg.string({ description: "A cursor: only what is older than it." }),
    },
    resolve: async (_root, args, { db, session }) => {
      const page = parsePage(args, isEventId);
      const query = { userId: session.user.id, limit: page.first + 1, olderThan: page.after };
      return connectionOf(await listEvents(db, query), page.first);
    },
  }),
);
