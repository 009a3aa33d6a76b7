// Owns merge patches: RFC 7386, and Kubernetes' strategic form as far as a pod's own fields need it.
// Must not know which fields may change.

import { isObject, type Json, type JsonObject } from "../json.ts";

/** RFC 7386: objects merge, null removes, everything else replaces. */
export function applyMergePatch(target: JsonObject, patch: JsonObject): JsonObject {
  return merge(target, patch, false);
}

/**
 * Strategic: lists of containers, their environment and volumes are merged by name; `$patch: replace` and
 * `$patch: delete` are honoured; other lists are replaced.
 */
export function applyStrategicPatch(target: JsonObject, patch: JsonObject): JsonObject {
  return merge(target, patch, true);
}

function merge(target: JsonObject, patch: JsonObject, strategic: boolean): JsonObject {
  const { $patch: directive, ...fields } = patch;
  const merged: Record<string, Json | undefined> = strategic && directive === "replace" ? {} : { ...target };
  for (const [key, value] of Object.entries(strategic ? fields : patch)) {
    const before = merged[key];
    if (value === null || (strategic && isObject(value) && value["$patch"] === "delete")) delete merged[key];
    else if (isObject(value)) merged[key] = merge(isObject(before) ? before : {}, value, strategic);
    else if (strategic && isNamedList(value) && isNamedList(before)) merged[key] = mergeByName(before, value);
    else merged[key] = value;
  }
  return merged;
}

type Named = JsonObject & { readonly name: string };

function isNamedList(value: Json | undefined): value is readonly Named[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((item) => isObject(item) && typeof item["name"] === "string")
  );
}

function mergeByName(before: readonly Named[], patch: readonly Named[]): readonly Json[] {
  const patches = new Map(patch.map((item) => [item.name, item]));
  const kept = before.flatMap((item) => {
    const change = patches.get(item.name);
    patches.delete(item.name);
    if (change === undefined) return [item];
    return change["$patch"] === "delete" ? [] : [merge(item, change, true)];
  });
  return [...kept, ...[...patches.values()].filter((item) => item["$patch"] !== "delete")];
}
