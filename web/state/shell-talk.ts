// Owns what the page says by itself of a shell's set-up: what was put back, what is missing, that there are settings.
// Must not know where the settings are shown.

import { type Accessor, createEffect } from "solid-js";
import { putBack } from "./receipts.ts";
import type { ShellStore } from "./shell-store.ts";
import type { Toasts } from "./toasts.ts";

/** A set-up that ended this long before the page was opened is still news to it. */
const newReceiptMs = 60_000;

export interface ShellTalk {
  readonly store: ShellStore;
  readonly toasts: Toasts;
  readonly panel: Accessor<"settings" | "activity" | null>;
  openSettings(): void;
  /** Somebody new, to whom the settings did not open by themselves. */
  readonly offers: boolean;
  /** They do not want to be asked. */
  notNow(): void;
  /** The terminal is on view. */
  readonly shown: Accessor<boolean>;
}

export function talkOfShell(talk: ShellTalk): void {
  const { store, toasts } = talk;
  const settings = (label: string) => ({ label, run: () => talk.openSettings() });

  // What was put back is said once, when it is new.
  let saidUpTo = Date.now() - newReceiptMs;
  createEffect(() => {
    const shell = store.shell();
    const receipt = shell === null ? null : putBack(shell, saidUpTo, Date.now());
    if (receipt === null || shell?.phase !== "ready") return;
    saidUpTo = receipt.at;
    toasts.show({ text: receipt.text, tone: receipt.warning ? "warning" : "plain", about: "work", stays: true });
  });

  // What the last set-up found wrong is said where nobody has the settings open.
  let missed = "";
  createEffect(() => {
    const shell = store.shell();
    if (shell === null || shell.setupPending || shell.phase !== "ready") return;
    const text = shell.missing.map((thing) => thing.text).join(" ");
    if (text === missed) return;
    missed = text;
    if (text === "" || talk.panel() === "settings") return;
    toasts.show({ text, tone: "warning", about: "missing", actions: [settings("Settings")] });
  });

  // On a narrow page the settings do not open by themselves: they are offered once the shell is there.
  let { offers } = talk;
  createEffect(() => {
    const shell = store.shell();
    if (!offers || !talk.shown() || shell === null) return;
    offers = false;
    if (talk.panel() !== null || shell.gitUrl !== null || shell.secrets.size > 0) return;
    const text = "Your shell is ready. Bring a repository or cloud credentials?";
    const notNow = { label: "Not now", run: () => talk.notNow() };
    toasts.show({ text, actions: [settings("Set up"), notNow], about: "set-up" });
  });

  createEffect(() => {
    if (talk.panel() !== null) toasts.forget("set-up");
    if (talk.panel() === "settings") toasts.forget("missing");
  });
}
