// Owns how an answer of the API comes back: a value, or a code and a sentence.
// Must not know what was asked.

export interface ApiFailure {
  readonly ok: false;
  /** The API's own code, or `UNREACHABLE` where no answer came that can be understood. */
  readonly code: string;
  /** A sentence for a person, with a next step. */
  readonly message: string;
}

export type ApiResult<T> = { readonly ok: true; readonly value: T } | ApiFailure;

export function unreachable(message: string): ApiFailure {
  return { ok: false, code: "UNREACHABLE", message };
}
