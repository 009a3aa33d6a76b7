// Owns the operations that this page asks of the API, and what their answers look like here.
// Must not know screens.

import { type ShellPhase, shellPhases } from "../../durable/protocol/messages.ts";
import { CreateShellDocument, DeleteShellDocument, RebootShellDocument, StartDocument } from "./generated.ts";
import { askGraphql, isFields } from "./graphql.ts";
import type { ApiResult } from "./result.ts";

export interface Person {
  readonly id: string;
  /** As the identity provider gave it: a name, else a mail address. */
  readonly name: string | null;
}

export interface Shell {
  readonly id: string;
  readonly podName: string;
  readonly phase: ShellPhase;
  readonly reason: string | null;
  readonly detail: string | null;
  readonly alive: boolean;
}

export interface Start {
  readonly person: Person;
  readonly shell: Shell | null;
}

/** Who is signed in, and their shell if they have one. */
export function askStart(): Promise<ApiResult<Start>> {
  return askGraphql(StartDocument, (data) => {
    if (!isFields(data)) return null;
    const person = parsePerson(data["viewer"]);
    const shell = parseShell(data["shell"]);
    if (person === null || (shell === null && data["shell"] !== null)) return null;
    return { person, shell };
  });
}

export function createShell(): Promise<ApiResult<Shell>> {
  return askGraphql(CreateShellDocument, (data) => parseShell(isFields(data) ? data["createShell"] : null));
}

/** Creates the pod again where it is gone. */
export function rebootShell(): Promise<ApiResult<Shell>> {
  return askGraphql(RebootShellDocument, (data) => parseShell(isFields(data) ? data["rebootShell"] : null));
}

export function deleteShell(): Promise<ApiResult<Shell>> {
  return askGraphql(DeleteShellDocument, (data) => parseShell(isFields(data) ? data["deleteShell"] : null));
}

function parsePerson(value: unknown): Person | null {
  if (!isFields(value) || typeof value["id"] !== "string") return null;
  const name = textOrNull(value["name"]) ?? textOrNull(value["email"]);
  return { id: value["id"], name };
}

function parseShell(value: unknown): Shell | null {
  if (!isFields(value)) return null;
  const { id, podName, alive } = value;
  const phase = parsePhase(value["phase"]);
  if (typeof id !== "string" || typeof podName !== "string" || typeof alive !== "boolean" || phase === null)
    return null;
  return { id, podName, phase, reason: textOrNull(value["reason"]), detail: textOrNull(value["detail"]), alive };
}

/** GraphQL writes `SETTING_UP` for what limpet.v1 writes `setting-up`. */
function parsePhase(value: unknown): ShellPhase | null {
  if (typeof value !== "string") return null;
  const name = value.toLowerCase().replaceAll("_", "-");
  return shellPhases.find((phase) => phase === name) ?? null;
}

function textOrNull(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}
