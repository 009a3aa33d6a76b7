// Owns the screen of somebody who has no shell: one button that starts one.
// Must not know how a shell starts.

import { type JSX, Show } from "solid-js";
import type { Person } from "../api/shell-api.ts";
import type { App } from "../state/app.ts";
import { Shore } from "./shore.tsx";
import { LocalNote } from "./sign-in-screen.tsx";

export function StartScreen(props: { readonly app: App; readonly person: Person }): JSX.Element {
  return (
    <Shore
      title="Your shell"
      foot={
        <p>
          <Show when={props.person.name}>{(name) => <>Signed in as {name()}. </>}</Show>
          <button type="button" class="link-button" onClick={() => void props.app.signOut()}>
            Sign out
          </button>
        </p>
      }
    >
      <p class="lead">
        You have none at the moment. Starting one takes a few seconds; it stays until you delete it or leave it idle for
        hours.
      </p>
      <Show when={props.app.problem()}>
        {(problem) => (
          <p class="problem" role="alert">
            {problem()}
          </p>
        )}
      </Show>
      <button
        type="button"
        class="button primary"
        aria-disabled={props.app.busy()}
        onClick={() => void props.app.start()}
      >
        {props.app.busy() ? "Starting…" : "Start a shell"}
      </button>
      <Show when={props.app.installation().local}>
        <LocalNote />
      </Show>
    </Shore>
  );
}
