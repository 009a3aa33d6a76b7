// Owns what the page asks of the doctor.
// Must not know screens, nor any check.

import { subscribe, type Told } from "./events-stream.ts";
import { DoctorDocument, type DoctorState } from "./generated.ts";
import { isFields } from "./graphql.ts";
import { textOrNull } from "./shell.ts";

/** One link of the chain from the edge to the pod. */
export interface DoctorCheck {
  readonly id: string;
  readonly title: string;
  readonly state: DoctorState;
  readonly text: string;
  readonly todo: string | null;
  readonly ms: number;
}

const states = ["RUNNING", "OK", "WARNING", "FAILED", "SKIPPED"] as const satisfies readonly DoctorState[];

/** Each check as it begins, again while it lasts, and as it is over. Administrators only: `FORBIDDEN`. */
export function askDoctor(repository: string | null, cancel: AbortSignal): AsyncGenerator<Told<DoctorCheck>> {
  return subscribe(
    DoctorDocument,
    { repository },
    (data) => parseCheck(isFields(data) ? data["doctor"] : null),
    cancel,
  );
}

function parseCheck(value: unknown): DoctorCheck | null {
  if (!isFields(value)) return null;
  const { id, title, text, ms } = value;
  const state = states.find((one) => one === value["state"]);
  if (typeof id !== "string" || typeof title !== "string" || typeof text !== "string" || state === undefined)
    return null;
  return { id, title, state, text, todo: textOrNull(value["todo"]), ms: typeof ms === "number" ? ms : 0 };
}
