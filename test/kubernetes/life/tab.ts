// Owns a browser's tab without a browser: the page's own client machine over real sockets, and before it the page's terminal.
// Must not know what runs in the shell, or on which cluster.

import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Terminal } from "@xterm/headless";
import { WebSocket } from "ws";
import { type Notice, type Status, subprotocol } from "../../../durable/protocol/messages.ts";
import { Machine, type MachineEffect } from "../../../web/terminal/machine.ts";
import { pictureText } from "../../../web/terminal/picture.ts";
import { type Patience, until } from "../../browser/harness/until.ts";
import type { Visitor } from "../../start/harness/visitor.ts";
import { makeTerminal } from "../../tmux/screen.ts";

const size = { cols: 100, rows: 30 } as const;
const socketPath = "/api/shell/socket";

/** `atMs` is performance.now(). */
export type Seen<T> = T & { readonly atMs: number };

export class Tab {
  readonly #visitor: Visitor;
  readonly #machine = new Machine({
    viewer: randomBytes(16).toString("hex"),
    random: Math.random,
    firstPasteId: 0,
    ...size,
    visible: true,
  });
  readonly #sockets = new Map<number, WebSocket>();
  readonly #terminals = new Map<string, Terminal>();
  readonly #pending: MachineEffect[] = [];
  #running = false;
  #timer: NodeJS.Timeout | undefined;
  /** The pane that is on view. */
  #pane: string | null = null;
  /** All that was said above the terminal, oldest first. */
  readonly notices: Seen<Notice>[] = [];
  readonly statuses: Seen<Status>[] = [];

  private constructor(visitor: Visitor) {
    this.#visitor = visitor;
  }

  /** With the shell's screen before it. */
  static async open(visitor: Visitor, patience?: Patience): Promise<Tab> {
    const tab = new Tab(visitor);
    tab.#run(tab.#machine.start(performance.now()));
    await until(
      "a pane on view",
      () => tab.#pane ?? "",
      (pane) => pane !== "",
      patience,
    );
    return tab;
  }

  /** As a person's keys: what is typed while the shell is away is kept as the page keeps it. */
  type(text: string): void {
    this.#run(this.#machine.input(this.#pane, Buffer.from(text), performance.now()));
  }

  /** Scrollback and screen; lines that were wrapped are joined, blanks at their ends and blank lines at the end left out. */
  lines(): readonly string[] {
    const buffer = this.#terminals.get(this.#pane ?? "")?.buffer.active;
    if (buffer === undefined) return [];
    const lines: string[] = [];
    for (let y = 0; y < buffer.length; y += 1) {
      const row = buffer.getLine(y);
      const text = row?.translateToString() ?? "";
      if (row?.isWrapped === true && lines.length > 0) lines.push((lines.pop() ?? "") + text);
      else lines.push(text);
    }
    const trimmed = lines.map((line) => line.trimEnd());
    while (trimmed.at(-1) === "") trimmed.pop();
    return trimmed;
  }

  /** Waits until a line of the terminal fits. @returns performance.now() of when it did */
  async shows(pattern: RegExp, patience?: Patience): Promise<number> {
    const tail = (): string => this.lines().slice(-60).join("\n");
    const shown = (): boolean => this.lines().some((line) => pattern.test(line));
    await until(`a line like ${pattern} on the terminal`, tail, shown, patience);
    return performance.now();
  }

  /** Waits for a notice of this code that fits. */
  async hears(code: string, pattern: RegExp, patience?: Patience): Promise<Seen<Notice>> {
    const find = (): Seen<Notice> | undefined =>
      this.notices.find((notice) => notice.code === code && pattern.test(notice.text));
    await until(
      `the notice ${code} like ${pattern}`,
      () => this.notices,
      () => find() !== undefined,
      patience,
    );
    const found = find();
    if (found === undefined) throw new Error("a notice does not go away");
    return found;
  }

  /** Waits until the page is told of a state that fits, now or at any time since the tab was opened or `sinceMs`. */
  async told(what: string, is: (status: Status) => boolean, patience?: Patience, sinceMs = 0): Promise<Seen<Status>> {
    const find = (): Seen<Status> | undefined => this.statuses.find((status) => status.atMs >= sinceMs && is(status));
    await until(
      `the page to be told: ${what}`,
      () => this.statuses.slice(-8),
      () => find() !== undefined,
      patience,
    );
    const found = find();
    if (found === undefined) throw new Error("a status does not go away");
    return found;
  }

  async close(): Promise<void> {
    this.#run(this.#machine.stop(performance.now()));
    clearTimeout(this.#timer);
    while (this.#sockets.size > 0) await sleep(5);
  }

  #run(effects: readonly MachineEffect[]): void {
    this.#pending.push(...effects);
    if (this.#running) return;
    this.#running = true;
    for (let next = this.#pending.shift(); next !== undefined; next = this.#pending.shift()) this.#perform(next);
    this.#running = false;
    clearTimeout(this.#timer);
    const due = this.#machine.nextDeadlineMs();
    if (due === null) return;
    const tick = (): void => this.#run(this.#machine.tick(performance.now()));
    this.#timer = setTimeout(tick, Math.max(0, due - performance.now()));
  }

  #perform(effect: MachineEffect): void {
    switch (effect.type) {
      case "connect":
        this.#connect(effect.socket);
        return;
      case "send": {
        const socket = this.#sockets.get(effect.socket);
        if (socket?.readyState === WebSocket.OPEN) socket.send(effect.data);
        return;
      }
      case "close":
        this.#sockets.get(effect.socket)?.close(effect.code, effect.reason);
        this.#sockets.delete(effect.socket);
        return;
      case "pane":
        if (!this.#terminals.has(effect.pane)) this.#terminals.set(effect.pane, makeTerminal(size.cols, size.rows));
        this.#pane = effect.pane;
        return;
      case "size":
        this.#terminals.get(effect.pane)?.resize(effect.cols, effect.rows);
        return;
      case "write":
      case "paint": {
        const { pane, id } = effect;
        const what = effect.type === "write" ? effect.bytes : pictureText(effect.bytes, effect.reset);
        const parsed = (): void => this.#run(this.#machine.parsed(pane, id, performance.now()));
        this.#terminals.get(pane)?.write(what, parsed);
        return;
      }
      case "status":
        this.statuses.push({ ...effect, atMs: performance.now() });
        return;
      case "notice":
        this.notices.push({ ...effect, atMs: performance.now() });
        return;
      default:
    }
  }

  #connect(id: number): void {
    const url = new URL(socketPath, this.#visitor.origin);
    url.protocol = url.protocol.replace("http", "ws");
    const socket = new WebSocket(url, [subprotocol], {
      headers: { cookie: this.#visitor.cookiesFor(socketPath), origin: this.#visitor.origin },
      perMessageDeflate: false,
    });
    socket.binaryType = "nodebuffer";
    this.#sockets.set(id, socket);
    socket.on("open", () => this.#run(this.#machine.opened(id, performance.now())));
    socket.on("message", (data, isBinary) => {
      if (!Buffer.isBuffer(data)) return;
      if (isBinary) this.#run(this.#machine.binary(id, data, performance.now()));
      else this.#run(this.#machine.text(id, data.toString("utf8"), performance.now()));
    });
    // `close` follows and says what matters.
    socket.on("error", () => {});
    socket.on("close", (code, reason) => {
      this.#sockets.delete(id);
      this.#run(this.#machine.closed(id, code, reason.toString("utf8"), performance.now()));
    });
  }
}
