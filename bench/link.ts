// Owns what every measured way to a shell has in common: bytes up, bytes down.
// Must not know what is measured.

import { once } from "node:events";
import { WebSocket } from "ws";

/** A way to a running program. `onBytes` is called with each piece of its output, in order. */
export interface Link {
  readonly name: string;
  send(bytes: Uint8Array): void;
  onBytes: (bytes: Uint8Array) => void;
  close(): Promise<void>;
}

/** Channel bytes of Kubernetes' exec protocol (apimachinery pkg/util/remotecommand/constants.go). */
const stdin = 0;
const stdout = 1;
const errorChannel = 3;
const resize = 4;

export interface ExecTarget {
  readonly name: string;
  /** ws(s) URL of the exec, or of the relay before it. */
  readonly url: string;
  /** `null`: `tls` says who asks. */
  readonly token: string | null;
  /** PEM: an authority that is not public, and a client's own certificate. */
  readonly tls?: { readonly ca: string; readonly cert: string; readonly key: string };
  readonly cols: number;
  readonly rows: number;
  readonly tty: boolean;
}

/** An exec over a WebSocket, spoken to directly: `v4.channel.k8s.io`. */
export async function openExec(target: ExecTarget): Promise<Link> {
  const socket = new WebSocket(target.url, ["v4.channel.k8s.io"], {
    headers: target.token === null ? {} : { authorization: `Bearer ${target.token}` },
    ...target.tls,
    perMessageDeflate: false,
    maxPayload: 64 * 1024 * 1024,
  });
  socket.binaryType = "nodebuffer";
  await once(socket, "open");
  const link: Link = {
    name: target.name,
    send(bytes) {
      const message = new Uint8Array(bytes.byteLength + 1);
      message[0] = stdin;
      message.set(bytes, 1);
      socket.send(message);
    },
    onBytes: () => {},
    async close() {
      if (socket.readyState === WebSocket.CLOSED) return;
      const closed = once(socket, "close");
      socket.close(1000);
      await closed;
    },
  };
  socket.on("message", (data) => {
    if (!Buffer.isBuffer(data) || data.byteLength < 2) return;
    if (data[0] === stdout) link.onBytes(data.subarray(1));
    else if (data[0] === errorChannel && !data.includes('"Success"')) {
      throw new Error(`${target.name}: the exec failed: ${data.subarray(1).toString()}`);
    }
  });
  if (target.tty) {
    socket.send(
      Buffer.concat([Buffer.of(resize), Buffer.from(JSON.stringify({ Width: target.cols, Height: target.rows }))]),
    );
  }
  return link;
}

/** Resolves when `text` has come by on the link, however it was cut. */
export function waitFor(link: Link, text: string, timeoutMs = 20_000): Promise<void> {
  const before = link.onBytes;
  let tail = "";
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      link.onBytes = before;
      reject(
        new Error(
          `${link.name}: ${JSON.stringify(text)} did not come within ${timeoutMs} ms; last: ${tail.slice(-200)}`,
        ),
      );
    }, timeoutMs);
    link.onBytes = (bytes) => {
      tail = (tail + Buffer.from(bytes).toString("latin1")).slice(-4096);
      if (!tail.includes(text)) return;
      clearTimeout(timer);
      link.onBytes = before;
      resolve();
    };
  });
}

export function text(value: string): Uint8Array {
  return Buffer.from(value, "utf8");
}
