// Owns one request to the GraphQL API: post, check, parse.
// Must not know the operations.

import type { Operation } from "./generated.ts";
import { type ApiFailure, type ApiResult, unreachable } from "./result.ts";

/** An answer later than this is none: nothing in the API waits for a pod. */
const answerWithinMs = 15_000;

/** `parse` gives `null` for data that is not what the operation asked for. Never throws. */
export async function askGraphql<T, Variables extends object>(
  operation: Operation<unknown, Variables>,
  variables: Variables,
  parse: (data: unknown) => T | null,
): Promise<ApiResult<T>> {
  let body: unknown;
  try {
    const response = await fetch("/graphql", {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json" },
      body: JSON.stringify({ operationName: operation.name, query: operation.text, variables }),
      signal: AbortSignal.timeout(answerWithinMs),
    });
    body = await response.json();
  } catch {
    const offline = navigator.onLine ? "" : " This machine is offline.";
    return unreachable(`Limpet did not answer.${offline} Your shell goes on without this page; try again in a moment.`);
  }
  const fields = isFields(body) ? body : {};
  const failure = parseFailure(fields["errors"]);
  if (failure !== null) return failure;
  const value = parse(fields["data"]);
  if (value !== null) return { ok: true, value };
  return unreachable("Limpet answered something that this page does not understand. Reload the page.");
}

export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The first of GraphQL's errors; `null` where there are none. */
function parseFailure(errors: unknown): ApiFailure | null {
  if (!Array.isArray(errors) || errors.length === 0) return null;
  const first: unknown = errors[0];
  const fields = isFields(first) ? first : {};
  const extensions = isFields(fields["extensions"]) ? fields["extensions"] : {};
  const { message } = fields;
  const { code } = extensions;
  return {
    ok: false,
    code: typeof code === "string" ? code : "INTERNAL",
    message: typeof message === "string" ? message : "Something went wrong. Try again in a moment.",
  };
}
