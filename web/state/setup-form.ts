// Owns how what a person fills in becomes what the API takes, and at which field its errors are shown.
// Must not know how a form looks. Whether a value is good is said by the API and by the pod.

import type { GitSignIn, SetupShellInput, UpdateShellInput } from "../api/generated.ts";
import { gitPlaceOf } from "./git-forge.ts";

export type SignInChoice = "NONE" | GitSignIn;

/** What stands in the fields; empty: nothing. */
export interface RepositoryForm {
  readonly url: string;
  readonly signIn: SignInChoice;
  readonly user: string;
  readonly token: string;
  readonly key: string;
  readonly branch: string;
  readonly workspace: string;
  readonly saveUpstream: boolean;
}

/** What is kept already: a secret that stands may stay as it is. */
export interface KeptRepository {
  readonly gitUrl: string | null;
  readonly gitBranch: string | null;
  readonly gitSignIn: GitSignIn | null;
  readonly workspace: string | null;
  readonly saveUpstream: boolean;
}

export type RepositoryField = "url" | "signIn" | "token" | "key" | "branch" | "workspace";

export function repositoryForm(kept: KeptRepository): RepositoryForm {
  return {
    url: kept.gitUrl ?? "",
    signIn: kept.gitSignIn ?? "NONE",
    user: "",
    token: "",
    key: "",
    branch: kept.gitBranch ?? "",
    workspace: kept.workspace ?? "",
    saveUpstream: kept.saveUpstream,
  };
}

export interface RepositoryChange {
  readonly setup: SetupShellInput;
  /** `null`: none of these is another than before. */
  readonly settings: UpdateShellInput | null;
}

/** A field that is still to be filled in, or the change that the form stands for. */
export type Filled<T, Field> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly field: Field; readonly message: string };

export function repositoryChange(
  form: RepositoryForm,
  kept: KeptRepository,
): Filled<RepositoryChange, RepositoryField> {
  const url = form.url.trim();
  if (url === "")
    return missing("url", "Give the repository’s address, as https://host/owner/name or git@host:owner/name.");
  const signIn = signInChange(form, kept);
  if (!signIn.ok) return signIn;
  const setup = { git: { url, branch: form.branch.trim() || null, ...signIn.value } };
  const workspace = form.workspace.trim() || null;
  const settings = {
    ...(workspace === kept.workspace ? {} : { workspace }),
    ...(form.saveUpstream === kept.saveUpstream ? {} : { saveUpstream: form.saveUpstream }),
  };
  return { ok: true, value: { setup, settings: Object.keys(settings).length === 0 ? null : settings } };
}

type GitSignInPart = Pick<NonNullable<SetupShellInput["git"]>, "signIn">;

/** Nothing: the sign-in that is kept stays. */
function signInChange(form: RepositoryForm, kept: KeptRepository): Filled<GitSignInPart, RepositoryField> {
  const stays = form.signIn === (kept.gitSignIn ?? "NONE");
  switch (form.signIn) {
    case "NONE":
      return { ok: true, value: stays && kept.gitUrl !== null ? {} : { signIn: null } };
    case "DEPLOY_KEY":
      return { ok: true, value: { signIn: { deployKey: {} } } };
    case "TOKEN": {
      const [token, user] = [form.token.trim(), form.user.trim()];
      if (token !== "") return { ok: true, value: { signIn: { token: { token, ...(user === "" ? {} : { user }) } } } };
      return stays ? { ok: true, value: {} } : missing("token", "Paste the token here.");
    }
    case "KEY": {
      // A key file ends in a line feed, and some programs want it.
      const key = form.key.trim();
      if (key !== "") return { ok: true, value: { signIn: { key: { key: `${key}\n` } } } };
      return stays ? { ok: true, value: {} } : missing("key", "Paste the private key here, all of its lines.");
    }
  }
}

/** The sign-ins that fit an address: a token goes over https, a key over ssh. */
export function fittingSignIns(url: string): readonly SignInChoice[] {
  const place = gitPlaceOf(url);
  if (place === null) return ["NONE", "TOKEN", "DEPLOY_KEY", "KEY"];
  return place.transport === "https" ? ["NONE", "TOKEN"] : ["DEPLOY_KEY", "KEY"];
}

/** At which field of the repository's form an error of the API belongs; `null`: above the form. */
export function repositoryFieldOf(code: string, signIn: SignInChoice): RepositoryField | null {
  switch (code) {
    case "INVALID_GIT_URL":
      return "url";
    case "INVALID_GIT_BRANCH":
      return "branch";
    case "INVALID_WORKSPACE":
      return "workspace";
    case "INVALID_GIT_KEY":
      return signIn === "KEY" ? "key" : "signIn";
    case "INVALID_GIT_TOKEN":
      return signIn === "TOKEN" ? "token" : "signIn";
    default:
      return null;
  }
}

function missing<Field>(field: Field, message: string): { ok: false; field: Field; message: string } {
  return { ok: false, field, message };
}
