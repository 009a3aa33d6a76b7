// Owns how a long paste on its way is shown, and its cancel button.
// Must not know how pastes are sent.

import { type JSX, Show } from "solid-js";
import type { OpenTerminal } from "../state/terminal.ts";
import { leaveFocus } from "./focus.ts";

export function PasteProgressBar(props: { readonly terminal: OpenTerminal }): JSX.Element {
  return (
    <Show when={props.terminal.paste()}>
      {(paste) => (
        <div class="paste-progress" ref={(it) => leaveFocus(it)}>
          <label>
            <span>Pasting {inKilobytes(paste().whole)}</span>
            <progress max={paste().whole} value={paste().taken} />
          </label>
          <button type="button" class="button small" onClick={() => props.terminal.cancelPaste()}>
            Cancel
          </button>
        </div>
      )}
    </Show>
  );
}

function inKilobytes(bytes: number): string {
  return bytes < 1_000_000 ? `${Math.round(bytes / 1_000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}
