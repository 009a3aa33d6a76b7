// Owns the screen of somebody whose shell does not run: why, what was saved of it, and one button that starts it.
// Must not know how a shell starts.

import { type JSX, Show } from "solid-js";
import type { Person } from "../api/shell-api.ts";
import { type App, doctorPath } from "../state/app.ts";
import { createNow } from "../state/clocks.ts";
import { repositoryName } from "../state/git-forge.ts";
import { stoppedWords } from "../state/receipts.ts";
import { ReceiptList } from "./receipt-list.tsx";
import { Shore } from "./shore.tsx";
import { LocalNote } from "./sign-in-screen.tsx";

export function StartScreen(props: { readonly app: App; readonly person: Person }): JSX.Element {
  const now = createNow(30_000);
  const stopped = () => {
    const shell = props.app.store.shell();
    return shell?.phase === "absent" ? shell : null;
  };
  const words = () => {
    const shell = stopped();
    return shell === null ? null : stoppedWords(shell, now());
  };
  return (
    <Shore
      title={words()?.title ?? "Your shell"}
      foot={
        <p>
          <Show when={props.person.name}>{(name) => <>Signed in as {name()}. </>}</Show>
          <button type="button" class="link-button" onClick={() => void props.app.signOut()}>
            Sign out
          </button>
          <Show when={props.person.administrator}>
            {" · "}
            <a class="link-button" href={doctorPath}>
              Doctor
            </a>
          </Show>
        </p>
      }
    >
      <p class="lead">
        {words()?.sentence ??
          "You have none at the moment. Starting one takes a few seconds; it stays until you delete it or leave it idle for hours."}
        <Show when={stopped()?.gitUrl}>{(url) => <> It is set up with {repositoryName(url())}.</>}</Show>
      </p>
      <ReceiptList receipts={stopped() === null ? [] : props.app.receipts()} />
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
        {props.app.busy() ? "Starting…" : stopped() === null ? "Start a shell" : "Start it again"}
      </button>
      <Show when={props.app.installation().local}>
        <LocalNote />
      </Show>
    </Shore>
  );
}
