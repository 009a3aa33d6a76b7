// Owns which screen is shown, who is signed in, and the changes a person asks for outside of the terminal.
// Must not know terminals and sockets.

import { type Accessor, createSignal } from "solid-js";
import { askInstallation, goToSignIn, type Installation, signOut } from "../api/auth-api.ts";
import type { ApiFailure } from "../api/result.ts";
import { askStart, createShell, deleteShell, type Person, rebootShell } from "../api/shell-api.ts";
import { createToasts, type Toasts } from "./toasts.ts";

export type Screen =
  | { readonly name: "loading" }
  /** Nothing answered; `sentence` says so. */
  | { readonly name: "unreachable"; readonly sentence: string }
  | { readonly name: "sign-in" }
  | { readonly name: "start"; readonly person: Person }
  | { readonly name: "terminal"; readonly person: Person };

export interface App {
  readonly screen: Accessor<Screen>;
  readonly installation: Accessor<Installation>;
  /** A change is under way; its button waits. */
  readonly busy: Accessor<boolean>;
  /** Why the last change did not work. */
  readonly problem: Accessor<string | null>;
  readonly toasts: Toasts;
  load(): Promise<void>;
  signIn(): void;
  signOut(): Promise<void>;
  start(): Promise<void>;
  /** The pod again, where it is gone. */
  reboot(): Promise<void>;
  deleteShell(): Promise<void>;
  /** The socket said that there is no shell. */
  shellIsGone(): void;
}

export function createApp(): App {
  const [screen, setScreen] = createSignal<Screen>({ name: "loading" });
  const [installation, setInstallation] = createSignal<Installation>({ local: false, contact: null });
  const [busy, setBusy] = createSignal(false);
  const [problem, setProblem] = createSignal<string | null>(null);
  const toasts = createToasts();

  const fail = (failure: ApiFailure): void => {
    if (failure.code === "UNAUTHENTICATED") setScreen({ name: "sign-in" });
    else setProblem(failure.message);
  };
  const person = (): Person | null => {
    const now = screen();
    return now.name === "start" || now.name === "terminal" ? now.person : null;
  };
  const showStart = (): void => {
    const who = person();
    if (who !== null) setScreen({ name: "start", person: who });
  };
  /** One change at a time; what failed before is forgotten. */
  const change = async (work: () => Promise<void>): Promise<void> => {
    if (busy()) return;
    setBusy(true);
    setProblem(null);
    try {
      await work();
    } finally {
      setBusy(false);
    }
  };

  return {
    screen,
    installation,
    busy,
    problem,
    toasts,
    signIn: goToSignIn,
    shellIsGone: showStart,
    async load() {
      const [known, start] = await Promise.all([askInstallation(), askStart()]);
      if (known !== null) setInstallation(known);
      if (start.ok) {
        const { person: who, shell } = start.value;
        setScreen({ name: shell === null ? "start" : "terminal", person: who });
      } else if (start.code === "UNAUTHENTICATED") setScreen({ name: "sign-in" });
      else setScreen({ name: "unreachable", sentence: start.message });
    },
    signOut: () =>
      change(async () => {
        if (await signOut()) setScreen({ name: "sign-in" });
        else toasts.show({ tone: "warning", text: "Limpet did not answer, so you are still signed in. Try again." });
      }),
    start: () =>
      change(async () => {
        const created = await createShell();
        const who = person();
        if (!created.ok) fail(created);
        else if (who !== null) setScreen({ name: "terminal", person: who });
      }),
    reboot: () =>
      change(async () => {
        const rebooted = await rebootShell();
        if (rebooted.ok) return;
        if (rebooted.code === "SHELL_NOT_FOUND") showStart();
        else fail(rebooted);
      }),
    deleteShell: () =>
      change(async () => {
        const deleted = await deleteShell();
        if (deleted.ok || deleted.code === "SHELL_NOT_FOUND") showStart();
        else fail(deleted);
      }),
  };
}
