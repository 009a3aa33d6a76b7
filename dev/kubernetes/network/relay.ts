// Owns the way between this machine's loopback and a namespace's network, without a link, an address or a rule on this machine.
// Must not know what is spoken there.

import { type ChildProcess, spawn } from "node:child_process";
import { createServer, Server } from "node:net";
import { join } from "node:path";
import type { Namespace } from "../namespaces/namespace.ts";
import { passOnAll } from "./pass-on.ts";
import { type Address, parseRelayMessage, type RelayMessage } from "./relay-messages.ts";

export const loopback = "127.0.0.1";

export class Relay {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, { listening(server: Server): void; failed(error: Error): void }>();
  /** Of addresses inside that lead to this machine; a later request for one of them leads it elsewhere. */
  readonly #led = new Map<string, { to: Address }>();
  readonly #forwarded = new Map<string, number>();
  #nextId = 1;

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.on("message", (value, handle) => {
      const message = parseRelayMessage(value);
      if (message?.kind !== "listening" && message?.kind !== "failed") return;
      const waiting = this.#waiting.get(message.id);
      this.#waiting.delete(message.id);
      if (message.kind === "failed") waiting?.failed(new Error(message.reason));
      else if (handle instanceof Server) waiting?.listening(handle);
    });
  }

  static async start(namespace: Namespace): Promise<Relay> {
    const inside = [process.execPath, join(import.meta.dirname, "relay-inside.ts")];
    const [program = "", ...args] = [...namespace.enterCommand(), ...inside];
    const child = spawn(program, args, { stdio: ["ignore", "inherit", "inherit", "ipc"], detached: true });
    await new Promise<void>((resolve, reject) => {
      child.once("message", (value) => {
        if (parseRelayMessage(value)?.kind === "ready") resolve();
      });
      child.once("error", reject);
      child.once("exit", (code) => reject(new Error(`the relay into ${namespace.title} ended with code ${code}`)));
    });
    return new Relay(child);
  }

  /** @returns a port on 127.0.0.1 that leads to an address inside; the same one for the same address */
  async forward(to: Address, port = 0): Promise<number> {
    const key = `${to.host}:${to.port}`;
    const known = this.#forwarded.get(key);
    if (known !== undefined) return known;
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, loopback, resolve);
    });
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("a TCP server has an address with a port");
    // From here on the other end accepts; this one lets go of the socket.
    await this.#send({ kind: "dial", to }, server);
    server.close();
    this.#forwarded.set(key, address.port);
    return address.port;
  }

  /**
   * Connections to an address inside go on to one of this machine.
   * @throws Error where it cannot listen there
   */
  async lead(at: Address, to: Address): Promise<void> {
    const key = `${at.host}:${at.port}`;
    const led = this.#led.get(key);
    if (led !== undefined) {
      led.to = to;
      return;
    }
    const id = this.#nextId++;
    const server = await new Promise<Server>((listening, failed) => {
      this.#waiting.set(id, { listening, failed });
      this.#send({ kind: "listen", id, at }).catch(failed);
    });
    const way = { to };
    this.#led.set(key, way);
    passOnAll(server, () => way.to);
  }

  async #send(message: RelayMessage, handle?: Server): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#child.send(message, handle, {}, (error) => (error === null ? resolve() : reject(error)));
    });
  }
}
