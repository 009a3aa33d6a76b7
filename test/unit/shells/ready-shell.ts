// Owns the record that the tests of the lifecycle begin with: a shell that is ready, and set up with nothing.
// Must not know what is tested.

import { nothingSetUp, type ShellRecord } from "../../../worker/shells/shell-record.ts";
import { allTrue } from "./model-cluster.ts";

/** @param startMs when its pod was asked for, in unix milliseconds: it has six hours from then */
export function readyShell(startMs: number, more: Partial<ShellRecord> = {}): ShellRecord {
  return {
    id: "shell-1",
    userId: "u",
    podName: "limpet-u",
    podUid: "uid-1",
    desired: "present",
    phase: "ready",
    reason: null,
    detail: null,
    conditions: allTrue,
    expiresAt: startMs + 6 * 3_600_000,
    startedAt: startMs,
    ...nothingSetUp,
    setUpFor: "uid-1/0/0",
    createdAt: startMs,
    ...more,
  };
}
