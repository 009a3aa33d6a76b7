// Owns a change of the key in the local environment, from the check before it to the last row.
// Must not know how rows are sealed.

import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { parseSealKeys } from "../../worker/sealing/seal-keys.ts";
import { keysFileOf, loadKeys, replaceSealKeys } from "../start/keys.ts";
import { stateDirOf } from "../start/run-file.ts";
import { parseSettings } from "../start/settings.ts";
import { makeSealKey, parseKeptKeys } from "./key-file.ts";
import { isRunning, openLocalRows } from "./local.ts";
import { asKeySet, asSecret, countOthers, planRotation, withAdded, withPromoted } from "./plan.ts";
import { countRows, findUnreadable } from "./sealed-rows.ts";

/** The clock strikes each minute; the first of them may be too early. */
const patienceMs = 150_000;
const lookEveryMs = 1_000;

/** @returns the exit code */
export async function rotateLocal(
  root: string,
  env: Readonly<Record<string, string | undefined>>,
  tell: (line: string) => void,
): Promise<number> {
  const parsed = parseSettings(env, root);
  if (!parsed.ok) {
    for (const fault of parsed.faults) console.error(fault);
    return 78;
  }
  const { settings } = parsed;
  const stateDir = settings.stateDirGiven ? settings.stateDir : stateDirOf(settings.stateDir);
  if (!existsSync(keysFileOf(stateDir))) {
    tell(`Nothing was sealed in ${stateDir} yet: the first npm start makes a key.`);
    return 0;
  }
  const { seal } = await loadKeys(stateDir);
  const kept = parseKeptKeys(JSON.stringify(seal), `${stateDir}/keys.json`);
  const rows = await openLocalRows(stateDir);
  try {
    const counts = rows === null ? new Map<string, number>() : await countRows(rows.query);
    const keys = parseSealKeys(asSecret(kept));
    const unreadable = rows === null || keys === null ? [] : await findUnreadable(rows.query, keys, 10);
    if (unreadable.length > 0) {
      for (const line of unreadable) console.error(line);
      console.error(`Nothing was changed. The keys are in ${stateDir}/keys.json.`);
      return 1;
    }
    const step = planRotation(kept, counts);
    if (step.do === "await") {
      tell(`An earlier change of keys is not through: ${step.left} rows wait. No new key is made before that.`);
    } else {
      const key = makeSealKey(new Date());
      // One process takes the new set as a whole, so the key may be first at once.
      await replaceSealKeys(stateDir, asKeySet(withPromoted(withAdded(kept, key), key.kid)));
      tell(`The new key is ${key.kid}; the older ones stay in ${stateDir}/keys.json and go on opening.`);
    }
    const [first] = parseKeptKeys(JSON.stringify((await loadKeys(stateDir)).seal), "keys.json");
    if (rows === null || first === undefined) return 0;
    const left = countOthers(await countRows(rows.query), first.kid);
    if (left === 0) {
      tell("Nothing is sealed under an older key.");
      return 0;
    }
    if (!isRunning(stateDir)) {
      tell(`Limpet does not run here: it seals ${left} rows anew in the first minutes after its next start.`);
      return 0;
    }
    tell(`Limpet runs: its edge takes the key, and its clock seals ${left} rows anew within two minutes …`);
    for (let waitedMs = 0; waitedMs < patienceMs; waitedMs += lookEveryMs) {
      if (countOthers(await countRows(rows.query), first.kid) === 0) {
        tell("Done: everything is sealed under the new key.");
        return 0;
      }
      await sleep(lookEveryMs);
    }
    const rest = countOthers(await countRows(rows.query), first.kid);
    console.error(
      `${rest} rows are still under an older key; it goes on by itself. Why it takes so long: ${stateDir}/logs/edge.log`,
    );
    return 1;
  } finally {
    rows?.close();
  }
}
