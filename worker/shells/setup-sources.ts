// Owns what goes into the one line for `setup`: the record, the opened secrets, the company's settings, the newest snapshot.
// Must not know how the line reaches the pod. Nothing of it is ever logged.

import { eq } from "drizzle-orm";
import type { Config } from "../config.ts";
import type { Database } from "../db/database.ts";
import { users } from "../db/schema.ts";
import { putSecret, readSecrets } from "../db/secrets.ts";
import { snapshotToRestore } from "../db/snapshots.ts";
import { LimpetError } from "../errors.ts";
import { isObject, parseJson, stringAt } from "../kubernetes/json.ts";
import { makeCapability, makeTicket } from "../pod-api/capability.ts";
import { type OpenedSecrets, openSecrets, sealSecret } from "../sealing/secrets.ts";
import { secretsIn } from "./secret-parts.ts";
import type { SetupLine } from "./setup-line.ts";
import type { ShellRecord } from "./shell-record.ts";
import type { AwsCredentials, AzureCredentials, GoogleCredentials, SecretName, SetupStep } from "./shell-setup.ts";
import { workspaceOf } from "./workspace.ts";

export type SetupConfig = Pick<Config, "sealKeys" | "podEdgeUrl" | "save" | "company">;

export interface MadeLine {
  readonly line: SetupLine;
  /** Every text in it that must be said nowhere. */
  readonly secrets: readonly string[];
  /** Steps whose secret does not open: they go without it, and this is what is to be said of them. */
  readonly unreadable: ReadonlyMap<SetupStep, LimpetError>;
}

/** @throws LimpetError `SECRET_UNREADABLE` where the key of the saves does not open; Error where D1 does not answer */
export async function makeSetupLine(
  db: Database,
  config: SetupConfig,
  record: ShellRecord & { readonly podUid: string },
  nowMs: number,
): Promise<MadeLine> {
  const { sealKeys, save, company } = config;
  const [person] = await db
    .select({ name: users.name, email: users.email })
    .from(users)
    .where(eq(users.id, record.userId))
    .limit(1);
  const { opened: secrets, unreadable } = await openSecrets(sealKeys, await readSecrets(db, record.userId));
  const noSaveKey = unreadable.get("save-key");
  // In its place a new one would make all that was saved look forged.
  if (noSaveKey !== undefined) throw withoutSaveKey(noSaveKey);
  const saveKey = secrets.get("save-key") ?? (await keepSaveKey(db, config, record, nowMs));
  const { id: shellId, podUid, capabilityGeneration: generation } = record;
  const capability = await makeCapability(sealKeys, { shellId, podUid, generation });
  const line: SetupLine = {
    version: 1,
    nonce: randomHex(16),
    shell: { id: shellId },
    edge: { url: config.podEdgeUrl, capability },
    person: { name: person?.name ?? null, email: person?.email ?? null },
    git: gitPart(record, secrets, save.upstream),
    aws: parsed<AwsCredentials>(secrets, "aws", ["accessKeyId", "secretAccessKey"]),
    google: parsed<GoogleCredentials>(secrets, "google", ["serviceAccountKey"]),
    azure: parsed<AzureCredentials>(secrets, "azure", ["tenantId", "clientId", "clientSecret"]),
    kubeconfig: secrets.get("kubeconfig") ?? null,
    company,
    save: {
      key: saveKey,
      everySeconds: save.everySeconds,
      fileLimitBytes: save.fileLimitBytes,
      homeLimitBytes: save.homeLimitBytes,
      include: save.include,
    },
    snapshot: await snapshotPart(db, config, record, nowMs),
  };
  return { line, secrets: secretsIn(line), unreadable: stepsWithout(record, unreadable) };
}

function withoutSaveKey(cause: LimpetError): LimpetError {
  const message =
    "The shell was not set up, because the key of its saves does not open: nothing that was saved could be put back, and nothing new be saved. Whoever runs Limpet must put the seal key that it is under back into SEAL_KEYS; then set up again. What is saved is still there.";
  return new LimpetError("SECRET_UNREADABLE", message, { cause });
}

/** A secret of a sign-in that is not the present one is not missed. */
function stepsWithout(
  { gitSignIn }: ShellRecord,
  unreadable: OpenedSecrets["unreadable"],
): ReadonlyMap<SetupStep, LimpetError> {
  const used = { "git-key": usesKey(gitSignIn), "git-token": gitSignIn === "token" };
  const steps = new Map<SetupStep, LimpetError>();
  for (const [name, error] of unreadable) {
    if (name === "git-key" || name === "git-token") {
      if (used[name]) steps.set("git", error);
    } else if (name !== "save-key") {
      steps.set(name, error);
    }
  }
  return steps;
}

function usesKey(gitSignIn: ShellRecord["gitSignIn"]): boolean {
  return gitSignIn === "deploy-key" || gitSignIn === "key";
}

/** 32 random bytes: the key of a shell's MACs. Without it nothing that was saved is ever restored. */
export function makeSaveKey(): string {
  return randomHex(32);
}

/** A record without one can only be of before there were any. */
async function keepSaveKey(db: Database, config: SetupConfig, record: ShellRecord, nowMs: number): Promise<string> {
  const key = makeSaveKey();
  await putSecret(db, await sealSecret(config.sealKeys, record.userId, "save-key", key), nowMs);
  return key;
}

/** Also where this pod was set up before: the script knows by its own marks whether its home was put back, once a pod. */
async function snapshotPart(
  db: Database,
  { sealKeys, podEdgeUrl }: SetupConfig,
  record: ShellRecord,
  nowMs: number,
): Promise<SetupLine["snapshot"]> {
  const row = await snapshotToRestore(db, record.id, record.startedAt);
  if (row === null) return null;
  return {
    url: `${podEdgeUrl}/api/pod/snapshot/${row.id}`,
    ticket: await makeTicket(sealKeys, row.id, nowMs),
    sha256: row.sha256,
    bytes: row.bytes,
    savedAt: row.createdAt.getTime(),
  };
}

function gitPart(record: ShellRecord, secrets: ReadonlyMap<SecretName, string>, upstream: boolean): SetupLine["git"] {
  const { gitUrl: url, gitBranch: branch, gitSignIn } = record;
  if (url === null) return null;
  return {
    url,
    branch,
    workspace: record.workspace ?? workspaceOf(url),
    key: usesKey(gitSignIn) ? (secrets.get("git-key") ?? null) : null,
    token: gitSignIn === "token" ? tokenOf(secrets.get("git-token")) : null,
    saveUpstream: record.saveUpstream && upstream,
  };
}

function tokenOf(text: string | undefined): { readonly user: string; readonly token: string } | null {
  const value = parseJson(text ?? "");
  if (!isObject(value)) return null;
  const user = stringAt(value, "user");
  const token = stringAt(value, "token");
  return user === null || token === null ? null : { user, token };
}

/** What was sealed is what was checked when it was given. @throws Error where it is something else: a broken invariant */
function parsed<T extends object>(
  secrets: ReadonlyMap<SecretName, string>,
  name: SecretName,
  needed: readonly (keyof T & string)[],
): T | null {
  const text = secrets.get(name);
  if (text === undefined) return null;
  const value = parseJson(text);
  const whole = (given: unknown): given is T => isObject(given) && needed.every((key) => stringAt(given, key) !== null);
  if (!whole(value)) throw new Error(`the secret ${name} is not what is kept under that name`);
  return value;
}

function randomHex(bytes: number): string {
  const random = crypto.getRandomValues(new Uint8Array(bytes));
  return Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
