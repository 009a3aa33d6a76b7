// Owns reading what pods report: receipts and activity. Every program in a pod can send them, so their texts are a stranger's.
// Must not know HTTP, nor what is done with a report.

import { isEventId } from "../db/ids.ts";
import type { PodActivity, Receipt } from "../shells/shell-setup.ts";
import { plainText } from "./plain-text.ts";

/** Longest texts, in characters; what is longer is cut. */
const limits = { text: 500, skipped: 300, skippedLines: 50, command: 80, commands: 10 } as const;

const kinds = ["upstream", "edge"] as const satisfies readonly Receipt["kind"][];
const states = ["saved", "unchanged", "partial", "failed"] as const satisfies readonly Receipt["state"][];

/**
 * @param at the edge's own time: a pod's clock may be wrong
 * @returns null where it is no receipt
 */
export function parseReceipt(value: unknown, at: number): Receipt | null {
  if (!isRecord(value)) return null;
  const kind = kinds.find((word) => word === value["kind"]);
  const state = states.find((word) => word === value["state"]);
  const { text, skipped = [], snapshot = null } = value;
  if (kind === undefined || state === undefined || typeof text !== "string") return null;
  if (!isTexts(skipped) || (snapshot !== null && typeof snapshot !== "string")) return null;
  if (snapshot !== null && !isEventId(snapshot)) return null;
  const lines = skipped.slice(0, limits.skippedLines).map((line) => plainText(line, limits.skipped));
  return {
    kind,
    state,
    at,
    text: plainText(text, limits.text),
    skipped: lines.filter((line) => line !== ""),
    snapshot,
  };
}

/** Null where it is none. */
export function parseActivity(value: unknown): PodActivity | null {
  if (!isRecord(value)) return null;
  const { busy, commands = [], ending = false } = value;
  if (typeof busy !== "boolean" || typeof ending !== "boolean" || !isTexts(commands)) return null;
  const names = commands.slice(0, limits.commands).map((name) => plainText(name, limits.command));
  return { busy, commands: names.filter((name) => name !== ""), ending };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === "string");
}
