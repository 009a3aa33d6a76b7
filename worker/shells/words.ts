// Owns the few phrases about time that several sentences for a person share.
// Must not know what the sentences are about.

import type { ShellRecord } from "./shell-record.ts";

/** `2026-11-23 14:03 UTC` */
export function utcTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** What of the work comes back with the next pod. */
export function asOfLastSave({ lastSavedAt }: Pick<ShellRecord, "lastSavedAt">, nowMs: number): string {
  if (lastSavedAt === null) return "Nothing had been saved of it.";
  return `Your work comes back as it was saved ${age(nowMs - lastSavedAt)} before (${utcTime(lastSavedAt)}).`;
}

/** `40 seconds`, `1 minute`, `6 hours`: the largest unit that has gone by once. */
export function age(ms: number): string {
  const [size, unit] = units.find(([unitMs]) => ms >= unitMs) ?? ([1_000, "second"] as const);
  const count = Math.max(1, Math.floor(ms / size));
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}

const units = [
  [86_400_000, "day"],
  [3_600_000, "hour"],
  [60_000, "minute"],
  [1_000, "second"],
] as const;
