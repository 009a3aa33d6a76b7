// Owns the result of looking at what a person gave: a value that is good, or what is wrong with it.
// Must not know what was given.

import type { ErrorCode } from "../errors.ts";

/** `message`: what is wrong and what to do, in sentences; never what was given where that may be a secret. */
export interface Fault {
  readonly ok: false;
  readonly code: ErrorCode;
  readonly message: string;
}

export type Checked<T> = { readonly ok: true; readonly value: T } | Fault;

export function good<T>(value: T): Checked<T> {
  return { ok: true, value };
}

export function fault(code: ErrorCode, message: string): Fault {
  return { ok: false, code, message };
}

/** C0, DEL and C1 controls, and halves of a character: nothing that a person means to give has them. */
export function hasControls(text: string): boolean {
  return /\p{Cc}/u.test(text) || !text.isWellFormed();
}

/** Printable ASCII without blanks: what tokens, keys and ids are made of. */
export function isPlain(text: string, most: number): boolean {
  return text.length <= most && /^[!-~]+$/.test(text);
}
