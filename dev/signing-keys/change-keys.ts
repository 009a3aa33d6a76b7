// Owns one step of a change of the edge's signing keys: the file first, then the Worker, then a word on what comes next.
// Must not know wrangler or a command line.

import { calculateJwkThumbprint, exportJWK, generateKeyPair } from "jose";
import type { SigningKey } from "../../worker/signing-keys.ts";
import { type KeptKeys, minutesLeft, nextStep, readKeptKeys, writeKeptKeys } from "./kept-keys.ts";

export interface KeyChange {
  /** The operator's file. */
  readonly path: string;
  readonly wish: "next" | "status" | "stolen";
  /** PUBLIC_URL of wrangler.toml, for the words. */
  readonly publicUrl: string;
  /** Gives the Worker a new `SIGNING_KEYS`. @returns false where it was not done */
  put(value: string): Promise<boolean>;
  /** Waits until the edge publishes these keys and no other. @returns null, or what is wrong after a while */
  published(kids: readonly string[]): Promise<string | null>;
  now(): Date;
  tell(line: string): void;
  /** What a person must act on. */
  complain(line: string): void;
}

/** @returns the exit code: 0; 1 the Worker was not told, or does not publish what it was told; 75 too early */
export async function changeKeys(change: KeyChange): Promise<number> {
  const { path, wish, tell, complain } = change;
  const kept = await readKeptKeys(path);
  if (wish === "status") {
    for (const line of describe(change, kept)) tell(line);
    return 0;
  }
  if (kept !== null && !kept.sent && wish === "next") {
    tell("The last step did not come to its end: the Worker gets its keys again.");
    return send(change, kept);
  }
  const left = kept === null || wish === "stolen" ? 0 : minutesLeft(kept, change.now());
  if (left > 0) {
    complain(`Too early: in ${left} min. ${todo(change, kept)}`);
    return 75;
  }
  const next = wish === "stolen" ? { keys: [await makeKey()], step: "stolen" as const } : await take(kept);
  const after: KeptKeys = { ...next, at: change.now().toISOString(), sent: false };
  await writeKeptKeys(path, after);
  return send(change, after);
}

async function take(kept: KeptKeys | null): Promise<Pick<KeptKeys, "keys" | "step">> {
  switch (nextStep(kept)) {
    case "first":
      return { keys: [await makeKey()], step: "first" };
    case "added":
      return { keys: [...(kept?.keys ?? []), await makeKey()], step: "added" };
    case "promoted":
      return { keys: (kept?.keys ?? []).toReversed(), step: "promoted" };
    case "retired":
      return { keys: (kept?.keys ?? []).slice(0, 1), step: "retired" };
  }
}

/**
 * Written down as sent only after it was, and is published: what comes next may read the published keys, and a stolen one
 * that is still among them would go back into the cluster. The first key may come before the Worker itself.
 */
async function send(change: KeyChange, kept: KeptKeys): Promise<number> {
  const { path, tell, complain } = change;
  const again = `npm run signing-keys -- ${path}`;
  if (!(await change.put(JSON.stringify({ keys: kept.keys })))) {
    complain(`The Worker did not get its keys; ${path} has them. Do it again: ${again}`);
    return 1;
  }
  if (kept.step !== "first") {
    tell("Waiting until the edge publishes these keys and no other …");
    const fault = await change.published(kept.keys.map(({ kid }) => kid));
    if (fault !== null) {
      complain(`The Worker got its keys, and does not publish them. ${fault}`);
      complain(`Tell the cluster nothing yet: it would learn the keys of before. Once that is put right: ${again}`);
      return 1;
    }
  }
  const after = { ...kept, at: change.now().toISOString(), sent: true };
  await writeKeptKeys(path, after);
  for (const line of describe(change, after)) tell(line);
  return 0;
}

function describe(change: KeyChange, kept: KeptKeys | null): readonly string[] {
  if (kept === null)
    return [`There is no ${change.path} yet: npm run signing-keys -- ${change.path} makes the first key.`];
  const keys = kept.keys.map(
    ({ kid }, at) =>
      `${kid}: ${at === 0 ? "signs" : kept.step === "added" ? "is published, and signs next" : "is published"}`,
  );
  return [...keys, ...(kept.sent ? [] : ["It is not known yet whether the Worker has them."]), todo(change, kept)];
}

function todo({ path, publicUrl }: KeyChange, kept: KeptKeys | null): string {
  const tellCluster = `npm run -s ingress-keys -- ${publicUrl} | kubectl apply -f -`;
  const direct = "   (overlay direct instead: change the API servers' authentication file, docs/operate.md)";
  const again = `npm run signing-keys -- ${path}`;
  switch (kept?.step) {
    case undefined:
      return `Next: ${again}`;
    case "first":
      return `Keep a copy of ${path} where you keep what must not be lost. Once the Worker is deployed: ${tellCluster}`;
    case "added":
      return `Next: ${tellCluster}   and two minutes later: ${again}`;
    case "promoted":
      return `Next, ten minutes from now (a sign-in that is under way needs the older key): ${again}`;
    case "retired":
      return `Done with the older key once the cluster has forgotten it too: ${tellCluster}${direct}`;
    case "stolen":
      return `At once, for no shell is reached until then: ${tellCluster}${direct}`;
  }
}

async function makeKey(): Promise<SigningKey> {
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  const { x = "", y = "", d = "" } = await exportJWK(privateKey);
  const jwk = { kty: "EC", crv: "P-256", x, y, d } as const;
  return { ...jwk, alg: "ES256", kid: await calculateJwkThumbprint(jwk) };
}
