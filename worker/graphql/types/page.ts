// Owns forward pagination with cursors: the arguments parsed, the page info built (Relay's connection model, forward only).
// Must not know what is listed.

import { LimpetError } from "../../errors.ts";
import { builder } from "../builder.ts";

/** Most rows of one page. */
const maxFirst = 100;

export interface PageRequest {
  readonly first: number;
  readonly after: string | null;
}

export interface Connection<Row> {
  readonly edges: readonly { readonly node: Row; readonly cursor: string }[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

/** @throws LimpetError `BAD_REQUEST` */
export function parsePage(
  args: { readonly first: number; readonly after?: string | null | undefined },
  isCursor: (text: string) => boolean,
): PageRequest {
  const after = args.after ?? null;
  if (args.first < 1 || args.first > maxFirst)
    throw new LimpetError("BAD_REQUEST", `"first" must be 1 to ${maxFirst}.`);
  if (after !== null && !isCursor(after)) {
    throw new LimpetError("BAD_REQUEST", '"after" must be a cursor from an earlier page.');
  }
  return { first: args.first, after };
}

/** `rows` may hold one more than the page: that there is a next page is all that it says. */
export function connectionOf<Row extends { readonly id: string }>(
  rows: readonly Row[],
  first: number,
): Connection<Row> {
  const edges = rows.slice(0, first).map((node) => ({ node, cursor: node.id }));
  return { edges, pageInfo: { hasNextPage: rows.length > first, endCursor: edges.at(-1)?.cursor ?? null } };
}

export const pageInfoType = builder.objectRef<Connection<unknown>["pageInfo"]>("PageInfo").implement({
  description: "Whether a list goes on, and from where.",
  fields: (t) => ({
    hasNextPage: t.exposeBoolean("hasNextPage", { description: "There is more after `endCursor`." }),
    endCursor: t.exposeString("endCursor", { nullable: true, description: "Give it as `after` to go on." }),
  }),
});
