// Owns JSON patches (RFC 6902).
// Must not know which fields may change.

import { badRequest, Refusal } from "../api/status.ts";
import { isObject, type Json, type JsonObject, jsonEqual } from "../json.ts";

/** `test` that fails, a path that is not there, an unknown operation: 422 in Kubernetes' words. */
export function applyJsonPatch(document: JsonObject, patch: Json | undefined): JsonObject | Refusal {
  if (!Array.isArray(patch))
    return badRequest("error decoding patch: json: cannot unmarshal into Go value of type jsonpatch.Patch");
  let current: Json | undefined = document;
  for (const operation of patch) {
    if (!isObject(operation)) return badRequest("error decoding patch: an operation must be an object");
    const { op, path, from, value } = operation;
    const place = typeof path === "string" ? pointer(path) : undefined;
    if (place === undefined) return refused("jsonpatch operation missing a valid path");
    switch (op) {
      case "add":
        current = change(current, place, value ?? null, "add");
        break;
      case "replace":
        current = change(current, place, value ?? null, "replace");
        break;
      case "remove":
        current = change(current, place, undefined, "remove");
        break;
      case "test":
        if (!jsonEqual(read(current, place) ?? null, value ?? null)) {
          return refused(`testing path ${String(path)} failed`);
        }
        break;
      case "move":
      case "copy": {
        const source = typeof from === "string" ? pointer(from) : undefined;
        const taken = source === undefined ? undefined : read(current, source);
        if (source === undefined || taken === undefined)
          return refused(`${op} operation does not apply: from is missing`);
        if (op === "move") current = change(current, source, undefined, "remove");
        if (current !== undefined) current = change(current, place, taken, "add");
        break;
      }
      default:
        return refused(`unexpected kind: ${String(op)}`);
    }
    if (current === undefined)
      return refused(`${String(op)} operation does not apply: doc is missing path: ${String(path)}`);
  }
  return isObject(current) ? current : refused("the patched document is not an object");
}

const refused = (message: string): Refusal =>
  new Refusal(422, "Invalid", `the server rejected our request due to an error in our request: ${message}`, {});

/** RFC 6901. Undefined where it is none. */
function pointer(text: string): readonly string[] | undefined {
  if (text === "") return [];
  if (!text.startsWith("/")) return undefined;
  const parts = text.slice(1).split("/");
  return parts.map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function read(at: Json | undefined, place: readonly string[]): Json | undefined {
  const [key, ...rest] = place;
  if (key === undefined) return at;
  if (Array.isArray(at)) return read(at[Number(key)], rest);
  return isObject(at) && Object.hasOwn(at, key) ? read(at[key], rest) : undefined;
}

/** The document with the change made; undefined where the place is not there. */
function change(
  at: Json | undefined,
  place: readonly string[],
  value: Json | undefined,
  how: "add" | "replace" | "remove",
): Json | undefined {
  const [key, ...rest] = place;
  if (key === undefined) return value;
  if (Array.isArray(at)) return changeList(at, key, rest, value, how);
  if (!isObject(at)) return undefined;
  const there = Object.hasOwn(at, key);
  if (rest.length > 0 || how !== "add") if (!there) return undefined;
  const copy: Record<string, Json | undefined> = { ...at };
  if (rest.length === 0 && how === "remove") {
    delete copy[key];
    return copy;
  }
  const next = rest.length === 0 ? value : change(at[key], rest, value, how);
  if (next === undefined) return undefined;
  copy[key] = next;
  return copy;
}

function changeList(
  at: readonly Json[],
  key: string,
  rest: readonly string[],
  value: Json | undefined,
  how: "add" | "replace" | "remove",
): Json | undefined {
  const adding = rest.length === 0 && how === "add";
  const index = key === "-" && adding ? at.length : Number(key);
  if (!Number.isInteger(index) || index < 0 || index > (adding ? at.length : at.length - 1)) return undefined;
  if (adding) return at.toSpliced(index, 0, value ?? null);
  if (rest.length === 0 && how === "remove") return at.toSpliced(index, 1);
  const next = rest.length === 0 ? value : change(at[index], rest, value, how);
  return next === undefined ? undefined : at.with(index, next);
}
