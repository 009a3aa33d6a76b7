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
  now(): Date;
  tell(line: string): void;
  /** What a person must act on. */
  complain(line: string): void;
}

/** @returns the exit code: 0; 1 the Worker was not told; 75 too early */
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

/** Written down as sent only after it was. */
async function send(change: KeyChange, kept: KeptKeys): Promise<number> {
  const { path, tell, complain } = change;
  if (!(await change.put(JSON.stringify({ keys: kept.keys })))) {
    complain(`The Worker did not get its keys; ${path} has them. Do it again: npm run signing-keys -- ${path}`);
    return 1;
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
  return [...keys, ...(kept.sent ? [] : ["The Worker does not have them yet."]), todo(change, kept)];
}

function todo({ path, publicUrl }: KeyChange, kept: KeptKeys | null): string {
  const tellCluster = `npm run -s ingress-keys -- ${publicUrl} | kubectl apply -f -`;
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
      return `Done with the older key once the cluster has forgotten it too: ${tellCluster}`;
    case "stolen":
      return `At once, for no shell is reached until then: ${tellCluster}`;
  }
}

async function makeKey(): Promise<SigningKey> {
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  const { x = "", y = "", d = "" } = await exportJWK(privateKey);
  const jwk = { kty: "EC", crv: "P-256", x, y, d } as const;
  return { ...jwk, alg: "ES256", kid: await calculateJwkThumbprint(jwk) };
}
