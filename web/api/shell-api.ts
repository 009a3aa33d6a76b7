// Owns the operations on a shell that this page asks of the API.
// Must not know screens, nor what an answer looks like inside.

import {
  CreateShellDocument,
  DeleteShellDocument,
  ExtendShellDocument,
  type Operation,
  RebootShellDocument,
  RestartShellDocument,
  SetupShellDocument,
  type SetupShellInput,
  ShellDocument,
  StartDocument,
  StopShellDocument,
  UpdateShellDocument,
  type UpdateShellInput,
} from "./generated.ts";
import { askGraphql, isFields } from "./graphql.ts";
import type { ApiResult } from "./result.ts";
import { parseShell, type Shell, textOrNull } from "./shell.ts";

export interface Person {
  readonly id: string;
  /** As the identity provider gave it: a name, else a mail address. */
  readonly name: string | null;
  readonly administrator: boolean;
}

export interface Start {
  readonly person: Person;
  readonly shell: Shell | null;
}

/** Who is signed in, and their shell if they have one. */
export function askStart(): Promise<ApiResult<Start>> {
  return askGraphql(StartDocument, {}, (data) => {
    if (!isFields(data)) return null;
    const person = parsePerson(data["viewer"]);
    const shell = parseShell(data["shell"]);
    if (person === null || (shell === null && data["shell"] !== null)) return null;
    return { person, shell };
  });
}

/** The shell as it is now; `SHELL_NOT_FOUND` where there is none. */
export async function askShell(): Promise<ApiResult<Shell>> {
  const asked = await askGraphql(ShellDocument, {}, (data) => {
    if (!isFields(data)) return null;
    const shell = parseShell(data["shell"]);
    return shell === null && data["shell"] !== null ? null : { shell };
  });
  if (!asked.ok) return asked;
  const { shell } = asked.value;
  if (shell !== null) return { ok: true, value: shell };
  return { ok: false, code: "SHELL_NOT_FOUND", message: "There is no shell any more." };
}

/** A new one, or the one that was stopped. */
export function createShell(): Promise<ApiResult<Shell>> {
  return change(CreateShellDocument, {}, "createShell");
}

/** Creates the pod again where it is gone. */
export function rebootShell(): Promise<ApiResult<Shell>> {
  return change(RebootShellDocument, {}, "rebootShell");
}

export function restartShell(): Promise<ApiResult<Shell>> {
  return change(RestartShellDocument, {}, "restartShell");
}

export function stopShell(): Promise<ApiResult<Shell>> {
  return change(StopShellDocument, {}, "stopShell");
}

/** Moves its end away. */
export function extendShell(): Promise<ApiResult<Shell>> {
  return change(ExtendShellDocument, {}, "extendShell");
}

export function deleteShell(): Promise<ApiResult<Shell>> {
  return change(DeleteShellDocument, {}, "deleteShell");
}

/** Gives or removes repository and credentials; `{}`: sets up again what is there. */
export function setupShell(input: SetupShellInput): Promise<ApiResult<Shell>> {
  return change(SetupShellDocument, { input }, "setupShell");
}

export function updateShell(input: UpdateShellInput): Promise<ApiResult<Shell>> {
  return change(UpdateShellDocument, { input }, "updateShell");
}

function change<Variables extends object>(
  operation: Operation<unknown, Variables>,
  variables: Variables,
  field: string,
): Promise<ApiResult<Shell>> {
  return askGraphql(operation, variables, (data) => parseShell(isFields(data) ? data[field] : null));
}

function parsePerson(value: unknown): Person | null {
  if (!isFields(value) || typeof value["id"] !== "string") return null;
  const name = textOrNull(value["name"]) ?? textOrNull(value["email"]);
  return { id: value["id"], name, administrator: value["administrator"] === true };
}
