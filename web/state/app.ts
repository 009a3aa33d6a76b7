// Owns which screen is shown, who is signed in, and the changes a person asks for outside of the terminal.
// Must not know terminals and sockets.

import { type Accessor, createSignal } from "solid-js";
import { askInstallation, goToSignIn, type Installation, signOut, unknownInstallation } from "../api/auth-api.ts";
import type { ApiFailure, ApiResult } from "../api/result.ts";
import type { Shell } from "../api/shell.ts";
import {
  askStart,
  createShell,
  deleteShell,
  extendShell,
  type Person,
  rebootShell,
  restartShell,
  stopShell,
} from "../api/shell-api.ts";
import type { EndReceipt } from "./receipts.ts";
import { createShellStore, type ShellStore } from "./shell-store.ts";
import { createToasts, type Toasts } from "./toasts.ts";

export type Screen =
  | { readonly name: "loading" }
  /** Nothing answered; `sentence` says so. */
  | { readonly name: "unreachable"; readonly sentence: string }
  | { readonly name: "sign-in" }
  /** The administrators' page: it has an address of its own. */
  | { readonly name: "doctor"; readonly person: Person }
  | { readonly name: "start"; readonly person: Person }
  /** `fresh`: it was started here a moment ago. */
  | { readonly name: "terminal"; readonly person: Person; readonly fresh: boolean };

/** Where the administrators' page is. */
export const doctorPath = "/doctor";

export interface App {
  readonly screen: Accessor<Screen>;
  readonly installation: Accessor<Installation>;
  /** Whoever is signed in may look at the whole installation. */
  readonly administrator: Accessor<boolean>;
  /** A change is under way; its button waits. */
  readonly busy: Accessor<boolean>;
  /** Why the last change did not work. */
  readonly problem: Accessor<string | null>;
  readonly toasts: Toasts;
  readonly store: ShellStore;
  /** What the last end of the shell saved, as it was told here. */
  readonly receipts: Accessor<readonly EndReceipt[]>;
  keepReceipt(receipt: EndReceipt): void;
  /** It goes on: what an earlier end saved is in the list of events. */
  forgetReceipts(): void;
  load(): Promise<void>;
  signIn(): void;
  signOut(): Promise<void>;
  start(): Promise<void>;
  /** The pod again, where it is gone. */
  reboot(): Promise<void>;
  restart(): Promise<void>;
  stop(): Promise<void>;
  /** Moves the shell's end away. */
  extend(): Promise<void>;
  deleteShell(): Promise<void>;
  /** The socket said that there is no shell, or that it has ended. */
  shellIsGone(): void;
}

export function createApp(): App {
  const [screen, setScreen] = createSignal<Screen>({ name: "loading" });
  const [installation, setInstallation] = createSignal<Installation>(unknownInstallation);
  const [busy, setBusy] = createSignal(false);
  const [problem, setProblem] = createSignal<string | null>(null);
  const [receipts, setReceipts] = createSignal<readonly EndReceipt[]>([]);
  const toasts = createToasts();
  const store = createShellStore();

  const person = (): Person | null => {
    const now = screen();
    return "person" in now ? now.person : null;
  };
  const showStart = (): void => {
    const who = person();
    if (who !== null) setScreen({ name: "start", person: who });
  };
  const fail = (failure: ApiFailure): void => {
    if (failure.code === "UNAUTHENTICATED") setScreen({ name: "sign-in" });
    else if (failure.code === "SHELL_NOT_FOUND") {
      store.know(null);
      showStart();
    } else setProblem(failure.message);
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
  /** A wish that the open terminal shows the course of: only that it failed is said here. */
  const wish = (ask: () => Promise<ApiResult<Shell>>): Promise<void> =>
    change(async () => {
      const answer = await ask();
      if (answer.ok) store.know(answer.value);
      else fail(answer);
      const failed = problem();
      if (failed !== null) toasts.show({ tone: "warning", text: failed, about: "wish" });
    });

  return {
    screen,
    installation,
    administrator: () => person()?.administrator === true,
    busy,
    problem,
    toasts,
    store,
    receipts,
    keepReceipt: (receipt) => setReceipts([...receipts(), receipt]),
    forgetReceipts: () => setReceipts([]),
    signIn: goToSignIn,
    shellIsGone() {
      // The record says why it ended, and how old its save is.
      void store.refresh();
      showStart();
    },
    async load() {
      const [known, start] = await Promise.all([askInstallation(), askStart()]);
      if (known !== null) setInstallation(known);
      if (start.ok) {
        const { person: who, shell } = start.value;
        store.know(shell);
        if (location.pathname === doctorPath) return void setScreen({ name: "doctor", person: who });
        const stopped = shell === null || shell.phase === "absent";
        setScreen(stopped ? { name: "start", person: who } : { name: "terminal", person: who, fresh: false });
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
        if (!created.ok) return fail(created);
        store.know(created.value);
        setReceipts([]);
        if (who !== null) setScreen({ name: "terminal", person: who, fresh: true });
      }),
    reboot: () =>
      change(async () => {
        const rebooted = await rebootShell();
        if (rebooted.ok) store.know(rebooted.value);
        else fail(rebooted);
      }),
    restart: () => wish(restartShell),
    stop: () => wish(stopShell),
    extend: () => wish(extendShell),
    deleteShell: () =>
      change(async () => {
        const deleted = await deleteShell();
        if (!deleted.ok && deleted.code !== "SHELL_NOT_FOUND") return fail(deleted);
        store.know(null);
        showStart();
      }),
  };
}
