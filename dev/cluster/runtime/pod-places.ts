// Owns the folders of one pod on this machine: its home, and a short one for sockets.
// Must not know what is put in them.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface PodPlaces {
  /** Stays for as long as the pod does, over restarts of this server too. */
  readonly home: string;
  /** For the tmux socket: short, since the address of a unix socket ends at 107 bytes. New at each start. */
  readonly run: string;
  readonly imageDir: string;
}

/** `directory` is the pod's own; it remembers the run folder, so that a server that was killed leaves none for good. */
export function makePlaces(directory: string, runDir: string, imageDir: string): PodPlaces {
  const home = join(directory, "home");
  mkdirSync(home, { recursive: true, mode: 0o700 });
  removeRunFolder(directory);
  const run = mkdtempSync(join(runDir, "limpet-"));
  writeFileSync(join(directory, "run"), run, { mode: 0o600 });
  return { home, run, imageDir };
}

export function removeRunFolder(directory: string): void {
  const record = join(directory, "run");
  try {
    rmSync(readFileSync(record, "utf8"), { recursive: true, force: true });
    rmSync(record);
  } catch {
    // None was made.
  }
}
