// Owns how a shell on its way looks: the steps as they pass, with the cluster's own reason when one takes its time.
// Must not know where phases come from.

import "./progress.css";
import { For, type JSX, Show } from "solid-js";
import type { Status } from "../../durable/protocol/messages.ts";
import { startSteps } from "../state/sentences.ts";

/** `status` is `null` until the first word of it came. */
export function Progress(props: { readonly status: Status | null; readonly connected: boolean }): JSX.Element {
  const at = () => startSteps.findIndex((step) => step.phase === props.status?.phase);
  return (
    <div class="progress">
      <ol>
        <For each={startSteps}>
          {(step, index) => (
            <li
              classList={{ done: index() < at(), now: index() === at() }}
              aria-current={index() === at() ? "step" : undefined}
            >
              {step.text}
            </li>
          )}
        </For>
      </ol>
      <p class="progress-reason" role="status">
        <Show when={props.connected} fallback="Waiting for the connection.">
          <Show when={props.status?.detail ?? props.status?.reason}>
            {(words) => (
              <>
                <Show when={props.status?.detail && props.status.reason}>
                  <code>{props.status?.reason}</code>{" "}
                </Show>
                {words()}
              </>
            )}
          </Show>
        </Show>
      </p>
    </div>
  );
}
