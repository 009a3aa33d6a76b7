// Owns the scalar DateTime.
// Must not know which fields have it.

import { GraphQLError } from "graphql";
import { builder } from "../builder.ts";

builder.scalarType("DateTime", {
  description: "A moment in UTC as RFC 3339 writes it, with milliseconds: `2026-11-02T09:30:00.000Z`.",
  serialize: (value) => value.toISOString(),
  parseValue: (value) => {
    const moment = typeof value === "string" ? new Date(value) : null;
    if (moment === null || Number.isNaN(moment.getTime())) {
      throw new GraphQLError("A DateTime is text as 2026-11-02T09:30:00.000Z.");
    }
    return moment;
  },
});
