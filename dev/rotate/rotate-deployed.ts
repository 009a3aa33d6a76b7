// Owns a change of the key of a deployed Limpet, from the check before it to the last row.
// Must not know how rows are sealed. Each step is written to the key file before the Worker is told.

import { parseSealKeys, type SealKeys } from "../../worker/sealing/seal-keys.ts";
import type { Deployed } from "./deployed.ts";
import { daysOld, makeSealKey, readKeyFile, writeKeyFile } from "./key-file.ts";
import {
  asSecret,
  countOthers,
  type KeptKey,
  planRotation,
  type RowsByKey,
  withAdded,
  withoutUnused,
  withPromoted,
} from "./plan.ts";
import { countRows, findUnreadable, type Query } from "./sealed-rows.ts";

export interface DeployedRotation {
  readonly deployed: Deployed;
  /** The operator's key file. */
  readonly path: string;
  readonly wish: "rotate" | "status" | "retire";
  readonly dryRun: boolean;
  /** `--retire` although pods may still show what the older key made. */
  readonly now: boolean;
  tell(line: string): void;
  /** What a person must act on. */
  complain(line: string): void;
}

/** Until a new secret is at work in every place, with a margin. */
const spreadMs = 60_000;
const patienceMs = 15 * 60_000;
const lookEveryMs = 15_000;
/** The longest life that SHELL_LIFE_HOURS allows: a pod's capability was made with the key of its day. */
const longestLifeDays = 7;

/** @returns the exit code */
export async function rotateDeployed(rotation: DeployedRotation): Promise<number> {
  const { deployed, path, wish, tell, complain } = rotation;
  const { query } = deployed;
  const keys = await readKeyFile(path);
  const counts = await countRows(query);
  if (wish === "status") {
    for (const line of describe(keys, counts)) tell(line);
  }
  const problems = await findProblems(query, keys, counts, path);
  if (problems.length > 0) {
    for (const line of problems) complain(line);
    complain("Nothing was changed.");
    return 1;
  }
  switch (wish) {
    case "status":
      tell(`Everything that is sealed opens with ${path}.`);
      return 0;
    case "retire":
      return retire(rotation, keys, counts);
    case "rotate":
      return rotate(rotation, keys, counts);
  }
}

function describe(keys: readonly KeptKey[], counts: RowsByKey): readonly string[] {
  const known = keys.map((key, at) => {
    const word = at === 0 ? "seals and opens" : key.next === true ? "is to be put first" : "opens";
    return `${key.kid}: ${word}, ${counts.get(key.kid) ?? 0} rows`;
  });
  const missing = [...counts].filter(([kid]) => !keys.some((key) => key.kid === kid));
  return [...known, ...missing.map(([kid, rows]) => `${kid}: MISSING, ${rows} rows`)];
}

/** Keys that are missing, then rows that do not open. */
async function findProblems(
  query: Query,
  keys: readonly KeptKey[],
  counts: RowsByKey,
  path: string,
): Promise<readonly string[]> {
  const step = planRotation(keys, counts);
  if (step.do === "refuse") {
    return step.missing.map(
      (kid) =>
        `SECRET_UNREADABLE: ${counts.get(kid)} rows are sealed under the key "${kid}", which ${path} does not have.`,
    );
  }
  const set = sealKeysOf(keys);
  return set === null ? [] : findUnreadable(query, set, 10);
}

function sealKeysOf(keys: readonly KeptKey[]): SealKeys | null {
  return keys.length === 0 ? null : parseSealKeys(asSecret(keys));
}

async function rotate(rotation: DeployedRotation, before: readonly KeptKey[], counts: RowsByKey): Promise<number> {
  const { deployed, path, dryRun, tell } = rotation;
  let keys = before;
  let step = planRotation(keys, counts);
  if (dryRun) {
    tell(`Would go on with: ${step.do}. Everything that is sealed opens with ${path}; nothing was changed.`);
    return 0;
  }
  if (step.do === "make-first") {
    keys = [makeSealKey(deployed.now())];
    await writeKeyFile(path, keys);
    tell(`${path} has the first key. Keep a copy where you keep what must not be lost: without it no secret opens.`);
    return (await deployed.putSealKeys(asSecret(keys))) ? 0 : notPut(rotation);
  }
  if (step.do === "add") {
    const key = makeSealKey(deployed.now());
    keys = withAdded(keys, key);
    await writeKeyFile(path, keys);
    tell(`${path} has the new key ${key.kid}. Keep a copy of the file before anything is sealed under it.`);
    step = { do: "promote", kid: key.kid };
  }
  if (step.do === "promote") {
    tell("The Worker gets it, to open with first …");
    if (!(await deployed.putSealKeys(asSecret(keys)))) return notPut(rotation);
    tell(`… and in ${spreadMs / 1_000} s, when it is known in every place, to seal with.`);
    await deployed.pause(spreadMs);
    keys = withPromoted(keys, step.kid);
    await writeKeyFile(path, keys);
  }
  if (!(await deployed.putSealKeys(asSecret(keys)))) return notPut(rotation);
  return awaitRows(rotation, keys);
}

async function awaitRows({ deployed, path, tell }: DeployedRotation, keys: readonly KeptKey[]): Promise<number> {
  const first = keys[0]?.kid ?? "";
  let said: number | null = null;
  for (let waitedMs = 0; waitedMs < patienceMs; waitedMs += lookEveryMs) {
    const left = countOthers(await countRows(deployed.query), first);
    if (left === 0) {
      tell(
        `Done: everything is sealed under ${first}. The older keys may go in a week: npm run rotate -- ${path} --retire`,
      );
      return 0;
    }
    if (left !== said) tell(`${left} rows wait for the Worker's clock, which seals some each minute …`);
    said = left;
    await deployed.pause(lookEveryMs);
  }
  tell(`It goes on by itself. Look with: npm run rotate -- ${path} --status`);
  return 0;
}

async function retire(rotation: DeployedRotation, keys: readonly KeptKey[], counts: RowsByKey): Promise<number> {
  const { deployed, path, dryRun, now, tell, complain } = rotation;
  const kept = withoutUnused(keys, counts);
  const gone = keys.filter((key) => !kept.includes(key)).map(({ kid }) => kid);
  const [first] = kept;
  if (first === undefined || gone.length === 0) {
    tell("No key can go: something is sealed under each.");
    return 0;
  }
  const days = daysOld(first, deployed.now());
  if (!now && (days === null || days <= longestLifeDays)) {
    complain(
      `The key that seals is not known to be older than ${longestLifeDays} days: pods that were set up before it show what ${gone.join(", ")} made, and could save nothing more. Wait, or add --now. Nothing was changed.`,
    );
    return 1;
  }
  if (dryRun) {
    tell(`Would take away: ${gone.join(", ")}. Nothing was changed.`);
    return 0;
  }
  // The Worker first: if it fails, the file still has what the Worker has.
  if (!(await deployed.putSealKeys(asSecret(kept)))) return notPut(rotation);
  await writeKeyFile(path, kept);
  tell(`Taken away: ${gone.join(", ")}.`);
  return 0;
}

function notPut({ path, complain }: DeployedRotation): number {
  complain(
    `The Worker did not get it. Sign in (npx wrangler login) and run the same again: it goes on from here. By hand: put {"keys":[…]} of ${path} with npx wrangler secret put SEAL_KEYS.`,
  );
  return 1;
}
