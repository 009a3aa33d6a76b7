// Owns how a command gets a mount namespace of its own: whatever it mounts is gone with it, however it ends.
// Must not know the command.

import { mkdirSync } from "node:fs";
import { join } from "node:path";

/**
 * @param folder of the command's own; gets an empty folder `alone`
 * @returns the command in such a namespace
 */
export function alone(folder: string, command: readonly string[]): readonly string[] {
  const place = join(folder, "alone");
  mkdirSync(place, { recursive: true });
  return ["unshare", "--mount", "--propagation", "unchanged", join(import.meta.dirname, "alone"), place, ...command];
}
