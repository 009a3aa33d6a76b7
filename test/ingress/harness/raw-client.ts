// Owns bytes sent to a server over TLS exactly as given, and the answers read back.
// Must not know what is right or wrong about them.

import { connect, type TLSSocket } from "node:tls";

export interface Place {
  readonly host: string;
  readonly port: number;
  /** PEM. */
  readonly ca: string;
  /** The name that the certificate has to be of. */
  readonly name: string;
}

export interface RawAnswer {
  readonly code: number;
  /** Lower-case names; the last one where there are several. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** One connection, open for as long as its user wants. */
export class RawConnection {
  readonly socket: TLSSocket;
  #received = "";
  #ended = false;
  readonly #waiting = new Set<() => void>();

  private constructor(socket: TLSSocket) {
    this.socket = socket;
    socket.setEncoding("latin1");
    const wake = () => {
      for (const look of [...this.#waiting]) look();
    };
    socket.on("data", (text: string) => {
      this.#received += text;
      wake();
    });
    const end = () => {
      this.#ended = true;
      wake();
    };
    socket.on("end", end).on("close", end).on("error", end);
  }

  static open(place: Place, protocols: readonly string[] = ["http/1.1"]): Promise<RawConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect({
        host: place.host,
        port: place.port,
        ca: place.ca,
        servername: place.name === "127.0.0.1" ? "" : place.name,
        // The certificate is looked at by its authority; a name that is an address has no SNI.
        checkServerIdentity: () => undefined,
        ALPNProtocols: [...protocols],
      });
      socket.once("secureConnect", () => resolve(new RawConnection(socket)));
      socket.once("error", reject);
    });
  }

  get ended(): boolean {
    return this.#ended;
  }

  send(text: string): void {
    this.socket.write(text, "latin1");
  }

  /** The next answer (`hasBody` false: to a HEAD); `null` where the server closed without one. Rejects after the time. */
  async answer(limitMs = 5_000, hasBody = true): Promise<RawAnswer | null> {
    const head = await this.#until((text) => text.indexOf("\r\n\r\n"), limitMs);
    if (head === null) return null;
    const [status = "", ...lines] = this.#received.slice(0, head).split("\r\n");
    const code = Number(/^HTTP\/1\.1 (\d{3})/.exec(status)?.[1]);
    const headers = Object.fromEntries(
      lines.map((line) => {
        const colon = line.indexOf(":");
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
      }),
    );
    this.#received = this.#received.slice(head + 4);
    if (!hasBody) return { code, headers, body: "" };
    if (headers["transfer-encoding"] === "chunked") return { code, headers, body: await this.#chunks(limitMs) };
    return { code, headers, body: await this.bytes(Number(headers["content-length"] ?? 0), limitMs) };
  }

  /** Whatever came and was not read as an answer, once it has this many bytes. */
  async bytes(count: number, limitMs = 5_000): Promise<string> {
    await this.#until((text) => (text.length >= count ? 0 : -1), limitMs);
    const text = this.#received.slice(0, count);
    this.#received = this.#received.slice(count);
    return text;
  }

  close(): void {
    this.socket.destroy();
  }

  async #chunks(limitMs: number): Promise<string> {
    for (let body = ""; ; ) {
      const line = await this.#until((text) => text.indexOf("\r\n"), limitMs);
      if (line === null) throw new Error("the answer's chunks were cut");
      const size = Number.parseInt(this.#received.slice(0, line), 16);
      this.#received = this.#received.slice(line + 2);
      body += (await this.bytes(size + 2, limitMs)).slice(0, size);
      if (size === 0) return body;
    }
  }

  #until(find: (text: string) => number, limitMs: number): Promise<number | null> {
    return new Promise((resolve, reject) => {
      const settle = (act: () => void) => {
        this.#waiting.delete(look);
        clearTimeout(timer);
        act();
      };
      const timer = setTimeout(
        () => settle(() => reject(new Error(`no whole answer in ${limitMs} ms: ${this.#received.slice(0, 400)}`))),
        limitMs,
      );
      const look = () => {
        const at = find(this.#received);
        if (at >= 0) settle(() => resolve(at));
        else if (this.#ended) settle(() => resolve(null));
      };
      this.#waiting.add(look);
      look();
    });
  }
}

/** One request on a connection of its own. */
export async function sendRaw(place: Place, text: string, limitMs?: number): Promise<RawAnswer | null> {
  const connection = await RawConnection.open(place);
  try {
    connection.send(text);
    return await connection.answer(limitMs, !text.startsWith("HEAD "));
  } finally {
    connection.close();
  }
}
