// Owns Limpet as a measured link: the page's own client machine over Node's sockets, without a terminal behind it.
// Must not know what is measured.

import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "ws";
import { subprotocol } from "../durable/protocol/messages.ts";
import { Machine, type MachineEffect } from "../web/terminal/machine.ts";
import type { BrowserSession } from "./browser-session.ts";
import type { Link } from "./link.ts";

export interface LimpetLink extends Link {
  /** Stops taking bytes in: nothing more is acknowledged. */
  stall(): void;
  /** Breaks the socket as a dead network would; the machine comes back by itself. */
  cut(): void;
  /** Terminal bytes received since the link was opened, pictures included. */
  readonly received: number;
  /** Resolves when a pane is on view. */
  readonly attached: Promise<void>;
}

export interface LimpetOptions {
  readonly name: string;
  readonly cols: number;
  readonly rows: number;
}

export function openLimpet(session: BrowserSession, options: LimpetOptions): LimpetLink {
  const machine = new Machine({
    viewer: randomBytes(16).toString("hex"),
    random: Math.random,
    firstPasteId: 0,
    cols: options.cols,
    rows: options.rows,
    visible: true,
  });
  const sockets = new Map<number, WebSocket>();
  const attached = Promise.withResolvers<void>();
  let pane: string | null = null;
  let timer: NodeJS.Timeout | undefined;
  let stalled = false;
  let running = false;
  const pending: MachineEffect[] = [];

  const url = new URL("/api/shell/socket", session.origin);
  url.protocol = url.protocol.replace("http", "ws");

  const run = (effects: readonly MachineEffect[]): void => {
    pending.push(...effects);
    if (running) return;
    running = true;
    for (let next = pending.shift(); next !== undefined; next = pending.shift()) perform(next);
    running = false;
    clearTimeout(timer);
    const due = machine.nextDeadlineMs();
    if (due !== null)
      timer = setTimeout(() => run(machine.tick(performance.now())), Math.max(0, due - performance.now()));
  };

  const perform = (effect: MachineEffect): void => {
    switch (effect.type) {
      case "connect":
        connect(effect.socket);
        return;
      case "send": {
        const socket = sockets.get(effect.socket);
        if (socket?.readyState === WebSocket.OPEN) socket.send(effect.data);
        return;
      }
      case "close":
        sockets.get(effect.socket)?.close(effect.code, effect.reason);
        sockets.delete(effect.socket);
        return;
      case "pane":
        pane = effect.pane;
        attached.resolve();
        return;
      case "write":
      case "paint":
        link.received += effect.bytes.byteLength;
        link.onBytes(effect.bytes);
        if (!stalled) run(machine.parsed(effect.pane, effect.id, performance.now()));
        return;
      default:
    }
  };

  const connect = (id: number): void => {
    const socket = new WebSocket(url, [subprotocol], {
      headers: { cookie: session.cookie, origin: session.origin },
      perMessageDeflate: false,
    });
    socket.binaryType = "nodebuffer";
    sockets.set(id, socket);
    socket.on("open", () => run(machine.opened(id, performance.now())));
    socket.on("message", (data, isBinary) => {
      if (!Buffer.isBuffer(data)) return;
      if (isBinary) run(machine.binary(id, data, performance.now()));
      else run(machine.text(id, data.toString("utf8"), performance.now()));
    });
    // `close` follows and says what matters.
    socket.on("error", () => {});
    socket.on("close", (code, reason) => {
      sockets.delete(id);
      run(machine.closed(id, code, reason.toString("utf8"), performance.now()));
    });
  };

  const link: LimpetLink & { received: number } = {
    name: options.name,
    received: 0,
    attached: attached.promise,
    onBytes: () => {},
    send(bytes) {
      if (pane === null) throw new Error("No pane is on view yet.");
      run(machine.input(pane, bytes, performance.now()));
    },
    stall() {
      stalled = true;
    },
    cut() {
      for (const socket of sockets.values()) socket.terminate();
    },
    async close() {
      run(machine.stop(performance.now()));
      clearTimeout(timer);
      while (sockets.size > 0) await sleep(5);
    },
  };
  run(machine.start(performance.now()));
  return link;
}
