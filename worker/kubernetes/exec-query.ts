// Owns how an exec is asked for: what is wished, and the query that says so.
// Must not know sockets; what the cluster's rules are held against reads it too, outside of workerd.

export interface ExecRequest {
  readonly pod: string;
  readonly container: string;
  /** One word of the command line each. */
  readonly command: readonly string[];
  /** With a tty there is no stderr of its own. */
  readonly tty: boolean;
  /** Until the upgrade is answered, in milliseconds. */
  readonly timeoutMs: number;
}

/** The query of an exec, as in `remotecommand` of client-go. */
export function execQuery(request: ExecRequest): readonly (readonly [string, string])[] {
  return [
    ["container", request.container],
    ...request.command.map((word) => ["command", word] as const),
    ["stdin", "true"],
    ["stdout", "true"],
    ...(request.tty ? [] : [["stderr", "true"] as const]),
    ["tty", String(request.tty)],
  ];
}
