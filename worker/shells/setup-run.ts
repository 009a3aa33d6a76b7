// Owns one run of `setup` in a pod: its line goes in, its words come out, and only its receipt is believed.
// Must not know when it runs, nor what its words do to a shell's life.

import { type LinesEnd, runForLines } from "../kubernetes/exec-lines.ts";
import { clusterError, isPassing } from "../kubernetes/failure.ts";
import { containerName, scripts } from "../kubernetes/pod-manifest.ts";
import type { ClusterClient } from "../kubernetes/request.ts";
import type { SetUpOutcome } from "./setup-lane.ts";
import type { SetupWord } from "./setup-line.ts";
import type { MadeLine } from "./setup-sources.ts";
import { parseSetupWord, withoutSecrets } from "./setup-words.ts";
import type { SetupCheck, SetupStep } from "./shell-setup.ts";

/** A clone of a large repository over a slow line takes its time; it says so while it does. */
const timeoutMs = 16 * 60_000;
const silenceMs = 60_000;

export interface SetupRun {
  readonly cluster: ClusterClient;
  readonly podName: string;
  readonly made: MadeLine;
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly heard: (word: SetupWord) => void;
  readonly cancel: AbortSignal;
}

/** Never rejects. Null where it was cancelled. */
export async function runSetup(run: SetupRun): Promise<SetUpOutcome | null> {
  const { line, secrets, unreadable } = run.made;
  const checks = new Map<SetupStep, SetupCheck>();
  const heard = (text: string): boolean => {
    const word = parseSetupWord(text, secrets);
    if (word === null) return false;
    if (word.type === "receipt") return word.nonce === line.nonce;
    if (word.type === "check") {
      const { step, state, code } = word;
      checks.set(step, { step, state, code, text: word.text, at: run.now() });
    }
    run.heard(word);
    return false;
  };
  const request = {
    pod: run.podName,
    container: containerName,
    command: [`${scripts}/setup`],
    line: JSON.stringify(line),
    timeoutMs,
    silenceMs,
  };
  const end = await runForLines(run.cluster, request, heard, run.cancel);
  if (end.type === "cancelled") return null;
  // The pod was not given it, and says that it is not there: only here it is known why.
  for (const [step, { code, message: text }] of unreadable) {
    checks.set(step, { step, state: "failed", code, text, at: run.now() });
  }
  if (end.type === "enough") return { type: "receipt", checks: [...checks.values()] };
  return { type: "none", ...whyNone(end, secrets), checks: [...checks.values()] };
}

/** 126 and 127: there is no such program (POSIX, "Exit Status for Commands"). */
const noProgram: readonly (number | null)[] = [126, 127];

function whyNone(
  end: Exclude<LinesEnd, { type: "cancelled" | "enough" }>,
  secrets: readonly string[],
): { readonly code: string; readonly text: string; readonly final: boolean } {
  const say = (why: string, final = false) => ({
    code: "SETUP_FAILED",
    text: `The shell could not be set up: ${withoutSecrets(why, secrets)} What you gave is kept; open the settings and set up again.`,
    final,
  });
  switch (end.type) {
    case "refused":
      return say(clusterError(end.failure).message, !isPassing(end.failure));
    case "ended":
      if (noProgram.includes(end.exitCode) || /no such file or directory|not found in \$PATH/.test(end.message ?? "")) {
        return say("its image has no setup script. Tell whoever runs Limpet.", true);
      }
      return say(`its script ended too early${end.exitCode === null ? "" : ` (exit status ${end.exitCode})`}.`);
    case "lost":
      return say("the connection to the pod was lost.");
    case "silent":
      return say(`its script said nothing for ${silenceMs / 1_000} seconds.`);
    case "overtime":
      return say(`its script took longer than ${timeoutMs / 60_000} minutes.`, true);
    case "flood":
      return say("its script says more than it should.", true);
  }
}
