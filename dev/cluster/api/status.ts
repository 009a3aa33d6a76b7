// Owns Kubernetes' Status objects: reasons, codes and the words of the API server.
// Must not know HTTP or where a Status is sent.

/** One cause in a Status' details (apimachinery `metav1.StatusCause`). */
export interface StatusCause {
  readonly reason?: string;
  readonly message?: string;
  readonly field?: string;
}

export interface StatusDetails {
  readonly name?: string;
  readonly kind?: string;
  readonly uid?: string;
  readonly causes?: readonly StatusCause[];
  readonly retryAfterSeconds?: number;
}

/** `metav1.Status`. `code` is the HTTP status; an exec's own Success has none. */
export interface Status {
  readonly kind?: "Status";
  readonly apiVersion?: "v1";
  readonly metadata: Readonly<Record<string, never>>;
  readonly status: "Success" | "Failure";
  readonly message?: string;
  readonly reason?: string;
  readonly details?: StatusDetails;
  readonly code?: number;
}

/** An expected failure of the API, as a value. */
export class Refusal {
  readonly code: number;
  readonly status: Status;

  constructor(code: number, reason: string, message: string, details?: StatusDetails) {
    this.code = code;
    this.status = {
      kind: "Status",
      apiVersion: "v1",
      metadata: {},
      status: "Failure",
      message,
      reason,
      ...(details === undefined ? {} : { details }),
      code,
    };
  }
}

/** A field that validation refuses (`field.Error`): the cause's reason, its path and its words. */
export interface FieldError {
  readonly reason: "FieldValueInvalid" | "FieldValueRequired" | "FieldValueForbidden" | "FieldValueNotSupported";
  readonly field: string;
  readonly message: string;
}

// The words below are those of apimachinery `pkg/api/errors/errors.go` and of the pod registry (Kubernetes 1.34).

export const unauthorized = (): Refusal => new Refusal(401, "Unauthorized", "Unauthorized");

export const badRequest = (message: string): Refusal => new Refusal(400, "BadRequest", message);

export const notFound = (resource: string, name: string): Refusal =>
  new Refusal(404, "NotFound", `${resource} "${name}" not found`, { name, kind: resource });

export const unknownPath = (): Refusal =>
  new Refusal(404, "NotFound", "the server could not find the requested resource", {});

export const methodNotAllowed = (): Refusal =>
  new Refusal(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {});

export function forbidden(resource: string, name: string | undefined, explanation: string): Refusal {
  const subject = name === undefined || name === "" ? `${resource} is forbidden` : `${resource} "${name}" is forbidden`;
  const details = name === undefined ? { kind: resource } : { name, kind: resource };
  return new Refusal(403, "Forbidden", `${subject}: ${explanation}`, details);
}

export function alreadyExists(resource: string, name: string, terminating: boolean): Refusal {
  const message = `${resource} "${name}" already exists`;
  return new Refusal(409, "AlreadyExists", terminating ? `object is being deleted: ${message}` : message, {
    name,
    kind: resource,
  });
}

export const conflict = (kind: string, name: string, why: string): Refusal =>
  new Refusal(409, "Conflict", `Operation cannot be fulfilled on ${kind} "${name}": ${why}`, { name, kind });

export const expired = (message: string): Refusal => new Refusal(410, "Expired", message);

export const tooLarge = (limitBytes: number): Refusal =>
  new Refusal(413, "RequestEntityTooLarge", `Request entity too large: limit is ${limitBytes}`);

export const unsupportedMediaType = (accepted: readonly string[]): Refusal =>
  new Refusal(
    415,
    "UnsupportedMediaType",
    `the body of the request was in an unknown format - accepted media types include: ${accepted.join(", ")}`,
  );

export function invalid(kind: string, name: string, errors: readonly FieldError[]): Refusal {
  const said = errors.map((error) => `${error.field}: ${error.message}`);
  const list = said.length === 1 ? said[0] : `[${said.join(", ")}]`;
  return new Refusal(422, "Invalid", `${kind} "${name}" is invalid: ${list}`, {
    name,
    kind,
    causes: errors.map(({ reason, message, field }) => ({ reason, message, field })),
  });
}

export const internalError = (message: string): Refusal =>
  new Refusal(500, "InternalError", `Internal error occurred: ${message}`, { causes: [{ message }] });

/** What an exec says on its error channel when the command ended with 0. */
export const execSuccess: Status = { metadata: {}, status: "Success" };

/** What an exec says on its error channel when the command ended with another code (kubelet `remotecommand/exec.go`). */
export function execExited(code: number): Status {
  return {
    metadata: {},
    status: "Failure",
    message: `command terminated with non-zero exit code: command terminated with exit code ${code}`,
    reason: "NonZeroExitCode",
    details: { causes: [{ reason: "ExitCode", message: String(code) }] },
  };
}
