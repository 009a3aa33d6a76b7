// Owns the small guards with which answers of the cluster are read: from unknown, member by member.
// Must not know pods, Status objects or what is done with them.

export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The member as an object; an empty one where it is anything else. */
export function objectAt(parent: JsonObject, key: string): JsonObject {
  const value = parent[key];
  return isObject(value) ? value : {};
}

/** The objects in the list at this member; other elements are dropped, a member that is no list is an empty one. */
export function objectsAt(parent: JsonObject, key: string): readonly JsonObject[] {
  const value = parent[key];
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** The member where it is a string that is not empty. */
export function stringAt(parent: JsonObject, key: string): string | null {
  const value = parent[key];
  return typeof value === "string" && value !== "" ? value : null;
}

/** The member where it is a whole number that a double holds exactly. */
export function integerAt(parent: JsonObject, key: string): number | null {
  const value = parent[key];
  return typeof value === "number" && Number.isSafeInteger(value) ? value : null;
}

/** The members of a map of strings; what is no string is dropped. */
export function stringsAt(parent: JsonObject, key: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(objectAt(parent, key)).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}

/** The text as JSON; `undefined` (which JSON cannot say) where it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
