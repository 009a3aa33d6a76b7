// Owns a check as `npm run doctor` shows it, its own and the edge's alike, and the reading of the edge's.
// Must not know how either is looked at.

import type { CheckReport, Finding } from "../../worker/doctor/check.ts";
import { isObject, parseJson, stringAt } from "../../worker/kubernetes/json.ts";

export type { CheckReport, Finding };

const states = ["running", "ok", "warning", "failed", "skipped"] as const;

/** What the edge says of itself, to be compared with what is seen from here. */
export interface EdgeFacts {
  readonly publicUrl: string;
  readonly clusterUrl: string;
  readonly kids: readonly string[];
}

/** One line of the edge's answer; null where it is none that this version knows. */
export type EdgeLine =
  | { readonly type: "edge"; readonly edge: EdgeFacts | null }
  | { readonly type: "check"; readonly check: CheckReport };

export function parseLine(line: string): EdgeLine | null {
  const value = parseJson(line);
  if (!isObject(value)) return null;
  if ("edge" in value) return { type: "edge", edge: parseEdge(value["edge"]) };
  const check = parseCheck(value["check"]);
  return check === null ? null : { type: "check", check };
}

function parseEdge(value: unknown): EdgeFacts | null {
  if (!isObject(value)) return null;
  const [publicUrl, clusterUrl, kids] = [stringAt(value, "publicUrl"), stringAt(value, "clusterUrl"), value["kids"]];
  if (publicUrl === null || clusterUrl === null || !Array.isArray(kids)) return null;
  return { publicUrl, clusterUrl, kids: kids.filter((kid) => typeof kid === "string") };
}

function parseCheck(value: unknown): CheckReport | null {
  if (!isObject(value)) return null;
  const [id, title, { text, ms }] = [stringAt(value, "id"), stringAt(value, "title"), value];
  const state = states.find((one) => one === value["state"]);
  if (id === null || title === null || state === undefined || typeof text !== "string") return null;
  return { id, title, state, text, todo: stringAt(value, "todo"), ms: typeof ms === "number" ? ms : 0 };
}
