// Owns the schema's builder: its context, its scalars, its defaults.
// Must not know any field.

import SchemaBuilder from "@pothos/core";
import type { ApiContext } from "./context.ts";

export const builder = new SchemaBuilder<{
  Context: ApiContext;
  DefaultFieldNullability: false;
  Scalars: { ID: { Input: string; Output: string }; DateTime: { Input: Date; Output: Date } };
}>({ defaultFieldNullability: false });

builder.queryType({ description: "What can be read. Everything is the signed-in person's own." });
builder.mutationType({
  description:
    "What can be changed. Each change goes through one place for each person, one at a time, is safe to repeat, and answers at once without waiting for the cluster.",
});
