// Owns lists: selectors, pages and their tokens, the same for every resource.
// Must not know HTTP or what the objects are.

import { isObject, parseJson } from "../json.ts";
import type { ObjectStore, StoredObject } from "../store/object-store.ts";
import { type FieldRequirement, parseFieldSelector, parseLabelSelector } from "../store/selectors.ts";
import { badRequest, expired, Refusal } from "./status.ts";

/** The fields of an object that a selector may name, with their values. */
export type SelectableFields<T> = (object: T) => Readonly<Record<string, string>>;

export type Selector<T> = (object: T) => boolean;

/** The `labelSelector` and `fieldSelector` of a query as one predicate. */
export function parseSelector<T extends StoredObject>(
  query: URLSearchParams,
  resource: string,
  fieldNames: readonly string[],
  fields: SelectableFields<T>,
): Selector<T> | Refusal {
  const labels = parseLabelSelector(query.get("labelSelector") ?? "");
  if (labels instanceof Refusal) return labels;
  const requirements = parseFieldSelector(query.get("fieldSelector") ?? "");
  if (requirements instanceof Refusal) return requirements;
  const unknown = requirements.find(({ field }) => !fieldNames.includes(field));
  if (unknown !== undefined) {
    return badRequest(
      `Unable to find "/v1, Resource=${resource}" that match label selector "${query.get("labelSelector") ?? ""}", field ` +
        `selector "${query.get("fieldSelector")}": field label not supported: ${unknown.field}`,
    );
  }
  const matches = ({ field, value, equal }: FieldRequirement, object: T) => (fields(object)[field] === value) === equal;
  return (object) => labels(object.metadata.labels ?? {}) && requirements.every((one) => matches(one, object));
}

interface PageToken {
  readonly rv: number;
  /** The first name of the next page is after this one. */
  readonly start: string;
}

/** Kubernetes' own form (apiserver `pkg/storage/continue.go`): base64url of JSON with v, rv and start. */
function encodeToken({ rv, start }: PageToken): string {
  return Buffer.from(JSON.stringify({ v: "meta.k8s.io/v1", rv, start: `${start}\0` })).toString("base64url");
}

function decodeToken(token: string): PageToken | undefined {
  const value = parseJson(Buffer.from(token, "base64").toString("utf8"));
  if (!isObject(value)) return undefined;
  const { v, rv, start } = value;
  if (v !== "meta.k8s.io/v1" || typeof rv !== "number" || typeof start !== "string") return undefined;
  return { rv, start: start.replace(/\0$/, "") };
}

const tooOld =
  "The provided continue parameter is too old to display a consistent list result. You can start a new list without " +
  "the continue parameter.";

/** One page. A token fixes the moment of the whole list: later pages show objects as they were then. */
export function listObjects<T extends StoredObject>(
  store: ObjectStore<T>,
  namespace: string,
  kind: string,
  query: URLSearchParams,
  selector: Selector<T>,
): object | Refusal {
  const given = query.get("continue") ?? "";
  const token = given === "" ? undefined : decodeToken(given);
  if (given !== "" && token === undefined) return badRequest("continue key is not valid: illegal base64 data");
  const limit = Number(query.get("limit") ?? 0);
  if (!Number.isInteger(limit) || limit < 0)
    return badRequest(`strconv.ParseInt: parsing "${query.get("limit")}": invalid syntax`);

  const revision = token?.rv ?? store.revision;
  const objects = token === undefined ? store.list(namespace) : store.listAt(namespace, revision);
  if (objects === "expired") return expired(tooOld);
  const after = token === undefined ? objects : objects.filter(({ metadata }) => metadata.name > token.start);
  const matching = after.filter(selector);
  const items = limit === 0 ? matching : matching.slice(0, limit);
  const last = items.at(-1);
  const more = items.length < matching.length && last !== undefined;
  const plain = !query.has("labelSelector") && !query.has("fieldSelector");
  return {
    kind: `${kind}List`,
    apiVersion: "v1",
    metadata: {
      resourceVersion: String(revision),
      ...(more ? { continue: encodeToken({ rv: revision, start: last.metadata.name }) } : {}),
      ...(more && plain ? { remainingItemCount: matching.length - items.length } : {}),
    },
    items,
  };
}
