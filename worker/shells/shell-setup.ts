// Owns the words and shapes of a shell's set-up: repository, sign-in to it, cloud credentials, what `setup` said of them.
// Must not know how secrets are sealed, what runs in the pod, or the API.

export const cloudProviders = ["aws", "google", "azure"] as const;
export type CloudProvider = (typeof cloudProviders)[number];

/** `deploy-key`: a key that Limpet made; `key`: one that the person gave; `token`: over https. */
export const gitSignIns = ["deploy-key", "key", "token"] as const;
export type GitSignIn = (typeof gitSignIns)[number];

/** One row each in D1. `save-key`: the key of this shell's MACs; it is made with the shell and never leaves but to the pod. */
export const secretNames = ["git-key", "git-token", "aws", "google", "azure", "kubeconfig", "save-key"] as const;
export type SecretName = (typeof secretNames)[number];

/** What a person may give or take away with `setupShell`. Undefined: stays as it is. Null: removed. */
export interface SetupChange {
  readonly git?: GitChange | null;
  readonly aws?: AwsCredentials | null;
  readonly google?: GoogleCredentials | null;
  readonly azure?: AzureCredentials | null;
  /** A kubeconfig (YAML) as it stands. */
  readonly kubeconfig?: string | null;
}

export interface GitChange {
  /** https or ssh (also as git@host:path). */
  readonly url?: string;
  readonly branch?: string | null;
  /** Undefined: as before. Null: no sign-in (a public repository). */
  readonly signIn?: GitSignInChange | null;
}

export type GitSignInChange =
  /** Limpet makes an ed25519 key, unless there is one already, and shows its public half. */
  | { readonly type: "deploy-key"; readonly renew?: boolean }
  /** A private key in OpenSSH's or PEM form, without a passphrase. */
  | { readonly type: "key"; readonly key: string }
  /** `user` where the forge wants a certain one beside a token; the pod uses `x-access-token` otherwise. */
  | { readonly type: "token"; readonly token: string; readonly user?: string };

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | null;
  readonly region?: string | null;
}

export interface GoogleCredentials {
  /** A service account's key file (JSON) as it was downloaded. */
  readonly serviceAccountKey: string;
  readonly project?: string | null;
}

export interface AzureCredentials {
  readonly tenantId: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly subscriptionId?: string | null;
}

/** What a person may change of a shell without a secret (`updateShell`). Undefined: stays. Null: back to the default. */
export interface SettingsChange {
  readonly provider?: CloudProvider | null;
  readonly gitBranch?: string | null;
  /** Below the home, as `work/infra`. */
  readonly workspace?: string | null;
  readonly saveUpstream?: boolean;
}

/** The steps of `setup`, in their order; the ones of the pod's own script (cluster/image/setup). */
export const setupSteps = [
  "edge",
  // Before all that writes into the home: dotfiles that come back are merged into, never written over.
  "home",
  "identity",
  "git",
  "aws",
  "google",
  "azure",
  "kubeconfig",
  "clone",
  "work",
] as const;
export type SetupStep = (typeof setupSteps)[number];

/** What became of one step. */
export interface SetupCheck {
  readonly step: SetupStep;
  readonly state: "done" | "failed" | "skipped" | "conflict";
  /** A stable word (`GIT_TOKEN_REFUSED`, …); null where it is done. */
  readonly code: string | null;
  /** A sentence for a person, with the real error and a next step. Never holds a secret. */
  readonly text: string;
  /** Unix milliseconds. */
  readonly at: number;
}

const setupStates = ["done", "failed", "skipped", "conflict"] as const satisfies readonly SetupCheck["state"][];

/** Null where `value` is no such thing. */
export function parseSetupCheck(value: unknown): SetupCheck | null {
  if (typeof value !== "object" || value === null) return null;
  const { step, state, code, text, at } = value as Readonly<Record<string, unknown>>;
  const knownStep = setupSteps.find((name) => name === step);
  const knownState = setupStates.find((name) => name === state);
  if (knownStep === undefined || knownState === undefined) return null;
  if ((code !== null && typeof code !== "string") || typeof text !== "string" || typeof at !== "number") return null;
  return { step: knownStep, state: knownState, code, text, at };
}

/** What a person reads of a save (the pod's own word: cluster/image/save). Times are unix milliseconds. */
export interface Receipt {
  /** `upstream`: to the connected repository; `edge`: the snapshot of the home. */
  readonly kind: "upstream" | "edge";
  readonly state: "saved" | "unchanged" | "partial" | "failed";
  readonly at: number;
  /** One sentence: what was saved and where. */
  readonly text: string;
  /** What was left out, by name and why; at most 50 lines. */
  readonly skipped: readonly string[];
  /** The snapshot of an `edge` save. */
  readonly snapshot: string | null;
}

/** What a pod says of itself while it has something to say: what runs, and what a gentle end waits for. */
export interface PodActivity {
  /** A foreground command whose process tree used the processor or wrote output in the last ten minutes. */
  readonly busy: boolean;
  /** Names of such commands, at most 10, each at most 80 characters. */
  readonly commands: readonly string[];
  /** Set by `shutdown` while it waits: the commands that it interrupted and that have not ended. */
  readonly ending: boolean;
}
