// Owns the state of one sweep through all pods, which may take several runs: where it is, what it counted, whom it suspects.
// Must not know the cluster, D1 or time; the fifth is decided here.

import { integerAt, isObject, parseJson, stringAt } from "../kubernetes/json.ts";

/** A pod that may have to go. */
export interface Suspect {
  readonly name: string;
  readonly uid: string;
}

export interface PodSweep {
  /** Unix milliseconds. */
  readonly startedAt: number;
  /** Token of the page that comes next; null: the first page, or (where `listed`) none. */
  readonly next: string | null;
  /** Name of the last pod that was seen; the next page begins after it. Empty: none was. */
  readonly after: string;
  /** All pages were seen: what is left is the decision. */
  readonly listed: boolean;
  /** Pods of this installation that were seen. */
  readonly pods: number;
  /** Those of them that nobody has. */
  readonly orphans: number;
  /** The first of those: what is kept between two runs is bounded, and the next sweep finds the rest. */
  readonly suspects: readonly Suspect[];
}

/** A suspect is about 100 bytes of the cursor's row. */
const mostSuspects = 500;

export function beginSweep(nowMs: number): PodSweep {
  return { startedAt: nowMs, next: null, after: "", listed: false, pods: 0, orphans: 0, suspects: [] };
}

/** A page was dealt with. `names` in the order of the list; `next`: the token of the one after it. */
export function addPage(
  sweep: PodSweep,
  page: { readonly names: readonly string[]; readonly orphans: readonly Suspect[]; readonly next: string | null },
): PodSweep {
  return {
    startedAt: sweep.startedAt,
    next: page.next,
    after: page.names.at(-1) ?? sweep.after,
    listed: page.next === null,
    pods: sweep.pods + page.names.length,
    orphans: sweep.orphans + page.orphans.length,
    suspects: [...sweep.suspects, ...page.orphans].slice(0, mostSuspects),
  };
}

/**
 * Of a whole sweep: the orphans that may go, or `too-many`. Where more than a fifth of all pods have no record it is the
 * records that are wrong (another database, one put back from a copy): then nobody's shell is ended. In a small
 * installation one orphan can be a fifth; that one ends by its own `activeDeadlineSeconds`.
 */
export function decideOrphans(sweep: PodSweep): readonly Suspect[] | "too-many" {
  return sweep.orphans * 5 > sweep.pods ? "too-many" : sweep.suspects;
}

export function encodeSweep(sweep: PodSweep): string {
  return JSON.stringify(sweep);
}

/** Null where it is nothing that this version wrote: the sweep begins anew. */
export function parseSweep(text: string): PodSweep | null {
  const value = parseJson(text);
  if (!isObject(value)) return null;
  const { next, after, listed, suspects } = value;
  const [startedAt, pods, orphans] = ["startedAt", "pods", "orphans"].map((name) => integerAt(value, name));
  if (typeof after !== "string" || typeof listed !== "boolean" || !Array.isArray(suspects)) return null;
  if (!(next === null || typeof next === "string") || !isCount(startedAt) || !isCount(pods) || !isCount(orphans))
    return null;
  const known = suspects.map(parseSuspect);
  return known.every((suspect) => suspect !== null)
    ? { startedAt, next, after, listed, pods, orphans, suspects: known }
    : null;
}

function isCount(value: number | null | undefined): value is number {
  return typeof value === "number" && value >= 0;
}

function parseSuspect(value: unknown): Suspect | null {
  if (!isObject(value)) return null;
  const [name, uid] = [stringAt(value, "name"), stringAt(value, "uid")];
  return name === null || uid === null ? null : { name, uid };
}
