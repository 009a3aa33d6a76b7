// Owns `pods/exec`: from the upgrade request to a running session, and every session that is open.
// Must not know authentication or other resources.

import { randomBytes, randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import type { FaultBoard } from "../faults.ts";
import { refuseExec } from "../pods/admission.ts";
import type { Pod } from "../pods/pod.ts";
import { startExec } from "../runtime/exec-process.ts";
import type { Kubelet } from "../runtime/kubelet.ts";
import { localCommand, whyNotExecutable } from "../runtime/pod-environment.ts";
import { type ExecRequest, parseExecRequest } from "./exec-request.ts";
import { type Cut, ExecSession } from "./exec-session.ts";
import { internalError, Refusal } from "./status.ts";

const versions = { "v5.channel.k8s.io": "v5", "v4.channel.k8s.io": "v4" } as const;
const offered = ["v5.channel.k8s.io", "v4.channel.k8s.io"] as const;
/** gorilla's limit in the API server. */
const longestMessage = 32 * 1024 * 1024;

/** An open exec, as tests see it. */
export interface OpenExec {
  readonly id: string;
  readonly pod: string;
  readonly command: readonly string[];
  readonly tty: boolean;
}

export interface ExecSelection {
  readonly id?: string;
  readonly pod?: string;
}

export class ExecResource {
  readonly #kubelet: Kubelet;
  readonly #faults: FaultBoard;
  readonly #imageDir: string;
  readonly #log: (line: string) => void;
  readonly #open = new Map<string, OpenExec & { readonly session: ExecSession }>();
  readonly #upgrades = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: longestMessage,
    handleProtocols: (given) => offered.find((protocol) => given.has(protocol)) ?? false,
  });

  constructor(kubelet: Kubelet, faults: FaultBoard, imageDir: string, log: (line: string) => void) {
    this.#kubelet = kubelet;
    this.#faults = faults;
    this.#imageDir = imageDir;
    this.#log = log;
  }

  /** Refuses before the 101 (a Refusal, or a bare 403 for an unknown subprotocol), or upgrades and starts. */
  upgrade(
    pod: Pod,
    query: URLSearchParams,
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
  ): Refusal | undefined {
    const refused = refuseExec(pod, query.getAll("command"), this.#faults.missingWalls());
    if (refused !== undefined) return refused;
    const wanted = parseExecRequest(query, pod);
    if (wanted instanceof Refusal) return wanted;
    const protocols = (request.headers["sec-websocket-protocol"] ?? "").split(",").map((protocol) => protocol.trim());
    if (!offered.some((protocol) => protocols.includes(protocol))) {
      socket.end("HTTP/1.1 403 Forbidden\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
      return undefined;
    }
    this.#upgrades.handleUpgrade(request, socket, head, (webSocket) => {
      this.#run(pod, wanted, webSocket, request.socket, request.url ?? "").catch((error: unknown) => {
        this.#log(`exec in ${pod.metadata.name}: ${String(error)}`);
        webSocket.terminate();
      });
    });
    return undefined;
  }

  list(): readonly OpenExec[] {
    return [...this.#open.values()].map(({ id, pod, command, tty }) => ({ id, pod, command, tty }));
  }

  /** How many were cut. */
  cut(selection: ExecSelection, how: Cut): number {
    return this.#each(selection, (session) => session.cut(how));
  }

  /** How many fell silent. */
  silence(selection: ExecSelection): number {
    return this.#each(selection, (session) => session.die());
  }

  async #run(pod: Pod, wanted: ExecRequest, socket: WebSocket, connection: Socket, url: string): Promise<void> {
    const id = randomUUID();
    const { container, command, tty } = wanted;
    const session = new ExecSession({
      socket,
      connection,
      version: socket.protocol === "v5.channel.k8s.io" ? versions["v5.channel.k8s.io"] : versions["v4.channel.k8s.io"],
      outputs: [...(wanted.stdout ? ["stdout" as const] : []), ...(wanted.stderr && !tty ? ["stderr" as const] : [])],
      resizeHangs: this.#faults.strike(["resize-hangs"], "GET", url) !== undefined,
      ended: () => this.#open.delete(id),
    });
    this.#open.set(id, { id, pod: pod.metadata.name, command, tty, session });

    const fault = this.#faults.strike(["refuse-exec"], "GET", url);
    if (fault !== undefined) {
      session.end(internalError(fault.message ?? "error sending request: the node refused").status);
      return;
    }
    if (!wanted.stdin && !wanted.stdout && !wanted.stderr) {
      session.end(internalError("you must specify at least 1 of stdin, stdout, stderr").status);
      return;
    }
    const target = this.#kubelet.runner(pod)?.target(container);
    if (target === undefined) {
      const why = `error sending request: unable to upgrade connection: container not found ("${container.name}")`;
      session.end(internalError(why).status);
      return;
    }
    const [file, ...args] = localCommand(command, this.#imageDir);
    const why =
      file === undefined
        ? "you must specify at least one command"
        : whyNotExecutable(file, target.env["PATH"] ?? "", target.cwd);
    if (file === undefined || why !== undefined) {
      session.end(notStarted(why ?? ""));
      return;
    }
    const env = tty ? { TERM: "xterm", ...target.env } : target.env;
    const { stdin, stdout, stderr } = wanted;
    const wish = { argv: [file, ...args] as const, cwd: target.cwd, env, stdin, stdout, stderr, tty };
    const process = await startExec(wish, this.#kubelet.pipes, session);
    if (process instanceof Error) session.end(notStarted(process.message));
    else session.attach(process);
  }

  #each(selection: ExecSelection, act: (session: ExecSession) => void): number {
    const chosen = [...this.#open.values()].filter(
      ({ id, pod }) => (selection.id ?? id) === id && (selection.pod ?? pod) === pod,
    );
    for (const { session } of chosen) act(session);
    return chosen.length;
  }
}

function notStarted(why: string) {
  const id = randomBytes(32).toString("hex");
  return internalError(
    `error executing command in container: failed to exec in container: failed to start exec "${id}": OCI runtime exec ` +
      `failed: exec failed: unable to start container process: ${why}: unknown`,
  ).status;
}
