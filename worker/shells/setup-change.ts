// Owns what a change of the set-up does to a shell's record and to its sealed secrets.
// Must not know what makes a value good (validate-*.ts), nor how either is written.

import type { SecretRow } from "../db/secrets.ts";
import { LimpetError } from "../errors.ts";
import type { SealKeys } from "../sealing/seal-keys.ts";
import { sealSecret } from "../sealing/secrets.ts";
import type { ShellRecord } from "./shell-record.ts";
import type { GitChange, SecretName, SettingsChange, SetupChange } from "./shell-setup.ts";
import { cloudProviders } from "./shell-setup.ts";
import { makeSshKey, readSshKey } from "./ssh-key.ts";
import { transportOf } from "./validate-git-url.ts";
import { refuseMisfit } from "./validate-setup.ts";

export interface ChangedSetup {
  readonly record: ShellRecord;
  readonly put: readonly SecretRow[];
  readonly remove: readonly SecretName[];
  /** What was given or taken away, for the person's list of events: words, never values. */
  readonly said: string;
}

/** Gathers while the parts of a change are gone through. */
interface Draft {
  record: ShellRecord;
  readonly put: Map<SecretName, string>;
  readonly remove: Set<SecretName>;
  readonly words: string[];
}

/**
 * `setup` carries it into the pod, also where it changes nothing: a second time repairs.
 * @throws LimpetError `INVALID_GIT_KEY`, `INVALID_GIT_TOKEN`: also where another change came in between, and this one does
 * not fit it any more
 */
export async function changeSetup(keys: SealKeys, record: ShellRecord, change: SetupChange): Promise<ChangedSetup> {
  const draft: Draft = { record, put: new Map(), remove: new Set(), words: [] };
  if (change.git !== undefined) await changeGit(draft, change.git);
  refuseUnfit(draft.record);
  for (const cloud of cloudProviders) give(draft, cloud, change[cloud]);
  if (change.kubeconfig !== undefined) give(draft, "kubeconfig", change.kubeconfig);
  const { userId } = record;
  const put = await Promise.all([...draft.put].map(([name, text]) => sealSecret(keys, userId, name, text)));
  return {
    record: { ...draft.record, setupVersion: record.setupVersion + 1 },
    put,
    remove: [...draft.remove],
    said: draft.words.length === 0 ? "The set-up is done again." : `The set-up was changed: ${draft.words.join(", ")}.`,
  };
}

/** What holds no secret. Only what `setup` must carry into the pod raises the version. */
export function changeSettings(record: ShellRecord, change: SettingsChange): ShellRecord {
  const changed: ShellRecord = {
    ...record,
    provider: change.provider === undefined ? record.provider : change.provider,
    gitBranch: change.gitBranch === undefined ? record.gitBranch : change.gitBranch,
    workspace: change.workspace === undefined ? record.workspace : change.workspace,
    saveUpstream: change.saveUpstream ?? record.saveUpstream,
  };
  const carried =
    changed.gitBranch !== record.gitBranch ||
    changed.workspace !== record.workspace ||
    changed.saveUpstream !== record.saveUpstream;
  if (!carried) return changed.provider === record.provider ? record : changed;
  return { ...changed, setupVersion: record.setupVersion + 1 };
}

function refuseUnfit({ gitUrl, gitSignIn }: ShellRecord): void {
  const misfit = gitUrl === null || gitSignIn === null ? null : refuseMisfit(gitSignIn, transportOf(gitUrl));
  if (misfit !== null) throw new LimpetError(misfit.code, misfit.message);
}

async function changeGit(draft: Draft, git: GitChange | null): Promise<void> {
  if (git === null) {
    draft.record = { ...draft.record, gitUrl: null, gitBranch: null, workspace: null };
    forgetSignIn(draft);
    draft.words.push("no repository");
    return;
  }
  const { record } = draft;
  draft.record = {
    ...record,
    gitUrl: git.url ?? record.gitUrl,
    gitBranch: git.branch === undefined ? record.gitBranch : git.branch,
  };
  if (git.url !== undefined || git.branch !== undefined) draft.words.push("the repository");
  if (git.signIn !== undefined) await changeSignIn(draft, git.signIn);
}

async function changeSignIn(draft: Draft, signIn: (GitChange["signIn"] & {}) | null): Promise<void> {
  const had = draft.record;
  if (signIn?.type === "deploy-key" && had.gitSignIn === "deploy-key" && signIn.renew !== true) return;
  forgetSignIn(draft);
  switch (signIn?.type) {
    case undefined:
      draft.words.push("no sign-in to the repository");
      return;
    case "deploy-key":
    case "key": {
      const key = signIn.type === "key" ? await readSshKey(signIn.key) : await makeSshKey();
      draft.put.set("git-key", key.privateKey);
      draft.remove.delete("git-key");
      draft.record = { ...draft.record, gitSignIn: signIn.type, gitPublicKey: key.publicKey };
      draft.words.push(signIn.type === "key" ? "your key for the repository" : "a new deploy key for the repository");
      return;
    }
    case "token": {
      const { token, user } = signIn;
      draft.put.set("git-token", JSON.stringify({ user: user ?? tokenUser, token }));
      draft.remove.delete("git-token");
      draft.record = { ...draft.record, gitSignIn: "token" };
      draft.words.push("a token for the repository");
    }
  }
}

/** What the forges take as the name beside a token where they want none of their own. */
const tokenUser = "x-access-token";

function forgetSignIn(draft: Draft): void {
  draft.record = { ...draft.record, gitSignIn: null, gitPublicKey: null };
  draft.remove.add("git-key").add("git-token");
}

const clouds = { aws: "AWS", google: "Google Cloud", azure: "Azure", kubeconfig: "a kubeconfig" } as const;

/** Credentials as they are kept: as JSON, a kubeconfig as it stands. */
function give(draft: Draft, name: keyof typeof clouds, value: object | string | null | undefined): void {
  if (value === undefined) return;
  const { provider } = draft.record;
  if (value === null) {
    draft.remove.add(name);
    draft.words.push(`no ${clouds[name].replace(/^a /, "")}`);
    if (provider === name) draft.record = { ...draft.record, provider: null };
    return;
  }
  draft.put.set(name, typeof value === "string" ? value : JSON.stringify(value));
  draft.words.push(name === "kubeconfig" ? clouds[name] : `credentials for ${clouds[name]}`);
  if (name !== "kubeconfig" && provider === null) draft.record = { ...draft.record, provider: name };
}
