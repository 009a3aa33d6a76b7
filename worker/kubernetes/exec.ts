// Owns the opening of an exec: a WebSocket into a process in a pod.
// Must not know what runs at its other end, nor how messages on it are framed.

import { type ExecRequest, execQuery } from "./exec-query.ts";
import { type ClusterFailure, failure, refusal } from "./failure.ts";
import { podPath } from "./pods.ts";
import { type ClusterClient, networkFailure, readBounded } from "./request.ts";

/** Newest first; the server takes v5 wherever it is offered. Both frame alike but for v5's half-close. */
const subprotocols = { "v5.channel.k8s.io": "v5", "v4.channel.k8s.io": "v4" } as const;
export type ExecProtocol = (typeof subprotocols)[keyof typeof subprotocols];

/** Longest answer to a refused upgrade that is read, in bytes. */
const maxRefusalBytes = 16 * 1024;

export type ExecAnswer =
  /** `binaryType` is set; the socket is not accepted yet, so that no message can pass its listeners by. */
  | { readonly ok: true; readonly socket: WebSocket; readonly protocol: ExecProtocol }
  | { readonly ok: false; readonly failure: ClusterFailure };

/**
 * Opens an exec. A refusal before the upgrade is a value (401, 403 and 404 with a Status; 400 where the pod has no node
 * or no such container); one after it comes as a message on the exec's error channel. `cancel` gives the attempt up.
 */
export async function openExec(cluster: ClusterClient, request: ExecRequest, cancel: AbortSignal): Promise<ExecAnswer> {
  const url = cluster.url(`${podPath(request.pod)}/exec`, execQuery(request));
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), request.timeoutMs);
  const giveUp = () => limit.abort();
  cancel.addEventListener("abort", giveUp);
  try {
    const response = await fetch(url, {
      headers: {
        authorization: await cluster.authorization("GET", url, request.pod),
        upgrade: "websocket",
        "sec-websocket-protocol": Object.keys(subprotocols).join(", "),
      },
      redirect: "manual",
      signal: limit.signal,
    });
    const socket = response.webSocket;
    if (socket === null) {
      const body = await readBounded(response, maxRefusalBytes);
      const why = refusal(response.status, response.headers, body ?? "", cluster.nowMs());
      return { ok: false, failure: why };
    }
    const protocol = protocolNamed(response.headers.get("sec-websocket-protocol"));
    if (protocol === null || cancel.aborted) {
      socket.accept();
      socket.close(1002, "limpet speaks v5 and v4 of the channel protocol");
      return { ok: false, failure: failure("garbled", "its exec speaks no channel protocol that Limpet knows") };
    }
    // Blobs, the default since 2026-03-17, could only be read asynchronously: messages would overtake each other.
    socket.binaryType = "arraybuffer";
    return { ok: true, socket, protocol };
  } catch {
    return { ok: false, failure: networkFailure(limit.signal, request.timeoutMs) };
  } finally {
    clearTimeout(timer);
    cancel.removeEventListener("abort", giveUp);
  }
}

function protocolNamed(name: string | null): ExecProtocol | null {
  return name === "v5.channel.k8s.io" || name === "v4.channel.k8s.io" ? subprotocols[name] : null;
}
