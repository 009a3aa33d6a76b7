// Owns what can go wrong in a request to the cluster, and the error that a person is shown for it.
// Must not know which request it was, nor retry anything.

import { LimpetError } from "../errors.ts";
import { integerAt, isObject, objectAt, parseJson, stringAt } from "./json.ts";

/**
 * Why a request came to nothing.
 * - `unreachable`: no answer (refused, cut, no such host); whether the cluster did as asked is not known.
 * - `timeout`: no whole answer in time; likewise not known.
 * - `garbled`: an answer that is not Kubernetes' own (cut, too long, not JSON, not the object asked for); not known.
 * - `refused`: an answer with an HTTP status of 400 or more. Above 499 it is not known whether it was done.
 */
export interface ClusterFailure {
  readonly kind: "unreachable" | "timeout" | "garbled" | "refused";
  /** The HTTP status of the answer, where there was one. */
  readonly status: number | null;
  /** Kubernetes' own word (`metav1.StatusReason`): `NotFound`, `AlreadyExists`, `Forbidden`, …; null where it gave none. */
  readonly reason: string | null;
  /** The cluster's own words, at most 1,000 characters. Never holds a token. */
  readonly message: string;
  /** How long the cluster asks to wait before the next try, where it does. */
  readonly retryAfterMs: number | null;
  /** Both clocks (unix milliseconds) where a token was refused while they were too far apart. */
  readonly clocks?: Clocks;
}

export interface Clocks {
  readonly clusterMs: number;
  readonly edgeMs: number;
}

/** A token is dated back by as much (token.ts): clocks further apart than this make it one of another time. */
const mostApartMs = 30_000;

/** Longest message of the cluster's that is kept, in UTF-16 units. */
const maxMessageLength = 1000;
/** What a signed token looks like, should a proxy on the way quote the request. */
const tokens = /eyJ[\w-]+\.[\w-]+\.[\w-]*/g;
/** Longest wait that is granted to a Retry-After. */
const maxRetryAfterMs = 60_000;

export function failure(
  kind: ClusterFailure["kind"],
  message: string,
  rest: Partial<Omit<ClusterFailure, "kind" | "message">> = {},
): ClusterFailure {
  const told = message.replace(tokens, "[token]").slice(0, maxMessageLength);
  return { kind, status: null, reason: null, retryAfterMs: null, ...rest, message: told };
}

/**
 * The failure that an answer of 400 or more stands for. The body is a `metav1.Status` where Kubernetes itself answers;
 * proxies on the way answer with anything at all.
 */
export function refusal(status: number, headers: Headers, body: string, edgeMs: number): ClusterFailure {
  const parsed = parseJson(body);
  const said = isObject(parsed) && parsed["kind"] === "Status" ? parsed : {};
  const seconds = integerAt(objectAt(said, "details"), "retryAfterSeconds") ?? secondsOf(headers.get("retry-after"));
  const clocks = status === 401 ? clocksApart(headers.get("date"), edgeMs) : null;
  return failure("refused", stringAt(said, "message") ?? `HTTP status ${status} without a word`, {
    status,
    reason: stringAt(said, "reason"),
    retryAfterMs: seconds === null ? null : Math.min(seconds * 1000, maxRetryAfterMs),
    ...(clocks === null ? {} : { clocks }),
  });
}

/** The two clocks where an answer's `Date` (whole seconds) is too far from ours; null where it is near, or none. */
export function clocksApart(date: string | null, edgeMs: number): Clocks | null {
  const clusterMs = date === null ? Number.NaN : Date.parse(date);
  return Math.abs(clusterMs - edgeMs) > mostApartMs ? { clusterMs, edgeMs } : null;
}

/** Retry-After in seconds; its other form, a date, is not used by Kubernetes and is passed over. */
function secondsOf(retryAfter: string | null): number | null {
  return retryAfter !== null && /^\d{1,6}$/.test(retryAfter) ? Number(retryAfter) : null;
}

const passing: readonly number[] = [401, 408, 409, 410, 425, 429];

/** True where the same request may succeed later without anybody's doing. */
export function isPassing(why: ClusterFailure): boolean {
  // 401 passes: a key was rotated a moment ago. So do 409 (two changes met, of a quota for one) and 410 (asked anew, it is fresh).
  return why.kind !== "refused" || why.status === null || why.status >= 500 || passing.includes(why.status);
}

/** True where the cluster may have done as asked although it did not say so. */
export function isInDoubt(why: ClusterFailure): boolean {
  return why.kind !== "refused" || (why.status !== null && why.status >= 500);
}

/** A namespace's quota does not allow one pod more (the API server's admission plugin ResourceQuota says it so). */
export function isQuota(why: ClusterFailure): boolean {
  return why.status === 403 && /exceeded quota|failed quota/i.test(why.message);
}

/** The error for a person: what happened, in the cluster's own words, and what to do about it. */
export function clusterError(why: ClusterFailure): LimpetError {
  if (isQuota(why)) {
    return new LimpetError(
      "CLUSTER_QUOTA",
      `The cluster has no room left for one more shell (${why.message}). Delete a shell that nobody needs, or ask for a larger quota.`,
    );
  }
  if (why.clocks !== undefined) {
    const { clusterMs, edgeMs } = why.clocks;
    return new LimpetError(
      "CLUSTER_CLOCK",
      `The clocks of the cluster and of Limpet are too far apart: there it is ${isoTime(clusterMs)}, here ${isoTime(edgeMs)}, and a token lives for a minute. Tell whoever runs the cluster to set its clock (NTP).`,
    );
  }
  if (why.kind === "unreachable" || why.kind === "timeout" || why.kind === "garbled") {
    return new LimpetError(
      "CLUSTER_UNAVAILABLE",
      `The cluster cannot be reached (${why.message}). Limpet tries again by itself; if it lasts, tell whoever runs the cluster.`,
    );
  }
  if (isPassing(why) && why.status !== 401) {
    return new LimpetError(
      "CLUSTER_UNAVAILABLE",
      `The cluster is not able to answer now (${why.message}). Limpet tries again by itself; if it lasts, tell whoever runs the cluster.`,
    );
  }
  return new LimpetError(
    "CLUSTER_REFUSED",
    `The cluster refused this (${why.message}). Tell whoever runs Limpet: its rights in the cluster or its settings do not fit.`,
  );
}

/** `2026-11-23T14:03:07Z` */
function isoTime(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}
