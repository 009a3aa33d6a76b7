// Owns when an exec that nobody needs is closed on purpose. tmux goes on; at the edge it costs nothing.
// Must not know how it is closed or what wakes it.

import type { WindowInfo } from "../protocol/messages.ts";
import type { BridgeLimits } from "./limits.ts";

export interface Idleness {
  /** Since when no viewer is attached; `null`: one is. */
  readonly emptySinceMs: number | null;
  /** Since when every viewer's page is hidden; `null`: one is visible. */
  readonly hiddenSinceMs: number | null;
  readonly lastOutputMs: number;
  readonly commandRuns: boolean;
  /** True where the shell would be lost with the exec, or its screen could not be shown again. */
  readonly fragile: boolean;
}

/** Unix milliseconds at which to park, or `null`: not while things are so. */
export function parkAt(idleness: Idleness, limits: BridgeLimits): number | null {
  const { emptySinceMs, hiddenSinceMs, lastOutputMs, commandRuns, fragile } = idleness;
  if (emptySinceMs !== null) return emptySinceMs + (fragile ? limits.parkAnywayMs : limits.parkEmptyMs);
  if (hiddenSinceMs === null || fragile) return null;
  const anyway = hiddenSinceMs + limits.parkAnywayMs;
  return commandRuns ? anyway : Math.min(anyway, Math.max(hiddenSinceMs, lastOutputMs) + limits.parkQuietMs);
}

const shells = new Set([
  "sh",
  "bash",
  "zsh",
  "fish",
  "dash",
  "ash",
  "ksh",
  "mksh",
  "csh",
  "tcsh",
  "nu",
  "elvish",
  "pwsh",
]);

/** True where a window runs anything but a waiting shell. A login shell may show itself with a dash. */
export function commandRuns(windows: readonly WindowInfo[]): boolean {
  return windows.some((window) => !shells.has(window.command.replace(/^-/, "")));
}
