// Owns the small sign of how the connection is: a dot while all is well, words when it is not.
// Must not know sockets.

import "./badge.css";
import { createSignal, type JSX, onCleanup, Show } from "solid-js";
import { phaseWords } from "../state/sentences.ts";
import type { OpenTerminal } from "../state/terminal.ts";

interface State {
  readonly tone: "good" | "busy" | "bad";
  readonly text: string;
}

export function Badge(props: { readonly terminal: OpenTerminal }): JSX.Element {
  const online = createOnline();
  const state = (): State => stateOf(props.terminal, online());
  return (
    <div class={`badge ${state().tone}`} title={state().tone === "good" ? "Connected" : undefined}>
      <span class="badge-dot" aria-hidden="true" />
      <span class="badge-text" classList={{ "only-heard": state().tone === "good" }} role="status">
        {state().text}
      </span>
      <Show when={online() && (props.terminal.link().state === "waiting" || isDetached(props.terminal))}>
        <button type="button" class="link-button" onClick={() => props.terminal.connect()}>
          Try now
        </button>
      </Show>
    </div>
  );
}

function stateOf(terminal: OpenTerminal, online: boolean): State {
  const link = terminal.link();
  if (link.state === "ended") return { tone: "bad", text: "Disconnected" };
  if (link.state !== "connected") {
    if (!online) return { tone: "bad", text: "Offline" };
    const again = link.state === "waiting" || (link.state === "connecting" && link.again);
    return { tone: "busy", text: again ? "Reconnecting…" : "Connecting…" };
  }
  const status = terminal.status();
  if (status === null) return { tone: "good", text: "Connected" };
  if (status.phase === "failed" || status.phase === "absent")
    return { tone: "bad", text: `Pod: ${phaseWords[status.phase]}` };
  if (status.phase !== "ready") return { tone: "busy", text: `Pod: ${phaseWords[status.phase]}` };
  if (isDetached(terminal)) return { tone: "bad", text: "Detached" };
  if (status.link === "retrying" || status.link === "attaching") return { tone: "busy", text: "Reattaching…" };
  return { tone: "good", text: "Connected" };
}

/** Something else follows the shell: it is not taken back without being asked to. */
function isDetached(terminal: OpenTerminal): boolean {
  const status = terminal.status();
  return status?.phase === "ready" && status.link === "idle" && terminal.shown() && terminal.exit() === null;
}

function createOnline(): () => boolean {
  const [online, setOnline] = createSignal(navigator.onLine);
  const read = (): void => {
    setOnline(navigator.onLine);
  };
  addEventListener("online", read);
  addEventListener("offline", read);
  onCleanup(() => {
    removeEventListener("online", read);
    removeEventListener("offline", read);
  });
  return online;
}
