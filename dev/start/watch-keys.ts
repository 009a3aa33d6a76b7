// Owns noticing that the local environment's keys were changed by `npm run rotate`.
// Must not know what is done with them.

import { watchFile } from "node:fs";
import { type Keys, keysFileOf, loadKeys } from "./keys.ts";

const lookEveryMs = 1_000;

/** @param changed is told the keys that seal, once for each change; one that cannot be read changes nothing */
export function watchKeys(stateDir: string, changed: (keys: Keys) => Promise<void>): void {
  let last: string | null = null;
  const look = async (): Promise<void> => {
    const keys = await loadKeys(stateDir);
    const seal = JSON.stringify(keys.seal);
    const isNew = last !== null && last !== seal;
    last = seal;
    if (isNew) await changed(keys);
  };
  // One after the other: the edge must not be started twice at a time.
  let turn = look().catch(tell);
  watchFile(keysFileOf(stateDir), { interval: lookEveryMs, persistent: false }, () => {
    turn = turn.then(look).catch(tell);
  });
}

function tell(error: unknown): void {
  console.error(error instanceof Error ? error.message : String(error));
}
