// Owns the first screen: what Limpet is, and one button.
// Must not know how signing in works.

import { type JSX, Show } from "solid-js";
import type { App } from "../state/app.ts";
import { Shore } from "./shore.tsx";

export function SignInScreen(props: { readonly app: App }): JSX.Element {
  const contact = () => props.app.installation().contact;
  return (
    <Shore title="Limpet" foot={<Show when={contact()}>{(who) => <p>No access yet? Ask {who()}.</p>}</Show>}>
      <p class="lead">
        A shell in your team’s cluster, with the tools you work with. Close the laptop, lose the network, come back: it
        is where you left it.
      </p>
      <button type="button" class="button primary" onClick={() => props.app.signIn()}>
        Sign in
      </button>
      <Show when={props.app.installation().local}>
        <LocalNote />
      </Show>
    </Shore>
  );
}

/** Said before the first key is typed, not after. */
export function LocalNote(): JSX.Element {
  return (
    <p class="note">
      <strong>This is a local Limpet.</strong> Your shell will be a process of yours on the machine that runs it,
      without isolation: it can do whatever you can do there.
    </p>
  );
}
