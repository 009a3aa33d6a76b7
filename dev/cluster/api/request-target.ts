// Owns what a path and query ask for.
// Must not know whether it is allowed or how it is done.

/** A resource of one namespace, as the path names it. */
export type Target =
  | { readonly kind: "health" }
  | { readonly kind: "version" }
  | { readonly kind: "faults"; readonly id: string | undefined }
  | {
      readonly kind: "resource";
      readonly resource: "pods" | "events";
      readonly namespace: string;
      readonly name: string | undefined;
      readonly subresource: "exec" | undefined;
    }
  | { readonly kind: "unknown" };

const namespaced = /^\/api\/v1\/namespaces\/([a-z0-9-]+)\/(pods|events)(?:\/([A-Za-z0-9.-]+)(?:\/(exec))?)?$/;

/** The path as it was sent: percent signs, dots and doubled slashes are no other way to write these. */
export function parseTarget(path: string): Target {
  if (path === "/healthz" || path === "/readyz" || path === "/livez") return { kind: "health" };
  if (path === "/version") return { kind: "version" };
  const [faults, id] = /^\/faults(?:\/([A-Za-z0-9-]+))?$/.exec(path) ?? [];
  if (faults !== undefined) return { kind: "faults", id };
  const [, namespace, resource, name, subresource] = namespaced.exec(path) ?? [];
  if (namespace === undefined || (subresource !== undefined && resource !== "pods")) return { kind: "unknown" };
  return {
    kind: "resource",
    resource: resource === "events" ? "events" : "pods",
    namespace,
    name,
    subresource: subresource === undefined ? undefined : "exec",
  };
}
