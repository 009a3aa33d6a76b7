// Owns how a shell's last minutes look: the time that is left, and one button.
// Must not know clocks, or what the button leads to.

import "./countdown-chip.css";
import { type JSX, Show } from "solid-js";
import { type Countdown, lastStretch, spokenCountdown } from "../state/countdown.ts";

export function CountdownChip(props: {
  readonly count: Countdown;
  readonly extending: boolean;
  extend(): void;
}): JSX.Element {
  return (
    <div class="countdown" classList={{ last: !props.count.extendable }}>
      <span class="countdown-words" aria-hidden="true">
        Ends in
      </span>
      <span class="countdown-clock" role="timer" title={props.count.extendable ? undefined : lastStretch}>
        {props.count.clock}
      </span>
      <Show
        when={props.count.extendable}
        fallback={<span class="countdown-last">its longest life; your work is saved first</span>}
      >
        <button
          type="button"
          class="button small primary"
          aria-disabled={props.extending}
          onClick={() => props.extend()}
        >
          Keep going
        </button>
      </Show>
      <span class="only-heard" role="status">
        {spokenCountdown(props.count)}
      </span>
    </div>
  );
}
