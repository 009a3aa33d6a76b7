// Owns the repository in the settings: what is connected, what came of it, and the ways to change or remove it.
// Must not know the API's inputs.

import { createSignal, For, type JSX, Show } from "solid-js";
import type { Shell } from "../../api/shell.ts";
import type { App } from "../../state/app.ts";
import { gitPlaceOf, repositoryName } from "../../state/git-forge.ts";
import { dateOf } from "../../state/time-words.ts";
import { Checks } from "./checks.tsx";
import { DeployKey } from "./deploy-key.tsx";
import { RepositoryFormView } from "./repository-form.tsx";

export function RepositorySection(props: { readonly app: App; readonly shell: Shell }): JSX.Element {
  const [changing, setChanging] = createSignal(false);
  const [failure, setFailure] = createSignal<string | null>(null);
  const { store } = props.app;
  const again = async (): Promise<void> => {
    const done = await store.change(null, null);
    setFailure(done.ok ? null : done.message);
  };
  const remove = async (): Promise<void> => {
    const done = await store.change({ git: null }, null);
    setFailure(done.ok ? null : done.message);
  };
  const asksForAnother = () =>
    props.shell.setup.some(
      ({ step, state }) => (step === "GIT" || step === "CLONE") && state !== "DONE" && state !== "SKIPPED",
    );
  return (
    <section class="part" aria-labelledby="part-repository">
      <h3 id="part-repository">Repository</h3>
      <Show
        when={props.shell.gitUrl !== null && !changing() ? props.shell.gitUrl : null}
        fallback={
          <RepositoryFormView
            app={props.app}
            shell={props.shell}
            cancel={props.shell.gitUrl === null ? null : () => setChanging(false)}
            done={() => setChanging(false)}
          />
        }
      >
        {(url) => (
          <>
            <p class="kept-name">
              {repositoryName(url())}
              <Show when={gitPlaceOf(url())}>{(place) => <span class="quiet"> at {place().host}</span>}</Show>
              <Show when={props.shell.gitBranch}>{(branch) => <span class="quiet">, branch {branch()}</span>}</Show>
            </p>
            <p class="quiet">
              {signInWords(props.shell)}{" "}
              {props.shell.saveUpstream && props.app.installation().saveUpstream
                ? "Work in progress is saved to it."
                : "Work in progress is saved at Limpet, not to it."}
            </p>
            <Show when={props.shell.gitSignIn === "DEPLOY_KEY" ? props.shell.gitPublicKey : null}>
              {(key) => <DeployKey url={url()} publicKey={key()} open={!isCloned(props.shell)} />}
            </Show>
            <Checks shell={props.shell} steps={["GIT", "CLONE", "WORK"]} />
            <For each={unchecked(props.shell)}>{(text) => <p class="needed">{text}</p>}</For>
            <Show when={failure()}>
              {(sentence) => (
                <p class="problem" role="alert">
                  {sentence()}
                </p>
              )}
            </Show>
            <div class="part-actions">
              <Show when={asksForAnother() && !props.shell.setupPending}>
                <button
                  type="button"
                  class="button small"
                  classList={{ primary: props.shell.gitSignIn === "DEPLOY_KEY" }}
                  onClick={() => void again()}
                >
                  Check again
                </button>
              </Show>
              <button type="button" class="button small" onClick={() => setChanging(true)}>
                Change
              </button>
              <button type="button" class="button small" onClick={() => void remove()}>
                Remove
              </button>
            </div>
          </>
        )}
      </Show>
    </section>
  );
}

/** What is needed before there is anything to check. The deploy key says so itself. */
function unchecked({ missing, setup }: Shell): readonly string[] {
  return missing
    .filter(({ step, code }) => step === "GIT" && code !== "DEPLOY_KEY_NOT_ADDED")
    .map(({ text }) => text)
    .filter((text) => !setup.some((check) => check.text === text));
}

function isCloned({ setup }: Shell): boolean {
  return setup.some(({ step, state }) => step === "CLONE" && state === "DONE");
}

function signInWords({ gitSignIn, secrets }: Shell): string {
  const kept = secrets.get(gitSignIn === "TOKEN" ? "GIT_TOKEN" : "GIT_KEY");
  const since = kept === undefined ? "" : `, set on ${dateOf(kept)}`;
  if (gitSignIn === null) return "Without a sign-in.";
  if (gitSignIn === "TOKEN") return `With a token${since}.`;
  return gitSignIn === "KEY" ? `With your own key${since}.` : `With a deploy key${since}.`;
}
