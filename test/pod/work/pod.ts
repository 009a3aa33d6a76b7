// Owns a pod's home for the saves of repositories: its settings as `setup` leaves them, the two scripts as processes, its loss.
// Must not know what is in a repository.

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const image = resolve(import.meta.dirname, "../../../cluster/image");

export interface Said {
  readonly state: string;
  readonly text: string;
  readonly skipped: readonly string[];
  readonly code: string | null;
}

export interface ShellSettings {
  readonly id: string;
  /** 64 hex digits. */
  readonly key: string;
  readonly url: string | null;
  readonly branch?: string | null;
  readonly fileLimitBytes?: number;
  /** What `setup` writes for Limpet's own git; none where the host asks for no sign-in. */
  readonly gitConfig?: string;
}

export interface Ran {
  readonly code: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export class Pod {
  readonly root: string;
  readonly home: string;
  readonly shell: ShellSettings;

  private constructor(root: string, shell: ShellSettings) {
    this.root = root;
    this.home = join(root, "home");
    this.shell = shell;
  }

  static async start(shell: ShellSettings, root?: string): Promise<Pod> {
    const pod = new Pod(root ?? (await mkdtemp(join(tmpdir(), "limpet-work-"))), shell);
    await pod.writeHome();
    return pod;
  }

  get state(): string {
    return join(this.home, ".local/state/limpet");
  }

  /** The pod and its home are gone; the next one has what `setup` writes. */
  async lose(): Promise<void> {
    await this.run(["chmod", "-R", "u+rwx", this.home]);
    await rm(this.home, { recursive: true, force: true });
    await this.writeHome();
  }

  async end(): Promise<void> {
    await this.run(["chmod", "-R", "u+rwx", this.root]);
    await rm(this.root, { recursive: true, force: true });
  }

  async writeHome(): Promise<void> {
    const { id, key, url, branch = null, fileLimitBytes = 50 * 1024 * 1024, gitConfig } = this.shell;
    await mkdir(join(this.state, "git"), { recursive: true, mode: 0o700 });
    const git = url === null ? null : { url, branch, workspace: "work", saveUpstream: true };
    const config = { version: 1, shell: { id }, git, save: { key, fileLimitBytes } };
    await writeFile(join(this.state, "config.json"), JSON.stringify(config), { mode: 0o600 });
    if (gitConfig !== undefined) await writeFile(join(this.state, "git/config"), gitConfig, { mode: 0o600 });
    await writeFile(
      join(this.home, ".gitconfig"),
      "[user]\n\tname = Ada\n\temail = ada@example.com\n[init]\n\tdefaultBranch = main\n[advice]\n\tdetachedHead = false\n",
    );
  }

  path(name: string): string {
    return join(this.home, name);
  }

  hash(name: string): string {
    return createHash("sha256").update(name).digest("hex").slice(0, 16);
  }

  ref(name: string): string {
    return `refs/limpet/wip/${this.shell.id}/${this.hash(name)}`;
  }

  /** Runs a program in the home; a code other than 0 is no error. */
  run(command: readonly string[], options: RunOptions = {}): Promise<Ran> {
    const [file = "false", ...args] = command;
    return new Promise((settle, refuse) => {
      const child = execFile(
        file,
        args,
        {
          cwd: options.cwd ?? this.root,
          env: { PATH: process.env["PATH"] ?? "", HOME: this.home, LANG: "C.UTF-8", ...options.env },
          encoding: "buffer",
          maxBuffer: 1 << 28,
        },
        (error, stdout, stderr) => {
          if (error !== null && typeof error.code !== "number") refuse(error);
          else settle({ code: Number(error?.code ?? 0), stdout, stderr: stderr.toString() });
        },
      );
      child.stdin?.on("error", () => {});
      child.stdin?.end(options.input ?? "");
    });
  }

  /** git as the person runs it in a repository of the home. Throws where git does. */
  async git(name: string, args: readonly string[], options: RunOptions = {}): Promise<Buffer> {
    const ran = await this.run(["git", "-C", this.path(name), ...args], options);
    if (ran.code !== 0) throw new Error(`git ${args.join(" ")} ended with ${ran.code}: ${ran.stderr}`);
    return ran.stdout;
  }

  /** One of the image's scripts; its last line is its word. */
  async script(
    name: "save-repository" | "restore-repository",
    args: readonly string[],
    options: RunOptions = {},
  ): Promise<Said> {
    const ran = await this.run(["/bin/sh", join(image, name), ...args], options);
    if (ran.code !== 0 || ran.stderr !== "") {
      throw new Error(`${name} ended with ${ran.code}: ${ran.stdout.toString()} ${ran.stderr}`);
    }
    return parseSaid(ran.stdout.toString());
  }

  push(name: string, options: RunOptions = {}): Promise<Said> {
    return this.script("save-repository", ["push", this.path(name)], options);
  }

  pull(name: string, options: RunOptions = {}): Promise<Said> {
    return this.script("restore-repository", ["pull", this.path(name)], options);
  }
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string | Uint8Array;
}

function parseSaid(stdout: string): Said {
  const said: unknown = JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "");
  if (typeof said !== "object" || said === null) throw new Error(`no word of a script: ${stdout}`);
  const { state, text, skipped, code } = said as Readonly<Record<string, unknown>>;
  if (typeof state !== "string" || typeof text !== "string" || !Array.isArray(skipped)) {
    throw new Error(`no word of a script: ${stdout}`);
  }
  return { state, text, skipped: skipped.map(String), code: typeof code === "string" ? code : null };
}
