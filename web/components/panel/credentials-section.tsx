// Owns clouds and the kubeconfig in the settings: what is set, since when, and giving, replacing, removing it.
// Must not know what the API wants of each.

import { createSignal, For, type JSX, Show } from "solid-js";
import type { Shell } from "../../api/shell.ts";
import type { App } from "../../state/app.ts";
import {
  type CredentialForm,
  type CredentialValues,
  credentialChange,
  credentialForms,
  credentialRemoval,
} from "../../state/credential-forms.ts";
import { dateOf } from "../../state/time-words.ts";
import { Checks } from "./checks.tsx";
import { Field } from "./field.tsx";

export function CredentialsSection(props: { readonly app: App; readonly shell: Shell }): JSX.Element {
  return (
    <section class="part" aria-labelledby="part-cloud">
      <h3 id="part-cloud">Cloud and clusters</h3>
      <p class="quiet">Kept sealed, put only into your shell, and never shown again.</p>
      <ul class="kinds">
        <For each={credentialForms}>{(form) => <Kind app={props.app} shell={props.shell} form={form} />}</For>
      </ul>
    </section>
  );
}

function Kind(props: { readonly app: App; readonly shell: Shell; readonly form: CredentialForm }): JSX.Element {
  const [open, setOpen] = createSignal(false);
  const [failure, setFailure] = createSignal<string | null>(null);
  const setAt = () => props.shell.secrets.get(props.form.kind) ?? null;
  const remove = async (): Promise<void> => {
    const done = await props.app.store.change(credentialRemoval(props.form.kind), null);
    setFailure(done.ok ? null : done.message);
  };
  return (
    <li class="kind">
      <div class="kind-head">
        <p>
          {props.form.title}
          <Show when={setAt()}>{(at) => <span class="quiet"> set on {dateOf(at())}</span>}</Show>
        </p>
        <Show when={!open()}>
          <button
            type="button"
            class="button small"
            aria-label={`${setAt() === null ? "Add" : "Replace"} ${props.form.title}`}
            onClick={() => setOpen(true)}
          >
            {setAt() === null ? "Add" : "Replace"}
          </button>
          <Show when={setAt() !== null}>
            <button
              type="button"
              class="button small"
              aria-label={`Remove ${props.form.title}`}
              onClick={() => void remove()}
            >
              Remove
            </button>
          </Show>
        </Show>
      </div>
      <Show when={open()}>
        <CredentialFormView app={props.app} form={props.form} close={() => setOpen(false)} />
      </Show>
      <Show when={failure()}>
        {(sentence) => (
          <p class="problem" role="alert">
            {sentence()}
          </p>
        )}
      </Show>
      <Show when={!open() && setAt() !== null}>
        <Checks shell={props.shell} steps={[props.form.kind]} />
      </Show>
    </li>
  );
}

function CredentialFormView(props: { readonly app: App; readonly form: CredentialForm; close(): void }): JSX.Element {
  const [values, setValues] = createSignal<CredentialValues>({});
  const [wrong, setWrong] = createSignal<{ readonly field: string | null; readonly message: string } | null>(null);
  const [busy, setBusy] = createSignal(false);
  const send = async (): Promise<void> => {
    if (busy()) return;
    const change = credentialChange(props.form, values());
    if (!change.ok) {
      setWrong(change);
      return;
    }
    setBusy(true);
    const done = await props.app.store.change(change.value, null);
    setBusy(false);
    // With one field there is no doubt which one is meant.
    const [only, second] = props.form.fields.filter(({ optional }) => optional !== true);
    const field = done.ok || second !== undefined ? null : (only?.name ?? null);
    if (done.ok) props.close();
    else setWrong({ field, message: done.message });
  };
  const errorAt = (name: string): string | null => {
    const now = wrong();
    return now?.field === name ? now.message : null;
  };
  return (
    <form
      class="form"
      novalidate
      aria-label={props.form.title}
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.preventDefault();
        props.close();
      }}
    >
      <p class="quiet">{props.form.help}</p>
      <For each={props.form.fields}>
        {(field) => (
          <Field
            {...field}
            value={values()[field.name] ?? ""}
            error={errorAt(field.name)}
            onInput={(value) => {
              setValues({ ...values(), [field.name]: value });
              setWrong(null);
            }}
          />
        )}
      </For>
      <Show when={wrong()?.field === null ? wrong() : null}>
        {(now) => (
          <p class="problem" role="alert">
            {now().message}
          </p>
        )}
      </Show>
      <div class="part-actions">
        <button type="submit" class="button small primary" aria-disabled={busy()}>
          {busy() ? "Saving…" : "Save"}
        </button>
        <button type="button" class="button small" onClick={() => props.close()}>
          Cancel
        </button>
      </div>
    </form>
  );
}
