// Owns the way from the API's inputs to the changes that the object takes.
// Must not know how a change is carried out.

import type { AwsCredentials, GitSignInChange, SettingsChange, SetupChange } from "../../shells/shell-setup.ts";
import type { setupShellInput, updateShellInput } from "./inputs.ts";

type SetupInput = typeof setupShellInput.$inferInput;
type GitInput = NonNullable<SetupInput["git"]>;
type SignInInput = NonNullable<GitInput["signIn"]>;

export function settingsOf(input: typeof updateShellInput.$inferInput): SettingsChange {
  const { provider, gitBranch, workspace, saveUpstream } = input;
  return {
    ...(provider === undefined ? {} : { provider }),
    ...(gitBranch === undefined ? {} : { gitBranch }),
    ...(workspace === undefined ? {} : { workspace }),
    ...(saveUpstream === undefined ? {} : { saveUpstream: saveUpstream ?? true }),
  };
}

export function setupOf({ git, ...rest }: SetupInput): SetupChange {
  const { aws, google, azure, kubeconfig } = rest;
  return {
    ...(git === undefined ? {} : { git: git === null ? null : gitOf(git) }),
    ...(aws === undefined ? {} : { aws: aws === null ? null : awsOf(aws) }),
    ...(google === undefined
      ? {}
      : { google: google === null ? null : { ...google, project: google.project ?? null } }),
    ...(azure === undefined
      ? {}
      : { azure: azure === null ? null : { ...azure, subscriptionId: azure.subscriptionId ?? null } }),
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
  };
}

function awsOf(aws: NonNullable<SetupInput["aws"]>): AwsCredentials {
  return { ...aws, sessionToken: aws.sessionToken ?? null, region: aws.region ?? null };
}

function gitOf({ url, branch, signIn }: GitInput): NonNullable<SetupChange["git"]> {
  return {
    ...(url === undefined ? {} : { url: url ?? "" }),
    ...(branch === undefined ? {} : { branch }),
    ...(signIn === undefined ? {} : { signIn: signIn === null ? null : signInOf(signIn) }),
  };
}

/** Exactly one is given: GraphQL has seen to it. */
function signInOf({ deployKey, key, token }: SignInInput): GitSignInChange {
  if (deployKey) return { type: "deploy-key", renew: deployKey.renew ?? false };
  if (key) return { type: "key", key: key.key };
  if (token) return { type: "token", token: token.token, ...(token.user ? { user: token.user } : {}) };
  throw new Error("a sign-in of no kind passed the schema");
}
