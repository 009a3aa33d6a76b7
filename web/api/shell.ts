// Owns what a shell is on this page, and the parsing of the API's answer to it.
// Must not know what was asked.

import { type ShellPhase, shellPhases } from "../../durable/protocol/messages.ts";
import type { CloudProvider, GitSignIn, SecretKind, SetupState, SetupStep } from "./generated.ts";
import { type Fields, isFields } from "./graphql.ts";

export interface Shell {
  readonly id: string;
  readonly podName: string;
  readonly phase: ShellPhase;
  readonly reason: string | null;
  readonly detail: string | null;
  readonly alive: boolean;
  readonly provider: CloudProvider | null;
  readonly gitUrl: string | null;
  readonly gitBranch: string | null;
  readonly gitSignIn: GitSignIn | null;
  /** One line, as OpenSSH writes it. */
  readonly gitPublicKey: string | null;
  readonly workspace: string | null;
  readonly saveUpstream: boolean;
  readonly setup: readonly SetupCheck[];
  /** What was given last is not in the pod yet. */
  readonly setupPending: boolean;
  readonly missing: readonly MissingThing[];
  /** Unix milliseconds at which each was given. */
  readonly secrets: ReadonlyMap<SecretKind, number>;
  /** Unix milliseconds, as all times here. */
  readonly expiresAt: number | null;
  /** Its longest life: the end cannot be moved beyond it. */
  readonly extendableUntil: number | null;
  readonly lastSavedAt: number | null;
}

export interface SetupCheck {
  readonly step: SetupStep;
  readonly state: SetupState;
  readonly code: string | null;
  readonly text: string;
  readonly at: number;
}

export interface MissingThing {
  readonly code: string;
  readonly step: SetupStep;
  readonly text: string;
}

const clouds = ["AWS", "GOOGLE", "AZURE"] as const satisfies readonly CloudProvider[];
const signIns = ["DEPLOY_KEY", "KEY", "TOKEN"] as const satisfies readonly GitSignIn[];
const states = ["DONE", "FAILED", "SKIPPED", "CONFLICT"] as const satisfies readonly SetupState[];
const kinds = ["GIT_KEY", "GIT_TOKEN", ...clouds, "KUBECONFIG"] as const satisfies readonly SecretKind[];
const steps = [
  "EDGE",
  "IDENTITY",
  "GIT",
  ...clouds,
  "KUBECONFIG",
  "HOME",
  "CLONE",
  "WORK",
] as const satisfies readonly SetupStep[];

/** `null` where it is no shell. Steps and secrets of a newer Limpet are left out. */
export function parseShell(value: unknown): Shell | null {
  if (!isFields(value)) return null;
  const { id, podName, alive, saveUpstream, setupPending } = value;
  const phase = parsePhase(value["phase"]);
  if (typeof id !== "string" || typeof podName !== "string" || typeof alive !== "boolean" || phase === null)
    return null;
  return {
    id,
    podName,
    phase,
    alive,
    reason: textOrNull(value["reason"]),
    detail: textOrNull(value["detail"]),
    provider: oneOf(clouds, value["provider"]),
    gitUrl: textOrNull(value["gitUrl"]),
    gitBranch: textOrNull(value["gitBranch"]),
    gitSignIn: oneOf(signIns, value["gitSignIn"]),
    gitPublicKey: textOrNull(value["gitPublicKey"]),
    workspace: textOrNull(value["workspace"]),
    saveUpstream: saveUpstream === true,
    setup: listOf(value["setup"], parseCheck),
    setupPending: setupPending === true,
    missing: listOf(value["missing"], parseMissing),
    secrets: new Map(listOf(value["secrets"], parseSecret)),
    expiresAt: timeOrNull(value["expiresAt"]),
    extendableUntil: timeOrNull(value["extendableUntil"]),
    lastSavedAt: timeOrNull(value["lastSavedAt"]),
  };
}

function parseCheck(fields: Fields): SetupCheck | null {
  const [step, state] = [oneOf(steps, fields["step"]), oneOf(states, fields["state"])];
  const [text, at] = [fields["text"], timeOrNull(fields["at"])];
  if (step === null || state === null || typeof text !== "string" || at === null) return null;
  return { step, state, code: textOrNull(fields["code"]), text, at };
}

function parseMissing(fields: Fields): MissingThing | null {
  const { code, text } = fields;
  const step = oneOf(steps, fields["step"]);
  return step === null || typeof code !== "string" || typeof text !== "string" ? null : { code, step, text };
}

function parseSecret(fields: Fields): [SecretKind, number] | null {
  const [kind, setAt] = [oneOf(kinds, fields["kind"]), timeOrNull(fields["setAt"])];
  return kind === null || setAt === null ? null : [kind, setAt];
}

/** GraphQL writes `SETTING_UP` for what limpet.v1 writes `setting-up`. */
function parsePhase(value: unknown): ShellPhase | null {
  if (typeof value !== "string") return null;
  return oneOf(shellPhases, value.toLowerCase().replaceAll("_", "-"));
}

/** What `parse` does not know is left out; what is no list is an empty one. */
export function listOf<T>(value: unknown, parse: (fields: Fields) => T | null): readonly T[] {
  const items: readonly unknown[] = Array.isArray(value) ? value : [];
  return items.flatMap((item) => {
    const parsed = isFields(item) ? parse(item) : null;
    return parsed === null ? [] : [parsed];
  });
}

function oneOf<T extends string>(words: readonly T[], value: unknown): T | null {
  return words.find((word) => word === value) ?? null;
}

export function textOrNull(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

/** RFC 3339 to unix milliseconds. */
export function timeOrNull(value: unknown): number | null {
  const at = typeof value === "string" ? Date.parse(value) : Number.NaN;
  return Number.isNaN(at) ? null : at;
}
