// Owns how a test asks the API something as a person, and reads the answer.
// Must not know the schema.

import type { Browser } from "../browser.ts";

export interface Answer<T> {
  /** Null where the whole of it failed. */
  readonly data: T | null;
  /** `extensions.code` of each error, in their order. */
  readonly codes: readonly string[];
  readonly messages: readonly string[];
}

interface Body<T> {
  readonly data?: T | null;
  readonly errors?: readonly { readonly message: string; readonly extensions: { readonly code: string } }[];
}

export async function ask<T>(browser: Browser, query: string, variables: object = {}): Promise<Answer<T>> {
  const { data, errors = [] } = await (await browser.post("/graphql", { query, variables })).json<Body<T>>();
  return {
    data: data ?? null,
    codes: errors.map(({ extensions }) => extensions.code),
    messages: errors.map(({ message }) => message),
  };
}

/** The same where it must work. @throws with what was refused */
export async function get<T>(browser: Browser, query: string, variables: object = {}): Promise<T> {
  const { data, codes, messages } = await ask<T>(browser, query, variables);
  if (data === null || codes.length > 0) throw new Error(`the API refused: ${codes.join()} ${messages.join(" ")}`);
  return data;
}

export async function userIdOf(browser: Browser): Promise<string> {
  return (await get<{ viewer: { id: string } }>(browser, "{ viewer { id } }")).viewer.id;
}
