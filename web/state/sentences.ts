// Owns what the page says in words about phases, closed sockets and input: sentences with a next step.
// Must not know where they are shown.

import { closeCode } from "../../durable/protocol/close-codes.ts";
import type { ShellPhase } from "../../durable/protocol/messages.ts";
import type { InputNotice } from "../terminal/pane-input.ts";
import type { ShellEnd } from "./countdown.ts";
import { clockTime } from "./time-words.ts";

/** The phases a shell passes on its way, in order, as steps. */
export const startSteps: readonly { readonly phase: ShellPhase; readonly text: string }[] = [
  { phase: "creating", text: "Asking the cluster" },
  { phase: "scheduling", text: "Finding a machine" },
  { phase: "starting", text: "Starting the container" },
  { phase: "setting-up", text: "Setting it up" },
  { phase: "ready", text: "Opening the terminal" },
];

/** In the badge, while a terminal is already on view. */
export const phaseWords: Readonly<Record<ShellPhase, string>> = {
  absent: "no pod",
  creating: "being created",
  scheduling: "waiting for a machine",
  starting: "starting",
  "setting-up": "setting up",
  ready: "ready",
  stopping: "stopping",
  failed: "failed",
};

export const inputSentences: Readonly<Record<InputNotice | "view-only", string>> = {
  "input-lost": "What you typed last may not have arrived. Look at the prompt before you go on.",
  "input-too-old": "What you typed while the shell was away was not sent: it was too long ago.",
  "input-too-much": "What you typed while the shell was away was not sent: it was too much to keep.",
  "input-refused": "The shell takes no input at the moment. Wait until it answers, then type again.",
  "paste-too-large": "That is more than 16 MB. Put it into a file and fetch it from the shell instead.",
  "paste-away": "Nothing was pasted: the shell is away. Paste again when it is there.",
  "view-only": "You are watching this shell; typing needs its owner's permission.",
};

/** When the shell ends unless it is used before: today by the clock, later by the day as well. */
export function endSentence({ atMs, untilMs }: ShellEnd, nowMs: number): string {
  const at = clockTime(atMs, nowMs);
  return untilMs - atMs < 60_000 ? `Kept until ${at}, its longest life` : `Kept until ${at}, longer while you use it`;
}

export type EndStep = "sign-in" | "reload" | "connect" | "leave";

export interface Ending {
  readonly title: string;
  readonly sentence: string;
  readonly step: EndStep;
  readonly stepText: string;
}

/** What a final close code means for the person. The shell goes on in all of these. */
export function endingOf(code: number): Ending {
  switch (code) {
    case closeCode.signIn:
      return {
        title: "Your sign-in has ended",
        sentence: "The shell goes on. Sign in again and you are back where you were.",
        step: "sign-in",
        stepText: "Sign in",
      };
    case closeCode.forbidden:
      return {
        title: "This shell is not yours to use",
        sentence: "Sign in as somebody who may use it, or start your own.",
        step: "sign-in",
        stepText: "Sign in",
      };
    case closeCode.noShell:
      return {
        title: "There is no shell any more",
        sentence: "It ended or was deleted. You can start a new one at any time.",
        step: "leave",
        stepText: "Continue",
      };
    case closeCode.version:
      return {
        title: "Limpet was updated",
        sentence: "This page is older than the service behind it. Reload it; the shell goes on.",
        step: "reload",
        stepText: "Reload",
      };
    case closeCode.replaced:
      return {
        title: "This tab's place was taken",
        sentence: "The same tab is connected elsewhere, perhaps a copy of this one. You can have it here again.",
        step: "connect",
        stepText: "Use it here",
      };
    case closeCode.tooManyViewers:
      return {
        title: "Too many tabs are open on this shell",
        sentence: "Close one of them, here or on another device, then connect again.",
        step: "connect",
        stepText: "Connect again",
      };
    default:
      return {
        title: "The page and the service lost each other",
        sentence: "They did not understand one another. Reload the page; the shell goes on.",
        step: "reload",
        stepText: "Reload",
      };
  }
}

export interface Question {
  readonly title: string;
  readonly sentence: string;
  readonly yes: string;
  readonly no: string;
}

/** Before something that runs is interrupted: what happens, and what comes back. */
export const questions = {
  restart: {
    title: "Restart this shell?",
    sentence:
      "What runs in it is interrupted, as by Ctrl C, and gets time to end well. Your work is saved and put back into a new pod. What is only in memory, and installed programs, are gone.",
    yes: "Restart",
    no: "Keep it as it is",
  },
  stop: {
    title: "Stop this shell?",
    sentence:
      "What runs in it is interrupted, as by Ctrl C, and gets time to end well. Your work is saved and comes back when you start the shell again; your settings stay.",
    yes: "Stop the shell",
    no: "Keep it going",
  },
  delete: {
    title: "Delete this shell?",
    sentence:
      "What runs in it is ended. Its files, its settings and credentials, and everything that was saved of it go, too. This cannot be undone.",
    yes: "Delete the shell",
    no: "Keep it",
  },
} as const satisfies Readonly<Record<string, Question>>;
