// Owns the lines in which a run is told to `npm run doctor`: one JSON object each, written here and read there.
// Must not know HTTP, or what is done with a line.

import { isObject, parseJson, stringAt } from "../kubernetes/json.ts";
import type { CheckReport } from "./check.ts";

const states = ["running", "ok", "warning", "failed", "skipped"] as const;

/** What the edge says of itself, to be compared with what is seen from here. */
export interface EdgeFacts {
  readonly publicUrl: string;
  readonly clusterUrl: string;
  readonly kids: readonly string[];
  /** All of it is on one machine, under names and certificates of that machine's own. */
  readonly local: boolean;
}

export type EdgeLine =
  /** The first; null: its configuration is wrong. */
  { readonly type: "edge"; readonly edge: EdgeFacts | null } | { readonly type: "check"; readonly check: CheckReport };

export function encodeLine(line: EdgeLine): string {
  return `${JSON.stringify(line)}\n`;
}

/** Null where it is none that this version knows; an empty one means nothing. */
export function parseLine(text: string): EdgeLine | null {
  const value = parseJson(text);
  if (!isObject(value)) return null;
  if (value["type"] === "edge") return { type: "edge", edge: parseEdge(value["edge"]) };
  if (value["type"] !== "check") return null;
  const check = parseCheck(value["check"]);
  return check === null ? null : { type: "check", check };
}

function parseEdge(value: unknown): EdgeFacts | null {
  if (!isObject(value)) return null;
  const [publicUrl, clusterUrl, kids] = [stringAt(value, "publicUrl"), stringAt(value, "clusterUrl"), value["kids"]];
  if (publicUrl === null || clusterUrl === null || !Array.isArray(kids)) return null;
  const known = kids.filter((kid) => typeof kid === "string");
  return { publicUrl, clusterUrl, kids: known, local: value["local"] === true };
}

function parseCheck(value: unknown): CheckReport | null {
  if (!isObject(value)) return null;
  const [id, title, { text, ms }] = [stringAt(value, "id"), stringAt(value, "title"), value];
  const state = states.find((one) => one === value["state"]);
  if (id === null || title === null || state === undefined || typeof text !== "string") return null;
  return { id, title, state, text, todo: stringAt(value, "todo"), ms: typeof ms === "number" ? ms : 0 };
}
