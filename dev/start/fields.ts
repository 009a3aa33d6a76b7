// Owns reading one field of a value that came over a process's border, by name and kind.
// Must not know whose fields they are. All throw an Error that names the field: both ends are of this repository.

export function objectAt(value: unknown, name: string): object {
  const field = at(value, name);
  if (typeof field !== "object" || field === null) throw new Error(`${name} must be an object.`);
  return field;
}

export function textAt(value: unknown, name: string): string {
  const field = at(value, name);
  if (typeof field !== "string") throw new Error(`${name} must be text.`);
  return field;
}

export function textOrNullAt(value: unknown, name: string): string | null {
  return at(value, name) === null ? null : textAt(value, name);
}

export function portAt(value: unknown, name: string): number {
  const field = at(value, name);
  if (typeof field !== "number" || !Number.isInteger(field) || field < 0 || field > 65_535) {
    throw new Error(`${name} must be a port.`);
  }
  return field;
}

/** An object all of whose fields are text. */
export function textsAt(value: unknown, name: string): Readonly<Record<string, string>> {
  const fields = objectAt(value, name);
  return Object.fromEntries(Object.keys(fields).map((field) => [field, textAt(fields, field)]));
}

/** A list of objects. */
export function objectsAt(value: unknown, name: string): readonly object[] {
  const list: unknown = objectAt(value, name);
  if (!Array.isArray(list)) throw new Error(`${name} must be a list.`);
  return list.map((_, index) => objectAt(list, String(index)));
}

function at(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null) throw new Error(`${name} is asked of what is no object.`);
  return Reflect.get(value, name);
}
