// Owns the form of the repository: its address, how to sign in, and what is saved to it.
// Must not know how answers come; errors of the API are shown at their fields.

import { createSignal, createUniqueId, For, type JSX, Show } from "solid-js";
import type { Shell } from "../../api/shell.ts";
import type { App } from "../../state/app.ts";
import { gitPlaceOf, otherTransport } from "../../state/git-forge.ts";
import {
  fittingSignIns,
  type RepositoryField,
  type RepositoryForm,
  repositoryChange,
  repositoryFieldOf,
  repositoryForm,
  type SignInChoice,
} from "../../state/setup-form.ts";
import { dateOf } from "../../state/time-words.ts";
import { Field } from "./field.tsx";

const choices: readonly {
  readonly choice: SignInChoice;
  readonly label: string;
  readonly over: "https" | "ssh" | null;
}[] = [
  { choice: "NONE", label: "None", over: null },
  { choice: "TOKEN", label: "Token", over: "https" },
  { choice: "DEPLOY_KEY", label: "Deploy key", over: "ssh" },
  { choice: "KEY", label: "My key", over: "ssh" },
];

interface Wrong {
  readonly field: RepositoryField | null;
  readonly message: string;
}

export function RepositoryFormView(props: {
  readonly app: App;
  readonly shell: Shell;
  /** `null`: there is nothing to go back to. */
  readonly cancel: (() => void) | null;
  done(): void;
}): JSX.Element {
  const name = createUniqueId();
  const [form, setForm] = createSignal<RepositoryForm>(repositoryForm(props.shell));
  const [chosen, setChosen] = createSignal(props.shell.gitUrl !== null);
  const [wrong, setWrong] = createSignal<Wrong | null>(null);
  const [busy, setBusy] = createSignal(false);
  const set = (part: Partial<RepositoryForm>): void => {
    setForm({ ...form(), ...part });
    setWrong(null);
  };
  const errorAt = (field: RepositoryField): string | null => {
    const now = wrong();
    return now?.field === field ? now.message : null;
  };
  const setUrl = (url: string): void => {
    const [fits] = fittingSignIns(url);
    set({ url, ...(chosen() || fits === undefined ? {} : { signIn: fits }) });
  };
  /** A sign-in that needs the other kind of address takes it, where the forge is known to have both. */
  const choose = (choice: SignInChoice, over: "https" | "ssh" | null): void => {
    setChosen(true);
    const { url } = form();
    const transport = gitPlaceOf(url)?.transport;
    const other = over !== null && transport !== undefined && transport !== over ? otherTransport(url) : null;
    set({ signIn: choice, ...(other === null ? {} : { url: other }) });
  };
  const keptSecret = () => {
    const { signIn } = form();
    if (signIn !== props.shell.gitSignIn) return undefined;
    const at = props.shell.secrets.get(signIn === "TOKEN" ? "GIT_TOKEN" : "GIT_KEY");
    return at === undefined ? undefined : `One is set, on ${dateOf(at)}. Leave this empty to keep it.`;
  };
  const send = async (): Promise<void> => {
    if (busy()) return;
    const change = repositoryChange(form(), props.shell);
    if (!change.ok) {
      setWrong(change);
      return;
    }
    setBusy(true);
    const done = await props.app.store.change(change.value.setup, change.value.settings);
    setBusy(false);
    if (done.ok) props.done();
    else setWrong({ field: repositoryFieldOf(done.code, form().signIn), message: done.message });
  };
  const policy = () => props.app.installation().saveUpstream;
  return (
    <form
      class="form"
      novalidate
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || props.cancel === null) return;
        event.preventDefault();
        props.cancel();
      }}
    >
      <Field
        label="Address"
        value={form().url}
        hint="https://github.com/owner/name"
        note="It is cloned into your home."
        error={errorAt("url")}
        onInput={setUrl}
      />
      <Show when={form().url.trim() !== ""}>
        <fieldset class="choices">
          <legend>Sign-in</legend>
          <For each={choices}>
            {({ choice, label, over }) => (
              <label class="choice">
                <input
                  type="radio"
                  class="choice-input"
                  name={name}
                  checked={form().signIn === choice}
                  onChange={() => choose(choice, over)}
                />
                <span>{label}</span>
              </label>
            )}
          </For>
          <p class="field-note" role={errorAt("signIn") === null ? undefined : "alert"}>
            {errorAt("signIn") ?? signInNote(form())}
          </p>
        </fieldset>
        <Show when={form().signIn === "TOKEN"}>
          <Field
            label="Token"
            secret
            value={form().token}
            note={keptSecret() ?? "An access token that may read and write this repository."}
            error={errorAt("token")}
            onInput={(token) => set({ token })}
          />
        </Show>
        <Show when={form().signIn === "KEY"}>
          <Field
            label="Private key"
            lines
            value={form().key}
            hint="-----BEGIN OPENSSH PRIVATE KEY-----"
            note={keptSecret() ?? "Without a passphrase."}
            error={errorAt("key")}
            onInput={(key) => set({ key })}
          />
        </Show>
        <label class="switch">
          <input
            type="checkbox"
            class="switch-input"
            checked={form().saveUpstream && policy()}
            disabled={!policy()}
            onChange={(event) => set({ saveUpstream: event.currentTarget.checked })}
          />
          <span>
            Save my work in progress to this repository
            <small>
              {policy()
                ? "Changes and unpushed commits go to hidden refs there: whoever can read the repository can read them. Your branches stay as they are. Off: they are kept sealed at Limpet instead."
                : "Switched off in this installation: your work is kept sealed at Limpet instead."}
            </small>
          </span>
        </label>
        <details class="more" open={form().branch !== "" || form().workspace !== "" || errorAt("branch") !== null}>
          <summary>Branch and folder</summary>
          <Field
            label="Branch"
            optional
            value={form().branch}
            hint="the repository’s default"
            error={errorAt("branch")}
            onInput={(branch) => set({ branch })}
          />
          <Field
            label="Folder"
            optional
            value={form().workspace}
            hint="named as the repository is"
            error={errorAt("workspace")}
            onInput={(workspace) => set({ workspace })}
          />
          <Show when={form().signIn === "TOKEN"}>
            <Field
              label="User beside the token"
              optional
              value={form().user}
              hint="x-access-token"
              onInput={(user) => set({ user })}
            />
          </Show>
        </details>
      </Show>
      <Show when={wrong()?.field === null ? wrong() : null}>
        {(now) => (
          <p class="problem" role="alert">
            {now().message}
          </p>
        )}
      </Show>
      <Show when={form().url.trim() !== "" || props.cancel !== null}>
        <div class="part-actions">
          <button type="submit" class="button small primary" aria-disabled={busy()}>
            {busy() ? "Connecting…" : submitLabel(form(), props.shell)}
          </button>
          <Show when={props.cancel}>
            {(cancel) => (
              <button type="button" class="button small" onClick={() => cancel()()}>
                Cancel
              </button>
            )}
          </Show>
        </div>
      </Show>
    </form>
  );
}

function submitLabel({ signIn }: RepositoryForm, shell: Shell): string {
  if (signIn === "DEPLOY_KEY" && shell.gitSignIn !== "DEPLOY_KEY") return "Connect and make the key";
  return shell.gitUrl === null ? "Connect" : "Save";
}

function signInNote({ signIn, url }: RepositoryForm): string | undefined {
  const transport = gitPlaceOf(url)?.transport;
  if (signIn === "NONE" && transport !== "ssh") return "For a public repository.";
  if (signIn === "DEPLOY_KEY" && transport !== "https")
    return "Limpet makes a key; you add its public half to the repository.";
  if ((signIn === "DEPLOY_KEY" || signIn === "KEY") && transport === "https") {
    return "A key needs the ssh address, as git@host:owner/name.";
  }
  if (signIn === "TOKEN" && transport === "ssh") return "A token needs the https address.";
  return undefined;
}
