// Owns reading what kubectl says in JSON: fields that may not be there.
// Must not know Kubernetes' kinds.

/** @returns `undefined` where there is no such field */
export function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}

/** @throws Error where it is not a list */
export function listOf(value: unknown, name: string): readonly unknown[] {
  const list = field(value, name);
  if (!Array.isArray(list)) throw new Error(`${name} is not a list`);
  return list;
}
