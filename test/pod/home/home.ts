// Owns a home in which the scripts of saving run as they do in a pod: what `setup` left, the real programs, what they said.
// Must not know what is saved.

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { environmentOf, listProcesses } from "../../browser/harness/processes.ts";
import { capability, type PodEdge } from "./pod-edge.ts";

/** The scripts. */
export const image = resolve(import.meta.dirname, "../../../cluster/image");

export interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Every line of JSON. */
  readonly words: readonly Word[];
  readonly last: Word;
  readonly ms: number;
}

export interface Word {
  readonly type?: string;
  readonly kind?: string;
  readonly name?: string;
  readonly state?: string;
  readonly text?: string;
  readonly code?: string | null;
  readonly skipped?: readonly string[];
  readonly snapshot?: string | null;
  readonly upstream?: Word | null;
  readonly edge?: Word | null;
}

export interface HomeSettings {
  readonly edgeUrl?: string;
  readonly git?: { readonly url: string; readonly workspace: string; readonly saveUpstream: boolean } | null;
  readonly fileLimitBytes?: number;
  readonly homeLimitBytes?: number;
  readonly everySeconds?: number;
  readonly company?: {
    readonly caBundle?: string;
    readonly httpProxy?: string;
    readonly httpsProxy?: string;
    readonly noProxy?: string;
  };
  /** False: what was saved before was not put back yet. */
  readonly restored?: boolean;
}

export class Home {
  readonly root = mkdtempSync(join(tmpdir(), "limpet-home-"));
  readonly path = join(this.root, "home");
  readonly state = join(this.path, ".local/state/limpet");
  readonly run = join(this.root, "run");
  readonly env: Record<string, string> = {
    PATH: "/usr/local/bin:/usr/bin:/bin",
    HOME: this.path,
    LANG: "C.UTF-8",
    LIMPET_RUN: this.run,
  };
  readonly #children = new Set<ChildProcess>();

  constructor(edge: PodEdge, settings: HomeSettings = {}) {
    mkdirSync(this.state, { recursive: true, mode: 0o700 });
    mkdirSync(this.run, { mode: 0o700 });
    this.configure(edge, settings);
  }

  /** What `setup` leaves behind. */
  configure(edge: PodEdge, settings: HomeSettings = {}): void {
    const config = {
      version: 1,
      shell: { id: "s0123456789" },
      edge: { url: settings.edgeUrl ?? edge.url, capability },
      person: { name: "Ada", email: "ada@example.com" },
      company: {
        caBundle: null,
        httpsProxy: null,
        httpProxy: null,
        noProxy: null,
        knownHosts: null,
        ...settings.company,
      },
      git: settings.git ? { branch: null, ...settings.git } : null,
      save: {
        key: "5a".repeat(32),
        everySeconds: settings.everySeconds ?? 300,
        fileLimitBytes: settings.fileLimitBytes ?? 50 * 1024 * 1024,
        homeLimitBytes: settings.homeLimitBytes ?? 50 * 1024 * 1024,
        include: ["*.tfstate*", "*.tfvars", ".env*"],
      },
    };
    writeFileSync(join(this.state, "config.json"), JSON.stringify(config), { mode: 0o600 });
    mkdirSync(join(this.state, "setup"), { recursive: true });
    if (settings.restored !== false) writeFileSync(join(this.state, "setup/home"), "");
  }

  write(name: string, content: string | Buffer = `${name}\n`, mode = 0o644): void {
    const file = join(this.path, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
    chmodSync(file, mode);
  }

  read(name: string): string {
    return readFileSync(join(this.path, name), "utf8");
  }

  has(name: string): boolean {
    return lstatSync(join(this.path, name), { throwIfNoEntry: false }) !== undefined;
  }

  sh(script: string): string {
    const options = { cwd: this.path, env: { ...this.env, GIT_CONFIG_NOSYSTEM: "1" }, encoding: "utf8" } as const;
    return execFileSync("sh", ["-ec", script], options);
  }

  /** A repository with one commit. */
  repository(name: string, files: Readonly<Record<string, string>> = { "main.tf": "terraform {}\n" }): void {
    for (const [file, content] of Object.entries(files)) this.write(`${name}/${file}`, content);
    this.sh(`cd -- '${name.replaceAll("'", "'\\''")}' && git init -q -b main && git config user.name Ada && git config user.email ada@example.com &&
      git add -A && git commit -q -m first`);
  }

  start(script: string, args: readonly string[] = [], stdin = "", env: Readonly<Record<string, string>> = {}) {
    const begun = performance.now();
    const child = spawn(resolve(image, script), args, { cwd: this.path, env: { ...this.env, ...env }, detached: true });
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
    child.stdin.end(stdin);
    const ended = new Promise<Run>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code) => {
        this.#children.delete(child);
        const words = stdout.split("\n").flatMap((line): Word[] => (line.startsWith("{") ? [JSON.parse(line)] : []));
        resolve({ code, stdout, stderr, words, last: words.at(-1) ?? {}, ms: performance.now() - begun });
      });
    });
    return { child, ended };
  }

  save(...args: readonly string[]): Promise<Run> {
    return this.start("save", args).ended;
  }

  restore(wish: object | null): Promise<Run> {
    return this.start("restore-home", [], `${JSON.stringify(wish)}\n`).ended;
  }

  saveUnprivileged(): Promise<Run> {
    return this.#unprivileged("save", "");
  }

  restoreUnprivileged(wish: object): Promise<Run> {
    return this.#unprivileged("restore-home", `${JSON.stringify(wish)}\n`);
  }

  /** By an account without root's powers, which tests may have. */
  #unprivileged(script: string, stdin: string): Promise<Run> {
    if (process.getuid?.() !== 0) return this.start(script, [], stdin).ended;
    execFileSync("chown", ["-R", "65534:65534", this.root]);
    const account = ["--reuid=65534", "--regid=65534", "--clear-groups"];
    return this.start("/usr/bin/setpriv", [...account, resolve(image, script)], stdin).ended;
  }

  /** Ends all that runs in this home, at once. */
  end(): void {
    for (const { pid } of this.#children) if (pid !== undefined) process.kill(-pid, "SIGKILL");
    // What a job left behind in a session of its own, too.
    for (const { pid } of listProcesses()) {
      if (environmentOf(pid).get("HOME") === this.path) process.kill(pid, "SIGKILL");
    }
  }

  close(): void {
    this.end();
    execFileSync("chmod", ["-R", "u+rwX", this.root]);
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** The names in a snapshot, sorted, as tar has them; folders end with a slash. */
export function namesIn(snapshot: Buffer): readonly string[] {
  const list = execFileSync("tar", ["-tz", "--quoting-style=literal", "--null"], { input: snapshot, encoding: "utf8" });
  return list
    .split("\n")
    .filter((name) => name !== "")
    .toSorted();
}

/** One file of a snapshot. */
export function fileIn(snapshot: Buffer, name: string): Buffer {
  return execFileSync("tar", ["-xzO", "--", name], { input: snapshot });
}

export interface Entry {
  readonly kind: "file" | "folder" | "link";
  readonly mode: number;
  /** Nanoseconds; folders and links have none that counts. */
  readonly changed: bigint | null;
  readonly content: string | null;
}

/** Everything below a folder but Limpet's own state, by name (latin1: one character is one byte). */
export function treeOf(folder: string): ReadonlyMap<string, Entry> {
  const tree = new Map<string, Entry>();
  const walk = (below: Buffer): void => {
    const place = Buffer.concat([Buffer.from(`${folder}/`), below]);
    for (const name of readdirSync(place, { encoding: "buffer" })) {
      const path = below.length === 0 ? name : Buffer.concat([below, Buffer.from("/"), name]);
      if (path.toString("latin1") === ".local/state/limpet") continue;
      const file = Buffer.concat([Buffer.from(`${folder}/`), path]);
      const stat = lstatSync(file, { bigint: true });
      const mode = Number(stat.mode & 0o7777n);
      const key = path.toString("latin1");
      if (stat.isSymbolicLink()) {
        tree.set(key, { kind: "link", mode, changed: null, content: readlinkSync(file, "latin1") });
      } else if (stat.isDirectory()) {
        tree.set(key, { kind: "folder", mode, changed: null, content: null });
        walk(path);
      } else {
        tree.set(key, { kind: "file", mode, changed: stat.mtimeNs, content: readFileSync(file, "latin1") });
      }
    }
  };
  walk(Buffer.alloc(0));
  return tree;
}
