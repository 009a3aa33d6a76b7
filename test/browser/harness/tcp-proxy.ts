// Owns a TCP proxy that stands in one hop and breaks it on request: refused, reset, closed, or silently swallowed.
// Must not know what is spoken over it.

import { connect, createServer, type Server, type Socket } from "node:net";

/**
 * How a hop behaves.
 * - `open`: bytes pass.
 * - `reset`: every connection is reset (RST), and so is every new one.
 * - `closed`: every connection ends properly (FIN) as soon as it is there.
 * - `swallowed`: half-dead: connections stand, new ones are accepted, and nothing passes in either direction.
 */
export type HopState = "open" | "reset" | "closed" | "swallowed";

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
  /** Half-dead: nothing is read from either side. */
  frozen: boolean;
}

export class TcpProxy {
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  #state: HopState = "open";
  #target: number;

  private constructor(server: Server, target: number) {
    this.#server = server;
    this.#target = target;
    server.on("connection", (client) => this.#accept(client));
  }

  /** Listens on 127.0.0.1, on a port that the system picks; passes everything to `target` there (it may be set later). */
  static async listen(target = 0): Promise<TcpProxy> {
    const server = createServer({ allowHalfOpen: false, noDelay: true });
    const proxy = new TcpProxy(server, target);
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(0, "127.0.0.1", resolve);
    });
    return proxy;
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("The proxy does not listen.");
    return address.port;
  }

  /** Connections that stand now. */
  get connections(): number {
    return this.#pairs.size;
  }

  pointAt(target: number): void {
    this.#target = target;
  }

  /** From `swallowed`, `mend` lets the same connections go on with every byte that was held back. */
  cut(how: Exclude<HopState, "open">): void {
    this.#state = how;
    for (const pair of this.#pairs) this.#apply(pair);
  }

  mend(): void {
    this.#state = "open";
    for (const pair of this.#pairs) this.#apply(pair);
  }

  /** New connections pass; those that are half-dead stay so until `mend`. */
  mendForNew(): void {
    this.#state = "open";
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.cut("reset");
    await closed;
  }

  #accept(client: Socket): void {
    if (this.#state === "reset") {
      client.resetAndDestroy();
      return;
    }
    if (this.#state === "closed") {
      client.on("error", () => {});
      client.end().resume();
      return;
    }
    const server = connect({ host: "127.0.0.1", port: this.#target, noDelay: true });
    const pair: Pair = { client, server, frozen: false };
    this.#pairs.add(pair);
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      from.on("data", (bytes) => {
        if (to.writable && !to.write(bytes)) from.pause();
      });
      to.on("drain", () => {
        if (!pair.frozen) from.resume();
      });
      from.on("end", () => to.end());
      from.on("error", () => to.resetAndDestroy());
      from.on("close", () => {
        if (to.destroyed) this.#pairs.delete(pair);
        else to.end();
      });
    }
    this.#apply(pair);
  }

  #apply(pair: Pair): void {
    const { client, server } = pair;
    pair.frozen = this.#state === "swallowed";
    switch (this.#state) {
      case "open":
        client.resume();
        server.resume();
        return;
      case "swallowed":
        client.pause();
        server.pause();
        return;
      case "closed":
        for (const socket of [client, server]) socket.end().resume();
        return;
      case "reset":
        client.resetAndDestroy();
        server.resetAndDestroy();
    }
  }
}
