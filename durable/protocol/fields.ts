// Owns the guards that read one field of a peer's JSON: unknown in, a typed value or a named rule out.
// Must not know which message a field belongs to.

import { type PaneId, type Role, type StreamId, shellPhases, type ViewerId, type WindowId } from "./messages.ts";

/** Thrown by a guard and caught by the codec around it (parse.ts, attachment.ts): it never leaves either. */
export class FieldError extends Error {
  /** Path of the field from the message's root, such as `panes[3].output`; empty for the message itself. */
  readonly field: string;
  /** What it must be, completing "FIELD must be …". */
  readonly rule: string;

  constructor(field: string, rule: string) {
    super(`${field === "" ? "message" : field} must be ${rule}`);
    this.name = "FieldError";
    this.field = field;
    this.rule = rule;
  }
}

/** A JSON object whose fields have not been looked at. */
export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function readFields(value: unknown, field: string): Fields {
  if (isFields(value)) return value;
  throw new FieldError(field, "an object");
}

export function readArray(value: unknown, field: string, most: number): readonly unknown[] {
  if (Array.isArray(value) && value.length <= most) return value;
  throw new FieldError(field, `an array of at most ${most}`);
}

/** A whole number within bounds, both included. Refuses fractions and what a double cannot hold exactly; -0 is 0. */
export function readInteger(value: unknown, field: string, least: number, most: number): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= least && value <= most) return value + 0;
  throw new FieldError(field, `an integer from ${least} to ${most}`);
}

/** An offset in a stream, a count or a length: 0 to 2^53 - 1. */
export function readOffset(value: unknown, field: string): number {
  return readInteger(value, field, 0, Number.MAX_SAFE_INTEGER);
}

export function readBoolean(value: unknown, field: string): boolean {
  if (typeof value === "boolean") return value;
  throw new FieldError(field, "true or false");
}

/** For a flag that is either `true` or not there. `false` counts as not there. */
export function readFlag(value: unknown, field: string): boolean {
  return value === undefined ? false : readBoolean(value, field);
}

/** `most` in UTF-16 units. */
export function readString(value: unknown, field: string, most: number): string {
  if (typeof value === "string" && value.length <= most) return value;
  throw new FieldError(field, `a string of at most ${most}`);
}

export function readOneOf<T extends string>(value: unknown, field: string, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === value);
  if (found !== undefined) return found;
  throw new FieldError(field, `one of ${choices.join(", ")}`);
}

/** What `null` stands for stays `null`; everything else goes to `read`. */
export function readNullable<T>(value: unknown, field: string, read: (value: unknown, field: string) => T): T | null {
  return value === null ? null : read(value, field);
}

function readMatching(value: unknown, field: string, pattern: RegExp, rule: string): string {
  if (typeof value === "string" && pattern.test(value)) return value;
  throw new FieldError(field, rule);
}

export function readViewerId(value: unknown, field: string): ViewerId {
  return readMatching(value, field, /^[0-9a-f]{32}$/, "32 lower-case hex digits");
}

export function readStreamId(value: unknown, field: string): StreamId {
  return readMatching(value, field, /^[0-9a-f]{32}$/, "32 lower-case hex digits");
}

export function readPaneId(value: unknown, field: string): PaneId {
  return readMatching(value, field, /^%[0-9]{1,9}$/, "% and a number");
}

export function readWindowId(value: unknown, field: string): WindowId {
  return readMatching(value, field, /^@[0-9]{1,9}$/, "@ and a number");
}

export function readColour(value: unknown, field: string): string {
  return readMatching(value, field, /^#[0-9a-fA-F]{6}$/, "# and six hex digits");
}

export function readRole(value: unknown, field: string): Role {
  return readOneOf<Role>(value, field, ["drive", "view"]);
}

export function readPhase(value: unknown, field: string): (typeof shellPhases)[number] {
  return readOneOf(value, field, shellPhases);
}
