// Owns a subscription of the GraphQL API: server-sent events as the answer to a post, read one by one.
// Must not know the operations.

import type { Operation } from "./generated.ts";
import { isFields } from "./graphql.ts";
import { type ApiFailure, unreachable } from "./result.ts";

export type Told<T> = { readonly ok: true; readonly value: T } | ApiFailure;

const lost = "The connection to Limpet was lost in the middle of it. Try again in a moment.";

/**
 * Each thing that is told, until there is no more; a failure is the last one. What `parse` does not know is passed over.
 * Who stops reading, or aborts, ends it at the edge too. Never throws.
 */
export async function* subscribe<T, Variables extends object>(
  operation: Operation<unknown, Variables>,
  variables: Variables,
  parse: (data: unknown) => T | null,
  cancel: AbortSignal,
): AsyncGenerator<Told<T>> {
  try {
    const response = await fetch("/graphql", {
      method: "POST",
      headers: { "content-type": "application/json", accept: "text/event-stream" },
      body: JSON.stringify({ operationName: operation.name, query: operation.text, variables }),
      signal: cancel,
    });
    if (!(response.headers.get("content-type") ?? "").startsWith("text/event-stream")) {
      yield failureIn(await response.json()) ?? unreachable(lost);
      return;
    }
    for await (const event of eventsOf(response)) {
      if (event.name === "complete") return;
      const body: unknown = JSON.parse(event.data);
      const failure = failureIn(body);
      if (failure !== null) {
        yield failure;
        return;
      }
      const value = parse(isFields(body) ? body["data"] : null);
      if (value !== null) yield { ok: true, value };
    }
    yield unreachable(lost);
  } catch {
    if (!cancel.aborted) yield unreachable(navigator.onLine ? lost : "This machine is offline. Try again later.");
  }
}

interface SentEvent {
  readonly name: string;
  readonly data: string;
}

/** As HTML's "Server-sent events" has them; comments and events without data are passed over, but for `complete`. */
async function* eventsOf(response: Response): AsyncGenerator<SentEvent> {
  if (response.body === null) return;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const blocks = (rest + value).split("\n\n");
      rest = blocks.pop() ?? "";
      for (const block of blocks) {
        const lines = block.split("\n");
        const fieldOf = (name: string): string | null =>
          lines
            .find((line) => line.startsWith(`${name}:`))
            ?.slice(name.length + 1)
            .trim() ?? null;
        const event = { name: fieldOf("event") ?? "message", data: fieldOf("data") ?? "" };
        if (event.data !== "" || event.name === "complete") yield event;
      }
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

function failureIn(body: unknown): ApiFailure | null {
  const errors = isFields(body) ? body["errors"] : null;
  const first: unknown = Array.isArray(errors) ? errors[0] : null;
  if (!isFields(first)) return null;
  const extensions = isFields(first["extensions"]) ? first["extensions"] : {};
  const { message } = first;
  const { code } = extensions;
  return {
    ok: false,
    code: typeof code === "string" ? code : "INTERNAL",
    message: typeof message === "string" ? message : "Something went wrong. Try again in a moment.",
  };
}
