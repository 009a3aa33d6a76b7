// Owns what a shell still needs before it is of full use, in words a person can act on.
// Must not know how any of it is given or checked.

import type { ShellView } from "./shell-object.ts";
import type { CloudProvider, SecretName, SetupCheck, SetupStep } from "./shell-setup.ts";

export interface MissingThing {
  /** A stable word: ours, or the code of the check that failed. */
  readonly code: string;
  /** The step of the set-up that waits for it. */
  readonly step: SetupStep;
  /** A sentence with what to do. */
  readonly text: string;
}

/** What of a shell says what is missing. */
type Needy = Pick<ShellView, "gitUrl" | "gitSignIn" | "provider" | "setup" | "setupPending">;

const cloudNames: Readonly<Record<CloudProvider, string>> = {
  aws: "Amazon Web Services",
  google: "Google Cloud",
  azure: "Microsoft Azure",
};

/**
 * What was never asked for is not missing: no repository and no cloud is a whole shell.
 * @param secrets which are kept; null where they are not known, and nothing is said of them then
 */
export function findMissing(shell: Needy, secrets: readonly { readonly kind: SecretName }[] | null): MissingThing[] {
  // What an earlier set-up said is out of date while a new one is on its way.
  const failed = shell.setupPending ? [] : shell.setup.filter(needsSomebody);
  return [
    ...failed.map(({ code, step, text }) => ({ code: code ?? "SETUP_FAILED", step, text })),
    ...missingSignIn(shell),
    ...missingCredentials(shell, secrets),
  ];
}

function needsSomebody({ state }: SetupCheck): boolean {
  return state === "failed" || state === "conflict";
}

function missingSignIn({ gitUrl, gitSignIn, setup }: Needy): MissingThing[] {
  // Once the repository was asked, its answer says more than we can.
  const asked = setup.some(({ step, state }) => (step === "git" || step === "clone") && state !== "skipped");
  if (gitUrl === null || asked) return [];
  if (gitSignIn === "deploy-key") {
    return [
      {
        code: "DEPLOY_KEY_NOT_ADDED",
        step: "git",
        text: "Add the deploy key to the repository, with write access so that work can be saved there. It is used as soon as it is there, or when you set up again.",
      },
    ];
  }
  if (gitSignIn === null && !gitUrl.startsWith("http")) {
    return [
      {
        code: "GIT_SIGN_IN",
        step: "git",
        text: "The repository's address is one for ssh, which always wants a key: let Limpet make a deploy key, give your own key, or give the https address.",
      },
    ];
  }
  return [];
}

function missingCredentials(
  { provider }: Needy,
  secrets: readonly { readonly kind: SecretName }[] | null,
): MissingThing[] {
  if (provider === null || secrets === null || secrets.some(({ kind }) => kind === provider)) return [];
  const text = `The shell is for ${cloudNames[provider]} but has no credentials for it: give them, or choose no cloud.`;
  return [{ code: "CLOUD_CREDENTIALS", step: provider, text }];
}
