// Owns how a test reads an error in an answer.
// Must not know which error is meant.

/** `error.code` of our JSON, or the first `errors[].extensions.code` of GraphQL; `null` where there is none. */
export async function errorCodeOf(response: Response): Promise<string | null> {
  const body: unknown = await response.json();
  const error = member(body, "error") ?? member(member(body, "errors"), "0");
  const code = member(error, "code") ?? member(member(error, "extensions"), "code");
  return typeof code === "string" ? code : null;
}

function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}
