// Owns how an error looks in an answer: every one has a code in its extensions, and nothing unexpected is told.
// Must not know what went wrong where.

import { GraphQLError } from "graphql";
import { type ErrorCode, LimpetError } from "../errors.ts";
import { describeError, log } from "../log.ts";
import { messageWithoutValues } from "./values.ts";

/**
 * A request that is refused as a whole is 400, whatever content type the client would like best (`spec` is Yoga's word).
 * Made anew each time, for Yoga takes `http` out again when it writes the answer.
 */
function refusedWhole() {
  return { code: "BAD_REQUEST" satisfies ErrorCode, http: { status: 400, spec: false } };
}

/** A document that does not parse or does not fit the schema. What stands in it is not said again: it may be a secret. */
export function badDocument(error: unknown): GraphQLError {
  const message = error instanceof GraphQLError ? messageWithoutValues(error) : "This is no GraphQL document.";
  const nodes = error instanceof GraphQLError ? error.nodes : undefined;
  const source = error instanceof GraphQLError ? error.source : undefined;
  const positions = error instanceof GraphQLError ? error.positions : undefined;
  return new GraphQLError(message, {
    nodes,
    source,
    positions,
    extensions: refusedWhole(),
  });
}

/** An error of an execution, as the person may see it. What is not meant for them is logged and becomes `INTERNAL`. */
export function presentError(error: unknown): GraphQLError {
  const original = error instanceof GraphQLError ? error.originalError : error;
  const place = error instanceof GraphQLError ? { nodes: error.nodes, path: error.path } : {};
  if (original instanceof LimpetError) {
    return new GraphQLError(original.message, { ...place, extensions: { code: original.code } });
  }
  // Without an original it is GraphQL's own word on the request: a variable of the wrong type, an unknown operation.
  if (error instanceof GraphQLError && (original === undefined || original instanceof GraphQLError)) {
    const extensions = error.path === undefined ? refusedWhole() : { code: "BAD_REQUEST" satisfies ErrorCode };
    return new GraphQLError(messageWithoutValues(error), { ...place, extensions });
  }
  log("error", "resolver-failed", describeError(original));
  return new GraphQLError("Something went wrong here. Try again in a moment.", {
    ...place,
    extensions: { code: "INTERNAL" satisfies ErrorCode },
  });
}
