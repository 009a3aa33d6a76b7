// Owns how it looks that something is being checked in the pod, and what came of it.
// Must not know who checks.

import { For, type JSX, Show } from "solid-js";
import type { SetupState, SetupStep } from "../../api/generated.ts";
import type { Shell } from "../../api/shell.ts";
import { inLocalTime } from "../../state/time-words.ts";
import { CheckIcon, WarningIcon } from "../icons.tsx";

const heard: Readonly<Record<SetupState, string>> = {
  DONE: "Done:",
  FAILED: "Failed:",
  CONFLICT: "Conflict:",
  SKIPPED: "",
};

/** Of some steps of the set-up, and that another run is on its way. */
export function Checks(props: { readonly shell: Shell; readonly steps: readonly SetupStep[] }): JSX.Element {
  const checks = () => props.shell.setup.filter(({ step, state }) => props.steps.includes(step) && state !== "SKIPPED");
  return (
    <div class="checks" aria-live="polite">
      <Show when={props.shell.setupPending}>
        <p class="check pending">
          <span class="check-mark" aria-hidden="true" />
          <span>
            {props.shell.phase === "ready" || props.shell.phase === "setting-up"
              ? "Checking in the pod…"
              : "Checked as soon as the shell has started."}
          </span>
        </p>
      </Show>
      <For each={checks()}>
        {(check) => (
          <p class={`check ${check.state.toLowerCase()}`} classList={{ old: props.shell.setupPending }}>
            <span class="check-mark" aria-hidden="true">
              <Show when={check.state === "DONE"} fallback={<WarningIcon />}>
                <CheckIcon />
              </Show>
            </span>
            <span>
              <span class="only-heard">{heard[check.state]} </span>
              {inLocalTime(check.text, Date.now())}
            </span>
          </p>
        )}
      </For>
    </div>
  );
}
