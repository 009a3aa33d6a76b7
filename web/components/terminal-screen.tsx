// Owns the screen with the terminal on it: the bar, the frame, and what lies over it while there is nothing to see.
// Must not know the protocol.

import "@xterm/xterm/css/xterm.css";
import "./terminal-screen.css";
import { createEffect, createSignal, getOwner, type JSX, on, onCleanup, onMount, runWithOwner, Show } from "solid-js";
import type { App } from "../state/app.ts";
import { expirySentence } from "../state/sentences.ts";
import { bellEveryMs, createTerminal, type OpenTerminal } from "../state/terminal.ts";
import type { Point } from "../terminal/terminal-view.ts";
import { claimViewerId } from "../terminal/viewer-id.ts";
import { Bar } from "./bar.tsx";
import { Confirm } from "./confirm.tsx";
import { Cover } from "./cover.tsx";
import { nobodyHasFocus } from "./focus.ts";
import { Menu } from "./menu.tsx";
import { PasteProgressBar } from "./paste-progress-bar.tsx";
import { type TerminalCommands, terminalMenu } from "./terminal-menu.ts";

interface OpenMenu extends Point {
  readonly kind: "main" | "context";
}

export function TerminalScreen(props: { readonly app: App }): JSX.Element {
  let frame: HTMLDivElement | undefined;
  const [terminal, setTerminal] = createSignal<OpenTerminal | null>(null);
  const [menu, setMenu] = createSignal<OpenMenu | null>(null);
  const [deleting, setDeleting] = createSignal(false);
  const owner = getOwner();

  onMount(() => {
    void claimViewerId().then((viewer) => {
      if (frame?.isConnected !== true) return;
      const element = frame;
      // After an await nothing belongs to this component by itself.
      runWithOwner(owner, () => setTerminal(createTerminal(element, viewer, props.app.toasts, menus)));
      // What is typed from here on is kept for the shell that is coming.
      if (nobodyHasFocus()) focusTerminal();
    });
  });

  const expiry = (): string | null => {
    const at = terminal()?.expiry() ?? null;
    return at === null ? null : expirySentence(at, Date.now());
  };
  const menus = {
    main: (): void => void setMenu({ x: innerWidth, y: 38, kind: "main" }),
    context: (at: Point): void => void setMenu({ ...at, kind: "context" }),
  };
  const focusTerminal = (): void => terminal()?.view.focus();
  const closeMenu = (): void => {
    setMenu(null);
    focusTerminal();
  };
  // What had the keyboard may have gone; typing means the shell.
  const onKeyDown = (): void => {
    if (nobodyHasFocus() && menu() === null && !deleting()) focusTerminal();
  };
  addEventListener("keydown", onKeyDown, { capture: true });
  onCleanup(() => removeEventListener("keydown", onKeyDown, { capture: true }));

  const commands: TerminalCommands = {
    askToDelete: () => setDeleting(true),
    signOut: () => void props.app.signOut(),
    say: (text) => props.app.toasts.show({ text, tone: "warning" }),
  };
  return (
    <div
      class="terminal-screen"
      classList={{ shown: terminal()?.shown() === true, foreign: (terminal()?.foreignSize() ?? null) !== null }}
    >
      <Bar
        terminal={terminal()}
        menuOpen={menu()?.kind === "main"}
        openMenu={(at) => setMenu(menu() === null ? { ...at, kind: "main" } : null)}
      />
      <main class="terminal-stage">
        <div class="terminal-frame" ref={frame} />
        <Show when={terminal()}>
          {(open) => (
            <>
              <BellFlash times={open().rang()} />
              <PasteProgressBar terminal={open()} />
              <Show when={open().hoveredLink()}>
                <p class="terminal-link">{open().hoveredLink()}</p>
              </Show>
              <Cover app={props.app} terminal={open()} />
            </>
          )}
        </Show>
      </main>
      <Show when={menu()}>
        {(open) => (
          <Menu
            label={open().kind === "main" ? "Shell" : "Terminal"}
            at={open()}
            {...(open().kind === "main" && expiry() !== null ? { heading: expiry() ?? "" } : {})}
            groups={terminalMenu(terminal(), commands, open().kind)}
            close={closeMenu}
          />
        )}
      </Show>
      <Show when={deleting()}>
        <Confirm
          title="Delete this shell?"
          sentence="What runs in it is ended, and files that are only in the shell are gone. This cannot be undone."
          yes="Delete the shell"
          no="Keep it"
          onNo={() => {
            setDeleting(false);
            focusTerminal();
          }}
          onYes={() => {
            setDeleting(false);
            void props.app.deleteShell();
          }}
        />
      </Show>
    </div>
  );
}

/** A short glow of the frame: seen, not heard. */
function BellFlash(props: { readonly times: number }): JSX.Element {
  let flash: HTMLDivElement | undefined;
  createEffect(
    on(
      () => props.times,
      () => flash?.animate([{ opacity: 1 }, { opacity: 0 }], { duration: bellEveryMs, easing: "ease-out" }),
      { defer: true },
    ),
  );
  return <div class="terminal-bell" ref={flash} aria-hidden="true" />;
}
