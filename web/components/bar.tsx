// Owns the slim bar over the terminal: whose shell, how it stands, the menu.
// Must not know what the menu holds.

import "./bar.css";
import { type JSX, Show } from "solid-js";
import type { Countdown as Count } from "../state/countdown.ts";
import type { OpenTerminal } from "../state/terminal.ts";
import { Badge } from "./badge.tsx";
import { CountdownChip } from "./countdown-chip.tsx";
import { leaveFocus } from "./focus.ts";
import { MenuIcon } from "./icons.tsx";
import { Mark } from "./mark.tsx";
import { menuKeys } from "./terminal-menu.ts";

export function Bar(props: {
  readonly terminal: OpenTerminal | null;
  readonly menuOpen: boolean;
  readonly countdown: Count | null;
  /** `Saved 4 minutes ago`; `null`: nothing was. */
  readonly saved: string | null;
  readonly extending: boolean;
  extend(): void;
  openMenu(at: { readonly x: number; readonly y: number }): void;
}): JSX.Element {
  return (
    <header class="bar" ref={(it) => leaveFocus(it)}>
      <Mark class="bar-mark" />
      <h1 class="bar-title">{props.terminal?.title() || "Limpet"}</h1>
      <Show when={props.terminal}>
        {(terminal) => (
          <>
            <Show when={terminal().foreignSize()}>
              {(size) => (
                <span class="bar-size">
                  <span class="bar-size-words">
                    {size().cols} × {size().rows}, as another viewer has it
                  </span>
                  <button type="button" class="link-button" onClick={() => terminal().fitToMe()}>
                    Fit to me
                  </button>
                </span>
              )}
            </Show>
            <Show when={terminal().viewers().count > 1}>
              <span class="bar-viewers" title="Tabs that show this shell now">
                {terminal().viewers().count} viewers
              </span>
            </Show>
            <Show
              when={props.countdown}
              fallback={<Show when={props.saved}>{(saved) => <span class="bar-saved">{saved()}</span>}</Show>}
            >
              {(count) => <CountdownChip count={count()} extending={props.extending} extend={() => props.extend()} />}
            </Show>
            <Badge terminal={terminal()} />
          </>
        )}
      </Show>
      <button
        type="button"
        class="icon-button"
        aria-label="Menu"
        title={`Menu (${menuKeys})`}
        aria-haspopup="menu"
        aria-expanded={props.menuOpen}
        onPointerDown={(event) => event.stopPropagation()}
        onClick={(event) => {
          const { right, bottom } = event.currentTarget.getBoundingClientRect();
          props.openMenu({ x: right, y: bottom + 4 });
        }}
      >
        <MenuIcon />
      </button>
    </header>
  );
}
