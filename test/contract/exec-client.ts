// Owns one exec for tests: messages by channel, what came on each, how it ended.
// Must not know which server answers.

import { WebSocket } from "ws";
import type { ApiClient } from "./api-client.ts";
import { type ExecStatus, parseExecStatus } from "./kubernetes-object.ts";

export interface ExecOptions {
  readonly command: readonly string[];
  readonly tty?: boolean;
  readonly stdin?: boolean;
  readonly stdout?: boolean;
  readonly stderr?: boolean;
  readonly container?: string;
  readonly protocols?: readonly string[];
}

export interface ExecEnd {
  readonly code: number;
  /** What channel 3 said; undefined where nothing came. */
  readonly status: ExecStatus | undefined;
}

/** An HTTP answer in place of the 101. */
export class ExecRefused extends Error {
  readonly code: number;
  readonly body: string;

  constructor(code: number, body: string) {
    super(`refused with ${code}: ${body}`);
    this.code = code;
    this.body = body;
  }
}

export class Exec {
  readonly socket: WebSocket;
  /** Every message as it came, channel byte first. */
  readonly messages: Buffer[] = [];
  readonly ended: Promise<ExecEnd>;
  readonly #waiting = new Set<() => void>();
  #status: Buffer[] = [];

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on("message", (data: Buffer) => {
      this.messages.push(data);
      if (data[0] === 3) this.#status.push(data.subarray(1));
      for (const look of [...this.#waiting]) look();
    });
    socket.on("error", () => undefined);
    this.ended = new Promise((resolve) => {
      socket.once("close", (code) => {
        const status = Buffer.concat(this.#status).toString("utf8");
        resolve({ code, status: status === "" ? undefined : parseExecStatus(status) });
        for (const look of [...this.#waiting]) look();
      });
    });
  }

  get protocol(): string {
    return this.socket.protocol;
  }

  bytes(channel = 1): Buffer {
    return Buffer.concat(
      this.messages.filter((message) => message[0] === channel).map((message) => message.subarray(1)),
    );
  }

  text(channel = 1): string {
    return this.bytes(channel).toString("utf8");
  }

  send(channel: number, data: string | Uint8Array): void {
    this.socket.send(Buffer.concat([Buffer.from([channel]), Buffer.from(data)]));
  }

  type(text: string): void {
    this.send(0, text);
  }

  resize(size: unknown): void {
    this.send(4, typeof size === "string" ? size : JSON.stringify(size));
  }

  /** Resolves with all text of the channel once it matches. */
  until(pattern: RegExp, limitMs = 20_000, channel = 1): Promise<string> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(look);
        reject(new Error(`${pattern} did not come; what came: ${JSON.stringify(this.text(channel).slice(-400))}`));
      }, limitMs);
      const look = () => {
        if (!pattern.test(this.text(channel))) return;
        this.#waiting.delete(look);
        clearTimeout(timer);
        resolve(this.text(channel));
      };
      this.#waiting.add(look);
      look();
    });
  }
}

export function execPath(client: ApiClient, pod: string, options: ExecOptions): string {
  const { command, container, tty = false, stdin = true, stdout = true, stderr = !tty } = options;
  const query = new URLSearchParams();
  if (container !== undefined) query.set("container", container);
  for (const word of command) query.append("command", word);
  for (const [name, value] of Object.entries({ stdin, stdout, stderr, tty })) if (value) query.set(name, "true");
  return client.pods(`/${pod}/exec?${query}`);
}

/** Opens an exec; rejects with ExecRefused where the server gave no 101. */
export async function openExec(client: ApiClient, pod: string, options: ExecOptions): Promise<Exec> {
  const path = execPath(client, pod, options);
  const headers = await client.headers("GET", path);
  const protocols = [...(options.protocols ?? ["v5.channel.k8s.io", "v4.channel.k8s.io"])];
  const socket = new WebSocket(`${client.url.replace(/^http/, "ws")}${path}`, protocols, {
    headers,
    perMessageDeflate: false,
    skipUTF8Validation: true,
  });
  const exec = new Exec(socket);
  await new Promise<void>((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("error", reject);
    socket.once("unexpected-response", (_request, response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => {
        reject(new ExecRefused(response.statusCode ?? 0, Buffer.concat(chunks).toString("utf8")));
        socket.terminate();
      });
    });
  });
  return exec;
}

/** Runs a command to its end. */
export async function run(
  client: ApiClient,
  pod: string,
  options: ExecOptions,
): Promise<Exec & { readonly end: ExecEnd }> {
  const exec = await openExec(client, pod, options);
  return Object.assign(exec, { end: await exec.ended });
}
