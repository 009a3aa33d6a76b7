// Owns what the API shows of a shell's set-up: the steps and what became of them, which secrets are kept.
// Must not know how a secret is kept or what a step does.

import type { KeptSecret } from "../../db/kept.ts";
import type { MissingThing } from "../../shells/missing.ts";
import type { CloudProvider, GitSignIn, SecretName, SetupCheck, SetupStep } from "../../shells/shell-setup.ts";
import { builder } from "../builder.ts";

export const cloudProviderType = builder.enumType("CloudProvider", {
  description: "The cloud that a shell is for.",
  values: {
    AWS: { value: "aws", description: "Amazon Web Services." },
    GOOGLE: { value: "google", description: "Google Cloud." },
    AZURE: { value: "azure", description: "Microsoft Azure." },
  } as const satisfies Record<string, { value: CloudProvider; description: string }>,
});

export const gitSignInType = builder.enumType("GitSignIn", {
  description: "How a shell signs in to its repository.",
  values: {
    DEPLOY_KEY: { value: "deploy-key", description: "By a key that Limpet made; `gitPublicKey` is its public half." },
    KEY: { value: "key", description: "By a private key that the person gave." },
    TOKEN: { value: "token", description: "By a token over https." },
  } as const satisfies Record<string, { value: GitSignIn; description: string }>,
});

export const setupStepType = builder.enumType("SetupStep", {
  description: "A part of making a pod a person's shell, in the order in which they are done.",
  values: {
    EDGE: { value: "edge", description: "The pod can reach Limpet, to save work." },
    IDENTITY: { value: "identity", description: "Name and address for commits." },
    GIT: { value: "git", description: "Sign-in to the repository." },
    AWS: { value: "aws", description: "Credentials of Amazon Web Services." },
    GOOGLE: { value: "google", description: "Credentials of Google Cloud." },
    AZURE: { value: "azure", description: "Credentials of Microsoft Azure." },
    KUBECONFIG: { value: "kubeconfig", description: "The kubeconfig." },
    HOME: { value: "home", description: "The home as it was saved." },
    CLONE: { value: "clone", description: "The repository's clone." },
    WORK: { value: "work", description: "Work in progress as it was saved." },
  } as const satisfies Record<string, { value: SetupStep; description: string }>,
});

const setupStateType = builder.enumType("SetupState", {
  description: "What became of a step of the set-up.",
  values: {
    DONE: { value: "done", description: "It was done." },
    FAILED: { value: "failed", description: "It was not; `text` has the real error and what to do." },
    SKIPPED: { value: "skipped", description: "There was nothing to do." },
    CONFLICT: {
      value: "conflict",
      description: "Saved work could not be joined with what is there: both are kept, and `text` says where.",
    },
  } as const satisfies Record<string, { value: SetupCheck["state"]; description: string }>,
});

export const setupCheckType = builder.objectRef<SetupCheck>("SetupCheck").implement({
  description: "What became of one step of the last set-up.",
  fields: (t) => ({
    step: t.expose("step", { type: setupStepType, description: "Which step." }),
    state: t.expose("state", { type: setupStateType, description: "What became of it." }),
    code: t.exposeString("code", {
      nullable: true,
      description: "A stable word for what went wrong, as `GIT_TOKEN_REFUSED`; null where nothing did.",
    }),
    text: t.exposeString("text", { description: "The same in a sentence for a person. Never holds a secret." }),
    at: t.field({ type: "DateTime", description: "When it was done.", resolve: ({ at }) => new Date(at) }),
  }),
});

export const missingThingType = builder.objectRef<MissingThing>("MissingThing").implement({
  description: "Something that a shell still needs before it is of full use, and that its person can give.",
  fields: (t) => ({
    code: t.exposeString("code", {
      description: "A stable word: `DEPLOY_KEY_NOT_ADDED`, `GIT_SIGN_IN`, `CLOUD_CREDENTIALS`, or a check's own code.",
    }),
    step: t.expose("step", { type: setupStepType, description: "The step of the set-up that waits for it." }),
    text: t.exposeString("text", { description: "What is missing and what to do, in a sentence for a person." }),
  }),
});

const secretKindType = builder.enumType("SecretKind", {
  description: "A secret that Limpet keeps for a shell, sealed.",
  values: {
    GIT_KEY: { value: "git-key", description: "The private key for the repository." },
    GIT_TOKEN: { value: "git-token", description: "The token for the repository." },
    AWS: { value: "aws", description: "Credentials of Amazon Web Services." },
    GOOGLE: { value: "google", description: "A service account's key of Google Cloud." },
    AZURE: { value: "azure", description: "Credentials of Microsoft Azure." },
    KUBECONFIG: { value: "kubeconfig", description: "A kubeconfig." },
  } as const satisfies Record<string, { value: Exclude<SecretName, "save-key">; description: string }>,
});

export const keptSecretType = builder.objectRef<KeptSecret>("KeptSecret").implement({
  description: "That a secret is kept. It can be replaced and removed with `setupShell`, and never be read back.",
  fields: (t) => ({
    kind: t.expose("kind", { type: secretKindType, description: "Which one." }),
    setAt: t.expose("setAt", { type: "DateTime", description: "When it was given, or made." }),
  }),
});
