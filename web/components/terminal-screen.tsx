// Owns the screen with the terminal on it: the bar, the frame, what lies over it while there is nothing to see, the side panel.
// Must not know the protocol.

import "@xterm/xterm/css/xterm.css";
import "./terminal-screen.css";
import { createEffect, createSignal, getOwner, type JSX, on, onCleanup, onMount, runWithOwner, Show } from "solid-js";
import { type App, doctorPath } from "../state/app.ts";
import { createCountdown, createNow } from "../state/clocks.ts";
import { lastStretch } from "../state/countdown.ts";
import { savedWords } from "../state/receipts.ts";
import { endSentence, questions } from "../state/sentences.ts";
import { talkOfShell } from "../state/shell-talk.ts";
import { bellEveryMs, createTerminal, type OpenTerminal } from "../state/terminal.ts";
import type { Point } from "../terminal/terminal-view.ts";
import { claimViewerId } from "../terminal/viewer-id.ts";
import { Bar } from "./bar.tsx";
import { Confirm } from "./confirm.tsx";
import { Cover } from "./cover.tsx";
import { nobodyHasFocus } from "./focus.ts";
import { Menu } from "./menu.tsx";
import { PasteProgressBar } from "./paste-progress-bar.tsx";
import { createSidePanel, LazyPanel, setAsked, wasAsked } from "./side-panel.tsx";
import { type TerminalCommands, terminalMenu } from "./terminal-menu.ts";

interface OpenMenu extends Point {
  readonly kind: "main" | "context";
}

export function TerminalScreen(props: { readonly app: App; readonly fresh: boolean }): JSX.Element {
  let frame: HTMLDivElement | undefined;
  const [terminal, setTerminal] = createSignal<OpenTerminal | null>(null);
  const [menu, setMenu] = createSignal<OpenMenu | null>(null);
  const [asking, setAsking] = createSignal<keyof typeof questions | null>(null);
  const owner = getOwner();
  const { store, toasts } = props.app;

  onMount(() => {
    void claimViewerId().then((viewer) => {
      if (frame?.isConnected !== true) return;
      const element = frame;
      const news = { changed: (): void => void store.refresh(), receipt: props.app.keepReceipt };
      // After an await nothing belongs to this component by itself.
      runWithOwner(owner, () => setTerminal(createTerminal(element, viewer, toasts, menus, news)));
      // What is typed from here on is kept for the shell that is coming.
      if (nobodyHasFocus()) focusTerminal();
    });
  });

  const now = createNow(20_000);
  const end = () => terminal()?.end() ?? null;
  const countdown = createCountdown(end, () => props.app.installation().warnMs);
  const saved = () => savedWords(store.shell()?.lastSavedAt ?? null, now());
  const heading = (): readonly string[] => {
    const at = end();
    const kept = at === null ? null : endSentence(at, Date.now());
    const last = countdown()?.extendable === false ? lastStretch : null;
    return [kept, last, saved()].filter((line) => line !== null);
  };
  const menus = {
    main: (): void => void setMenu({ x: innerWidth, y: 38, kind: "main" }),
    context: (at: Point): void => void setMenu({ ...at, kind: "context" }),
  };
  const focusTerminal = (): void => terminal()?.view.focus();
  const panel = createSidePanel({ fresh: props.fresh, leave: focusTerminal });
  const closeMenu = (): void => {
    setMenu(null);
    focusTerminal();
  };
  // What had the keyboard may have gone; typing means the shell, unless it was the panel's.
  const onKeyDown = (): void => {
    if (!nobodyHasFocus() || menu() !== null || asking() !== null) return;
    if (!panel.takeBack()) focusTerminal();
  };
  addEventListener("keydown", onKeyDown, { capture: true });
  onCleanup(() => removeEventListener("keydown", onKeyDown, { capture: true }));

  // The record is told to the socket as it changes; what the API says besides is asked then.
  createEffect(
    on(
      () => terminal()?.status()?.phase,
      (phase) => {
        if (phase !== undefined) void store.refresh();
        if (phase === "ready") props.app.forgetReceipts();
      },
      { defer: true },
    ),
  );
  talkOfShell({
    store,
    toasts,
    panel: panel.name,
    openSettings: () => panel.open("settings", true),
    offers: props.fresh && panel.name() === null && !wasAsked(),
    notNow: setAsked,
    shown: () => terminal()?.shown() === true,
  });

  const commands: TerminalCommands = {
    get keepGoing() {
      const at = end();
      return at === null || at.untilMs - at.atMs < 1_000 ? null : () => void props.app.extend();
    },
    openSettings: () => panel.open("settings", true),
    openActivity: () => panel.open("activity", true),
    // Beside the shell, which stays as it is.
    openDoctor: props.app.administrator() ? () => void open(doctorPath, "_blank", "noopener") : null,
    ask: setAsking,
    signOut: () => void props.app.signOut(),
    say: (text) => toasts.show({ text, tone: "warning" }),
  };
  const answer = (what: keyof typeof questions): void => {
    setAsking(null);
    focusTerminal();
    if (what === "restart") void props.app.restart();
    else if (what === "stop") void props.app.stop();
    else void props.app.deleteShell();
  };
  return (
    <div
      class="terminal-screen"
      classList={{
        shown: terminal()?.shown() === true,
        foreign: (terminal()?.foreignSize() ?? null) !== null,
        "beside-panel": panel.name() !== null,
      }}
    >
      <Bar
        terminal={terminal()}
        menuOpen={menu()?.kind === "main"}
        countdown={countdown()}
        saved={saved()}
        extending={props.app.busy()}
        extend={() => void props.app.extend()}
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
              <Cover app={props.app} terminal={open()} setUp={() => panel.open("settings", true)} />
            </>
          )}
        </Show>
        <LazyPanel app={props.app} panel={panel} />
      </main>
      <Show when={menu()}>
        {(open) => (
          <Menu
            label={open().kind === "main" ? "Shell" : "Terminal"}
            at={open()}
            heading={open().kind === "main" ? heading() : []}
            groups={terminalMenu(terminal(), commands, open().kind)}
            close={closeMenu}
          />
        )}
      </Show>
      <Show when={asking()} keyed>
        {(what) => (
          <Confirm
            {...questions[what]}
            danger={what === "delete"}
            onNo={() => {
              setAsking(null);
              focusTerminal();
            }}
            onYes={() => answer(what)}
          />
        )}
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
