// Owns the one base error, its stable codes, and the one table from code to HTTP status.
// Must not know routes, GraphQL or the cluster.

/** Every code that leaves Limpet, with the HTTP status it means. GraphQL puts the code in `extensions.code`. */
export const statusByCode = {
  BAD_REQUEST: 400,
  UNAUTHENTICATED: 401,
  SIGN_IN_FAILED: 400,
  FORBIDDEN: 403,
  NOT_INVITED: 403,
  FOREIGN_ORIGIN: 403,
  NOT_FOUND: 404,
  SHELL_NOT_FOUND: 404,
  SNAPSHOT_NOT_FOUND: 404,
  INVALID_GIT_URL: 400,
  INVALID_GIT_BRANCH: 400,
  INVALID_GIT_KEY: 400,
  INVALID_GIT_TOKEN: 400,
  INVALID_WORKSPACE: 400,
  INVALID_CREDENTIALS: 400,
  INVALID_KUBECONFIG: 400,
  INVALID_CAPABILITY: 401,
  SAVE_OFF: 403,
  SHELL_LIMIT: 403,
  NOT_EXTENDABLE: 409,
  NOT_RUNNING: 409,
  TOO_LARGE: 413,
  TOO_MANY_REQUESTS: 429,
  UPGRADE_REQUIRED: 426,
  MISCONFIGURED: 500,
  INTERNAL: 500,
  ISSUER_UNAVAILABLE: 502,
  CLUSTER_REFUSED: 502,
  CLUSTER_UNAVAILABLE: 503,
  CLUSTER_QUOTA: 503,
  CLUSTER_CLOCK: 502,
  /** A secret was sealed under a key that is not there any more, or is damaged. */
  SECRET_UNREADABLE: 500,
} as const satisfies Record<string, number>;

export type ErrorCode = keyof typeof statusByCode;
export type ErrorStatus = (typeof statusByCode)[ErrorCode];

export function statusOf(code: ErrorCode): ErrorStatus {
  return statusByCode[code];
}

/** A failure that is meant to be seen: `message` is a sentence for a person, with a next step and no secrets. */
export class LimpetError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "LimpetError";
    this.code = code;
  }

  get status(): ErrorStatus {
    return statusOf(this.code);
  }
}
