// Owns one exec from the wish to open it to its end: the outbound WebSocket and what it says.
// Must not know how messages on it are framed, nor when to try again.

import { type ExecProtocol, openExec } from "../../worker/kubernetes/exec.ts";
import { containerName, scripts } from "../../worker/kubernetes/pod-manifest.ts";
import type { ClusterClient } from "../../worker/kubernetes/request.ts";

/** Until the cluster answers the upgrade, in milliseconds. Seen on a healthy one: 4 to 9. */
const connectTimeoutMs = 8_000;

export interface ExecListener {
  opened(protocol: ExecProtocol): void;
  /** One whole message, channel byte included. */
  message(data: Uint8Array): void;
  closed(end: { readonly code: number; readonly reason: string }): void;
  /** The upgrade was refused, or never answered (`status` 0). */
  refused(why: { readonly status: number; readonly reason: string | null; readonly message: string }): void;
}

/**
 * The listener hears `opened` then messages then `closed`, or `refused` alone; each end once, and nothing at all after
 * `close`, whatever order the platform's own events come in.
 */
export class ExecLink {
  readonly #listener: ExecListener;
  readonly #cancel = new AbortController();
  #socket: WebSocket | null = null;
  #over = false;

  constructor(cluster: ClusterClient, pod: string, mode: "control" | "plain", listener: ExecListener) {
    this.#listener = listener;
    void this.#open(cluster, pod, mode);
  }

  /** Dropped where the exec is not open: whoever sends learns of that by `closed`. */
  send(data: Uint8Array): void {
    try {
      this.#socket?.send(data);
    } catch {
      // Closing already: `close` or `error` is on its way.
      this.#end(() => this.#listener.closed({ code: 1006, reason: "" }));
    }
  }

  /** Gives it up, in whatever state it is. */
  close(): void {
    this.#end(() => undefined);
  }

  async #open(cluster: ClusterClient, pod: string, mode: "control" | "plain"): Promise<void> {
    const answer = await openExec(
      cluster,
      {
        pod,
        container: containerName,
        command: [`${scripts}/attach`, mode],
        tty: mode === "plain",
        timeoutMs: connectTimeoutMs,
      },
      this.#cancel.signal,
    );
    if (!answer.ok) {
      const { status, reason, message } = answer.failure;
      this.#end(() => this.#listener.refused({ status: status ?? 0, reason, message }));
      return;
    }
    const { socket, protocol } = answer;
    if (this.#over) {
      socket.accept();
      socket.close(1000);
      return;
    }
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => {
      if (this.#over) return;
      // The protocol is binary; a text message would be a server that speaks something else.
      if (data instanceof ArrayBuffer) this.#listener.message(new Uint8Array(data));
      else this.#end(() => this.#listener.closed({ code: 1003, reason: "a text message on an exec" }));
    });
    socket.addEventListener("close", ({ code, reason }) => {
      this.#end(() => this.#listener.closed({ code, reason }));
    });
    // A message that is too large gives an error and no close at all.
    socket.addEventListener("error", () => {
      this.#end(() => this.#listener.closed({ code: 1006, reason: "the connection failed" }));
    });
    socket.accept();
    this.#listener.opened(protocol);
  }

  #end(tell: () => void): void {
    if (this.#over) return;
    this.#over = true;
    this.#cancel.abort();
    try {
      this.#socket?.close(1000);
    } catch {
      // It is closed already.
    }
    this.#socket = null;
    tell();
  }
}
