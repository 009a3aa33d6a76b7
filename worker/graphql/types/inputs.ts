// Owns the shapes in which a person gives settings and secrets.
// Must not know what makes a value good: worker/shells/validate-*.ts.

import { builder } from "../builder.ts";
import { cloudProviderType } from "./set-up.ts";

export const updateShellInput = builder.inputType("UpdateShellInput", {
  description: "Settings of a shell. What is left out stays as it is; null brings the default back.",
  fields: (t) => ({
    provider: t.field({ type: cloudProviderType, description: "The cloud that it is for. Default: none." }),
    gitBranch: t.string({
      description: "The branch to check out in a new clone. Default: the repository's own (`INVALID_GIT_BRANCH`).",
    }),
    workspace: t.string({
      description:
        "The repository's folder below the home, as `work/infra`. Default: named as the repository is (`INVALID_WORKSPACE`).",
    }),
    saveUpstream: t.boolean({
      description:
        "Whether work in progress may be pushed to the repository. Default: true, where the installation allows it (`SAVE_OFF`).",
    }),
  }),
});

const deployKeyInput = builder.inputType("DeployKeyInput", {
  description:
    "Limpet makes an ed25519 key. Add `gitPublicKey` to the repository's deploy keys, with write access for saving.",
  fields: (t) => ({
    renew: t.boolean({
      defaultValue: false,
      description: "True: a new key even where there is one; the old one opens nothing from then on.",
    }),
  }),
});

const gitKeyInput = builder.inputType("GitKeyInput", {
  description: "A private key for ssh.",
  fields: (t) => ({
    key: t.string({
      required: true,
      description: "In OpenSSH's form or PEM, without a passphrase (`INVALID_GIT_KEY`).",
    }),
  }),
});

const gitTokenInput = builder.inputType("GitTokenInput", {
  description: "A token for https.",
  fields: (t) => ({
    token: t.string({ required: true, description: "As the forge gave it (`INVALID_GIT_TOKEN`)." }),
    user: t.string({
      description: "Where the forge wants a certain user name beside a token. Default: `x-access-token`.",
    }),
  }),
});

const gitSignInInput = builder.inputType("GitSignInInput", {
  description:
    "How to sign in to the repository: exactly one of these. A key fits an ssh address, a token an https one.",
  isOneOf: true,
  fields: (t) => ({
    deployKey: t.field({ type: deployKeyInput, description: "By a key that Limpet makes." }),
    key: t.field({ type: gitKeyInput, description: "By your own key." }),
    token: t.field({ type: gitTokenInput, description: "By a token." }),
  }),
});

const gitInput = builder.inputType("GitInput", {
  description: "The repository. What is left out stays as it is.",
  fields: (t) => ({
    url: t.string({
      description: "https or ssh (also as `git@host:path`), without a password in it (`INVALID_GIT_URL`).",
    }),
    branch: t.string({ description: "Null: the repository's own default (`INVALID_GIT_BRANCH`)." }),
    signIn: t.field({
      type: gitSignInInput,
      description: "Null: no sign-in (a public repository); a key or token that was kept is removed.",
    }),
  }),
});

const awsInput = builder.inputType("AwsCredentialsInput", {
  description: "An access key of Amazon Web Services (`INVALID_CREDENTIALS`).",
  fields: (t) => ({
    accessKeyId: t.string({
      required: true,
      description: "20 characters, as `AKIA…` or, with a session token, `ASIA…`.",
    }),
    secretAccessKey: t.string({ required: true, description: "40 characters." }),
    sessionToken: t.string({ description: "For temporary credentials." }),
    region: t.string({ description: "The default region, as `eu-central-1`." }),
  }),
});

const googleInput = builder.inputType("GoogleCredentialsInput", {
  description: "A service account of Google Cloud (`INVALID_CREDENTIALS`).",
  fields: (t) => ({
    serviceAccountKey: t.string({ required: true, description: "The key file (JSON) as it was downloaded." }),
    project: t.string({ description: "The default project. Default: the service account's own." }),
  }),
});

const azureInput = builder.inputType("AzureCredentialsInput", {
  description: "A service principal of Microsoft Azure (`INVALID_CREDENTIALS`).",
  fields: (t) => ({
    tenantId: t.string({ required: true, description: "The directory's GUID." }),
    clientId: t.string({ required: true, description: "The application's GUID." }),
    clientSecret: t.string({ required: true, description: "The secret's value (not its id)." }),
    subscriptionId: t.string({ description: "The default subscription's GUID." }),
  }),
});

export const setupShellInput = builder.inputType("SetupShellInput", {
  description: "Repository and credentials of a shell. What is left out stays as it is; null removes it.",
  fields: (t) => ({
    git: t.field({ type: gitInput, description: "The repository; null: none, and its key or token is removed." }),
    aws: t.field({ type: awsInput, description: "Amazon Web Services." }),
    google: t.field({ type: googleInput, description: "Google Cloud." }),
    azure: t.field({ type: azureInput, description: "Microsoft Azure." }),
    kubeconfig: t.string({ description: "A kubeconfig (YAML or JSON) as it stands (`INVALID_KUBECONFIG`)." }),
  }),
});
