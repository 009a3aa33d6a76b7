// Owns one pod as `setup` sees it: a home of its own, the real script as a process, an edge that answers, what was said.
// Must not know the steps.

import { type ChildProcess, spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import type { SetupLine, SetupWord } from "../../../worker/shells/setup-line.ts";
import type { SetupStep } from "../../../worker/shells/shell-setup.ts";

const image = resolve(import.meta.dirname, "../../../cluster/image");
export const capability = "lc1.shell.pod.1.a-capability-that-nobody-else-has";
export const saveKey = "5a".repeat(32);

export interface Check {
  readonly state: string;
  readonly code: string | null;
  readonly text: string;
}

export interface Run {
  readonly code: number | null;
  readonly words: readonly SetupWord[];
  readonly checks: Readonly<Partial<Record<SetupStep, Check>>>;
  readonly receipt: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** `/api/pod/activity` for one capability, as the edge has it. */
export async function startEdge(): Promise<{ url: string; readonly asked: readonly string[]; close(): Promise<void> }> {
  const asked: string[] = [];
  const server: Server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    request.resume();
    const known = request.headers.authorization === `Bearer ${capability}`;
    if (known) response.writeHead(204).end();
    else response.writeHead(401).end('{"error":{"code":"INVALID_CAPABILITY","message":"This pod is not known."}}');
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A line with nothing given but the edge and a name. */
export function makeLine(edgeUrl: string, given: Partial<SetupLine> = {}): SetupLine {
  return {
    version: 1,
    nonce: "0123456789abcdef0123456789abcdef",
    shell: { id: "s0123456789" },
    edge: { url: edgeUrl, capability },
    person: { name: "Ada Example", email: "ada@example.com" },
    git: null,
    aws: null,
    google: null,
    azure: null,
    kubeconfig: null,
    company: { caBundle: null, httpsProxy: null, httpProxy: null, noProxy: null, knownHosts: null },
    save: { key: saveKey, everySeconds: 300, fileLimitBytes: 1_000_000, homeLimitBytes: 1_000_000, include: [] },
    snapshot: null,
    ...given,
  };
}

export class Pod {
  readonly root = mkdtempSync(join(tmpdir(), "limpet-setup-"));
  readonly home = join(this.root, "home");
  readonly state = join(this.home, ".local/state/limpet");
  readonly env: Record<string, string>;
  /** The scripts; a test may put others in their place. */
  image = image;
  #children = new Set<ChildProcess>();

  constructor(env: Readonly<Record<string, string>> = {}) {
    mkdirSync(this.home);
    this.env = { PATH: "/usr/local/bin:/usr/bin:/bin", HOME: this.home, LIMPET_LOCAL: "1", LANG: "C.UTF-8", ...env };
  }

  /** Starts `setup` and sends the line; its stdin stays open, as an exec's does. */
  start(
    line: SetupLine | string,
    env: Readonly<Record<string, string>> = {},
  ): { child: ChildProcess; said(): string; ended: Promise<Run> } {
    const child = spawn(join(this.image, "setup"), [], { env: { ...this.env, ...env }, detached: true });
    this.#children.add(child);
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.stdin.on("error", () => {});
    child.stdin.write(typeof line === "string" ? line : `${JSON.stringify(line)}\n`);
    const ended = new Promise<Run>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code) => {
        this.#children.delete(child);
        resolve(read(code, stdout, stderr));
      });
    });
    return { child, said: () => stdout, ended };
  }

  setup(line: SetupLine | string, env: Readonly<Record<string, string>> = {}): Promise<Run> {
    return this.start(line, env).ended;
  }

  path(name: string): string {
    return join(this.home, name);
  }

  read(name: string): string {
    return readFileSync(this.path(name), "utf8");
  }

  has(name: string): boolean {
    return existsSync(this.path(name));
  }

  write(name: string, content: string, mode = 0o644): void {
    mkdirSync(dirname(this.path(name)), { recursive: true });
    writeFileSync(this.path(name), content, { mode });
  }

  /** `600`, `755`, … */
  mode(name: string): string {
    return (statSync(this.path(name)).mode & 0o777).toString(8);
  }

  /** Every file of the home, by its name below it. */
  files(): readonly string[] {
    return readdirSync(this.home, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(this.home.length + 1))
      .toSorted();
  }

  close(): void {
    for (const { pid } of this.#children) if (pid !== undefined) process.kill(-pid, "SIGKILL");
    rmSync(this.root, { recursive: true, force: true });
  }
}

function read(code: number | null, stdout: string, stderr: string): Run {
  const words = stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line): SetupWord => JSON.parse(line));
  const checks: Partial<Record<SetupStep, Check>> = {};
  for (const word of words) if (word.type === "check") checks[word.step] = word;
  const last = words.at(-1);
  const receipt = last?.type === "receipt" && last.nonce === "0123456789abcdef0123456789abcdef";
  return { code, words, checks, receipt, stdout, stderr };
}
