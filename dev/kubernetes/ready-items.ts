// Owns counting what is Ready in a list that the API server gave.
// Must not know what the items are.

/** @returns how many items have the condition Ready; 0 where it is no list */
export function readyItems(list: unknown): number {
  const items = field(list, "items");
  return Array.isArray(items) ? items.filter(isReady).length : 0;
}

function isReady(item: unknown): boolean {
  const conditions = field(field(item, "status"), "conditions");
  return (
    Array.isArray(conditions) &&
    conditions.some((one) => field(one, "type") === "Ready" && field(one, "status") === "True")
  );
}

function field(from: unknown, name: string): unknown {
  return typeof from === "object" && from !== null ? Reflect.get(from, name) : undefined;
}
