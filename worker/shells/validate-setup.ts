// Owns whether a change that a person asks for is good as a whole, and puts it right where that is harmless (blanks around it).
// Must not know the API, the object or the cluster. No message holds a secret.

import { LimpetError } from "../errors.ts";
import { type Checked, type Fault, fault, good } from "./checked.ts";
import type { GitChange, GitSignIn, GitSignInChange, SettingsChange, SetupChange } from "./shell-setup.ts";
import { readSshKey } from "./ssh-key.ts";
import { checkAws, checkAzure, checkGoogle } from "./validate-credentials.ts";
import { checkBranch, checkToken, checkTokenUser } from "./validate-git.ts";
import { checkGitUrl, type GitAddress, transportOf } from "./validate-git-url.ts";
import { checkKubeconfig } from "./validate-kubeconfig.ts";
import { checkWorkspace } from "./validate-workspace.ts";

/** What there is already: a change counts together with it. */
export interface Present {
  readonly gitUrl: string | null;
  readonly gitSignIn: GitSignIn | null;
}

export function checkSettings(change: SettingsChange): Checked<SettingsChange> {
  const gitBranch = maybe(change.gitBranch, checkBranch);
  if (!gitBranch.ok) return gitBranch;
  const workspace = maybe(change.workspace, checkWorkspace);
  if (!workspace.ok) return workspace;
  return good({ ...change, ...given("gitBranch", gitBranch.value), ...given("workspace", workspace.value) });
}

/** @param local the local environment: a repository may be on this machine */
export async function checkSetup(change: SetupChange, present: Present, local: boolean): Promise<Checked<SetupChange>> {
  const git = change.git ? await checkGit(change.git, present, local) : good(change.git);
  if (!git.ok) return git;
  const aws = maybe(change.aws, checkAws);
  if (!aws.ok) return aws;
  const google = maybe(change.google, checkGoogle);
  if (!google.ok) return google;
  const azure = maybe(change.azure, checkAzure);
  if (!azure.ok) return azure;
  const kubeconfig = maybe(change.kubeconfig, checkKubeconfig);
  if (!kubeconfig.ok) return kubeconfig;
  return good({
    ...given("git", git.value),
    ...given("aws", aws.value),
    ...given("google", google.value),
    ...given("azure", azure.value),
    ...given("kubeconfig", kubeconfig.value),
  });
}

async function checkGit(change: GitChange, present: Present, local: boolean): Promise<Checked<GitChange>> {
  const address = change.url === undefined ? null : checkGitUrl(change.url, local);
  if (address !== null && !address.ok) return address;
  const url = address?.value.url ?? present.gitUrl;
  if (url === null) {
    return fault("INVALID_GIT_URL", "The repository's address is missing. Give it together with the sign-in.");
  }
  const branch = maybe(change.branch, checkBranch);
  if (!branch.ok) return branch;
  const signIn = change.signIn ? await checkSignIn(change.signIn) : good(change.signIn);
  if (!signIn.ok) return signIn;
  const kind = change.signIn === undefined ? present.gitSignIn : (change.signIn?.type ?? null);
  const misfit = kind === null ? null : refuseMisfit(kind, transportOf(url));
  if (misfit !== null) return misfit;
  return good({
    ...given("url", address?.value.url),
    ...given("branch", branch.value),
    ...given("signIn", signIn.value),
  });
}

async function checkSignIn(change: GitSignInChange): Promise<Checked<GitSignInChange>> {
  switch (change.type) {
    case "deploy-key":
      return good(change);
    case "key":
      try {
        await readSshKey(change.key);
        return good(change);
      } catch (error) {
        if (error instanceof LimpetError) return fault(error.code, error.message);
        throw error;
      }
    case "token": {
      const token = checkToken(change.token);
      if (!token.ok) return token;
      const user = change.user === undefined ? null : checkTokenUser(change.user);
      if (user !== null && !user.ok) return user;
      return good({ type: "token", token: token.value, ...(user === null ? {} : { user: user.value }) });
    }
  }
}

/** Null where a sign-in of this kind can be used over this transport. */
export function refuseMisfit(kind: GitSignIn, transport: GitAddress["transport"]): Fault | null {
  if (kind === "token") {
    if (transport === "http") return null;
    return fault(
      "INVALID_GIT_TOKEN",
      "A token signs in over https, but the repository's address is one for ssh. Give the https address, or sign in by a key.",
    );
  }
  if (transport === "ssh") return null;
  return fault(
    "INVALID_GIT_KEY",
    "A key signs in over ssh, but the repository's address is one for https. Give the ssh address (git@host:path), or sign in by a token.",
  );
}

/** What is not given or is to be removed needs no check. */
function maybe<T>(value: T | null | undefined, check: (value: T) => Checked<T>): Checked<T | null | undefined> {
  return value === null || value === undefined ? good(value) : check(value);
}

/** Left out stays left out: it means something else than null. */
function given<Name extends string, T>(name: Name, value: T | undefined): { readonly [name in Name]?: T } {
  const fields: { [name in Name]?: T } = {};
  if (value !== undefined) fields[name] = value;
  return fields;
}
