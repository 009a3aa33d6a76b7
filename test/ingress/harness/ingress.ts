// Owns one ingress as a process: cluster/ingress as it is, with files and settings of a test's own, on loopback.
// Must not know what is asked of it, nor who answers behind it.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import type { TestCertificate } from "../../git-servers/certificate.ts";
import { freePort } from "../../setup/free-port.ts";
import type { Haproxy } from "./haproxy.ts";
import type { Place } from "./raw-client.ts";
import type { EdgeSigner } from "./tokens.ts";

const files = resolve(import.meta.dirname, "../../../cluster/ingress");

export interface IngressOptions {
  readonly haproxy: Haproxy;
  /** The API server's certificate; it signs itself. */
  readonly apiServer: { readonly port: number; readonly cert: string };
  readonly certificate: TestCertificate;
  readonly signers: readonly EdgeSigner[];
  /** Of the ServiceAccount. */
  readonly credential: string;
  /** Beside the ones that a test needs. */
  readonly settings?: Readonly<Record<string, string>>;
}

export const settings = {
  issuer: "https://edge.limpet.test",
  audience: "limpet-ingress-test",
  namespace: "limpet-shells",
} as const;

/** The name of every cluster's API server, which `run` takes where nothing else is set. */
export const apiServerName = "kubernetes.default.svc";

/** A line of its log; members that a kind of line has not are undefined. */
export type LogLine = Readonly<Record<string, unknown>>;

export class Ingress {
  readonly place: Place;
  readonly statusUrl: string;
  readonly log: LogLine[] = [];
  /** All that it wrote: stdout has its log, stderr what HAProxy's master says of its workers. */
  said = "";
  stdout = "";
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #ended: Promise<unknown>;
  readonly #waiting = new Set<() => void>();

  private constructor(child: ChildProcess, folder: string, place: Place, statusUrl: string) {
    this.#child = child;
    this.#folder = folder;
    this.#ended = once(child, "exit");
    this.place = place;
    this.statusUrl = statusUrl;
    for (const output of [child.stdout, child.stderr]) {
      if (output === null) continue;
      createInterface({ input: output }).on("line", (line) => {
        this.said += `${line}\n`;
        if (output === child.stdout) this.stdout += `${line}\n`;
        if (process.env["INGRESS_LOG"] !== undefined) console.error(line);
        const parsed = parseLine(line);
        if (parsed !== null) this.log.push(parsed);
        for (const look of [...this.#waiting]) look();
      });
    }
  }

  static async start(options: IngressOptions): Promise<Ingress> {
    const folder = mkdtempSync(join(tmpdir(), "limpet-ingress-"));
    for (const name of ["keys", "tls"]) mkdirSync(join(folder, name));
    // HAProxy must be told a number.
    const [port, statusPort] = [await freePort(), await freePort()];
    const env = {
      ...process.env,
      ...(options.haproxy.libraries === null ? {} : { LD_LIBRARY_PATH: options.haproxy.libraries }),
      LIMPET_HAPROXY: options.haproxy.program,
      LIMPET_ISSUER: settings.issuer,
      LIMPET_AUDIENCE: settings.audience,
      LIMPET_NAMESPACE: settings.namespace,
      LIMPET_FILES: files,
      LIMPET_KEYS: join(folder, "keys"),
      LIMPET_TLS: join(folder, "tls"),
      LIMPET_RUN: join(folder, "run"),
      LIMPET_TOKEN_FILE: join(folder, "token"),
      LIMPET_API_CA: join(folder, "ca.crt"),
      LIMPET_API_ADDRESS: `127.0.0.1:${options.apiServer.port}`,
      LIMPET_LISTEN: `127.0.0.1:${port}`,
      LIMPET_STATUS_LISTEN: `127.0.0.1:${statusPort}`,
      LIMPET_LOOK_SECONDS: "1",
      LIMPET_LEAVE_SECONDS: "1",
      LIMPET_DRAIN_SECONDS: "5",
      ...options.settings,
    };
    writeFileSync(join(folder, "ca.crt"), options.apiServer.cert);
    writeFileSync(join(folder, "token"), options.credential);
    putVolume(join(folder, "keys"), pemFiles(options.signers));
    writeFileSync(join(folder, "tls", "tls.crt"), options.certificate.cert);
    writeFileSync(join(folder, "tls", "tls.key"), options.certificate.key);
    const child = spawn("sh", [join(files, "run")], { env, stdio: ["ignore", "pipe", "pipe"] });
    const place = { host: "127.0.0.1", port, ca: options.certificate.cert, name: "127.0.0.1" };
    const ingress = new Ingress(child, folder, place, `http://127.0.0.1:${statusPort}`);
    await ingress.until(() => ingress.log.find(({ event }) => event === "started"));
    await ingress.#answers();
    return ingress;
  }

  /** The process of HAProxy's master. */
  get master(): number {
    const { pid } = this.#child;
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ");
    const found = children.find((child) => readFileSync(`/proc/${child}/cmdline`, "utf8").split("\0").includes("-W"));
    if (found === undefined) throw new Error("the ingress has no master of HAProxy");
    return Number(found);
  }

  /** Whether new files have taken the place of the first ones: from then on the master is told. */
  readonly hasSwapped = (): boolean => existsSync(join(this.#folder, "run", "previous"));

  /** As the kubelet does it: a new file takes the old one's place. */
  putCredential(text: string): void {
    this.#put("token", text);
  }

  putKeys(signers: readonly EdgeSigner[], otherFiles: Readonly<Record<string, string>> = {}): void {
    putVolume(join(this.#folder, "keys"), { ...pemFiles(signers), ...otherFiles });
  }

  putCertificate({ cert, key }: TestCertificate): void {
    this.#put("tls/tls.key", key);
    this.#put("tls/tls.crt", cert);
  }

  /** Waits for a reload beyond the ones there were. */
  async reloaded(act: () => void): Promise<void> {
    const reloads = () => this.log.filter(({ event }) => event === "reload").length;
    const before = reloads();
    act();
    await this.until(() => (reloads() > before ? true : undefined), 15_000);
  }

  /** Resolves with the first thing that `find` gives; looks again after each line of the log. */
  until<T>(find: () => T | undefined, limitMs = 10_000): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(look);
        reject(new Error(`the ingress did not say so; it said:\n${this.said.slice(-3_000)}`));
      }, limitMs);
      const look = () => {
        const found = find();
        if (found === undefined) return;
        this.#waiting.delete(look);
        clearTimeout(timer);
        resolve(found);
      };
      this.#waiting.add(look);
      look();
    });
  }

  /** As the kubelet asks a pod of HAProxy's own image to end (STOPSIGNAL there); resolves when it has. */
  async leave(): Promise<void> {
    this.#child.kill("SIGUSR1");
    await this.#ended;
  }

  async close(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      // Twice: without the time to drain.
      this.#child.kill("SIGTERM");
      await Promise.race([this.#ended, this.until(() => this.log.find(({ event }) => event === "leaving"))]);
      this.#child.kill("SIGTERM");
      await this.#ended;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #put(name: string, text: string): void {
    const next = join(this.#folder, "next");
    writeFileSync(next, text);
    renameSync(next, join(this.#folder, name));
  }

  async #answers(): Promise<void> {
    const deadline = Date.now() + 10_000;
    for (;;) {
      const health = await fetch(`${this.statusUrl}/healthz`).catch(() => null);
      if (health?.ok === true) return;
      if (Date.now() > deadline) throw new Error(`the ingress does not answer; it said:\n${this.said}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

function pemFiles(signers: readonly EdgeSigner[]): Readonly<Record<string, string>> {
  return Object.fromEntries(signers.map(({ kid, publicPem }) => [`${kid}.pem`, publicPem]));
}

/**
 * As the kubelet brings a ConfigMap (pkg/volume/util/atomic_writer.go): names are links through `..data`, one link that is
 * exchanged at once for all of them.
 */
function putVolume(folder: string, texts: Readonly<Record<string, string>>): void {
  const old = readdirSync(folder);
  const version = `..${process.hrtime.bigint()}`;
  mkdirSync(join(folder, version));
  for (const [name, text] of Object.entries(texts)) writeFileSync(join(folder, version, name), text);
  symlinkSync(version, join(folder, "..data_tmp"));
  renameSync(join(folder, "..data_tmp"), join(folder, "..data"));
  for (const name of Object.keys(texts)) if (!old.includes(name)) symlinkSync(`..data/${name}`, join(folder, name));
  for (const name of old) if (name !== "..data" && !(name in texts)) rmSync(join(folder, name), { recursive: true });
}

function parseLine(line: string): LogLine | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? Object.fromEntries(Object.entries(value)) : null;
  } catch {
    return null;
  }
}
