// Owns a run of the doctor as the page follows it: the checks so far, whether it is under way, what it came to.
// Must not know how a check looks.

import { type Accessor, createSignal, onCleanup } from "solid-js";
import { askDoctor, type DoctorCheck } from "../api/doctor-api.ts";

export interface Doctor {
  /** In the order in which they began. */
  readonly checks: Accessor<readonly DoctorCheck[]>;
  readonly running: Accessor<boolean>;
  /** Why it did not begin, or broke off. */
  readonly problem: Accessor<string | null>;
  begin(repository: string): Promise<void>;
  stop(): void;
}

export function createDoctor(): Doctor {
  const [checks, setChecks] = createSignal<readonly DoctorCheck[]>([]);
  const [running, setRunning] = createSignal(false);
  const [problem, setProblem] = createSignal<string | null>(null);
  let cancel = new AbortController();
  onCleanup(() => cancel.abort());
  const keep = (check: DoctorCheck): void => {
    const known = checks().some(({ id }) => id === check.id);
    setChecks(known ? checks().map((old) => (old.id === check.id ? check : old)) : [...checks(), check]);
  };
  return {
    checks,
    running,
    problem,
    async begin(repository) {
      if (running()) return;
      cancel = new AbortController();
      setRunning(true);
      setProblem(null);
      setChecks([]);
      for await (const told of askDoctor(repository.trim() === "" ? null : repository.trim(), cancel.signal)) {
        if (told.ok) keep(told.value);
        else setProblem(told.message);
      }
      // What was under way when it ended is not known.
      setChecks(checks().filter(({ state }) => state !== "RUNNING"));
      setRunning(false);
    },
    stop: () => cancel.abort(),
  };
}

/** `Everything is right.`, or how many are not. */
export function doctorSum(checks: readonly DoctorCheck[]): string {
  const count = (state: DoctorCheck["state"]): number => checks.filter((check) => check.state === state).length;
  const [failed, warnings, skipped] = [count("FAILED"), count("WARNING"), count("SKIPPED")];
  if (failed === 0 && warnings === 0) return "Everything that was looked at is right.";
  const parts = [
    ...(failed === 0 ? [] : [`${failed} ${failed === 1 ? "is" : "are"} wrong`]),
    ...(warnings === 0 ? [] : [`${warnings} ${warnings === 1 ? "wants" : "want"} a look`]),
    ...(failed === 0 || skipped === 0 ? [] : [`${skipped} could not be looked at because of that`]),
  ];
  return `${parts.join(", ")}.`;
}
