// Owns repositories in random states: the same ones for the same seed. History comes by fast-import; what a person does to
// files, index, branches and stashes is done by the file system and the person's own git.
// Must not know how they are saved.

import type { Random } from "../../unit/bridge/world/random.ts";
import type { Pod } from "./pod.ts";
import { Worktree } from "./random-edits.ts";
import { pickContent, pickName } from "./random-names.ts";

/** What git ignores in all of them, and what Limpet keeps of that in the home's snapshot. */
export const ignoring = "*.tfstate\n*.tfvars\n.env\nnode_modules/\n/build/\n";

/** Makes the upstream (a bare repository at `upstream`) and, in the home, the person's `name`; says what it did. */
export async function makeRandomRepository(
  pod: Pod,
  name: string,
  upstream: string,
  random: Random,
): Promise<string[]> {
  const story: string[] = [];
  const format = random.chance(0.06) ? "sha256" : "sha1";
  await pod.run(["git", "init", "-q", "--bare", "--template=", "-b", "main", `--object-format=${format}`, upstream]);
  const isEmpty = random.chance(0.07);
  const branches = isEmpty ? [] : ["main", ...["feature/x", "fix", "wild(1)"].filter(() => random.chance(0.4))];
  const history = new History(random);
  if (!isEmpty) {
    for (const branch of branches) history.commit(branch, branch === "main" ? null : "main", random.below(2) + 1);
    await pod.run(["git", `--git-dir=${upstream}`, "fast-import", "--quiet"], { input: history.end() });
  }
  const line = random.chance(0.25) ? random.pick(["true", "input"]) : "false";
  story.push(`${format}, ${branches.length} branches upstream, autocrlf ${line}`);
  const cloned = await pod.run([
    "git",
    "clone",
    "-q",
    "--template=",
    "-c",
    `core.autocrlf=${line}`,
    upstream,
    pod.path(name),
  ]);
  if (cloned.code !== 0) throw new Error(cloned.stderr);
  const git = (...args: readonly string[]): Promise<Buffer> => pod.git(name, args);

  if (!isEmpty) {
    const local = new History(random);
    const moved = new Set<string>();
    for (const branch of ["main", "fix", "local", "local/deep"]) {
      if (
        !random.chance(0.35) ||
        (branch === "local" && moved.has("local/deep")) ||
        (branch === "local/deep" && moved.has("local"))
      ) {
        continue;
      }
      const from = branches.includes(branch) ? `refs/remotes/origin/${branch}^0` : "refs/remotes/origin/main^0";
      local.commit(branch, from, random.below(3) + 1, true);
      moved.add(branch);
    }
    if (moved.size > 0) {
      await pod.git(name, ["fast-import", "--quiet", "--force"], { input: local.end() });
      story.push(`unpushed commits on ${[...moved].join(", ")}`);
    }
    const heads = [...new Set(["main", ...moved])];
    if (moved.size > 0 || random.chance(0.2)) await git("checkout", "-q", "-f", random.pick(heads));
    if (moved.has("local")) await git("config", "branch.local.merge", "refs/heads/main");
    if (moved.has("local")) await git("config", "branch.local.remote", "origin");
  }

  const tree = new Worktree(pod, name, random);
  if (!isEmpty && random.chance(0.25)) {
    for (let stash = random.below(3) + 1; stash > 0; stash -= 1) {
      await tree.edit(2);
      const made = await pod.run([
        "git",
        "-C",
        pod.path(name),
        "stash",
        "push",
        "-q",
        random.chance(0.5) ? "-u" : "-a",
        "-m",
        `a stash: ${random.hex().slice(0, 5)} "x"`,
      ]);
      story.push(`a stash (${made.code})`);
      if (made.code !== 0) await git("reset", "-q", "--hard");
    }
  }
  if (!isEmpty) {
    const where = random.below(10);
    if (where < 2) await git("checkout", "-q", "--detach");
    if (where === 2) await git("symbolic-ref", "HEAD", "refs/heads/not/yet");
    story.push(`HEAD ${["detached", "detached", "without a commit"][where] ?? "on a branch"}`);
  }
  if (random.chance(0.3)) await tree.write(".git/info/exclude", Buffer.from("excluded*\n"));
  story.push(...(await tree.edit(random.below(8))));
  story.push(...(await tree.stage()));
  story.push(...(await tree.edit(random.below(6))));
  if (random.chance(0.15)) story.push(...(await tree.stage()), ...(await tree.edit(2)));
  story.push(...(await tree.leaveIgnored()));
  return story;
}

/** A stream for git fast-import(1). */
class History {
  readonly #random: Random;
  readonly #parts: Uint8Array[] = [];
  readonly #seen = new Set<string>();

  constructor(random: Random) {
    this.#random = random;
  }

  commit(branch: string, from: string | null, count: number, isLocal = false): void {
    for (let number = 0; number < count; number += 1) {
      const message = `${branch} ${number}\n`;
      this.#say(
        `commit refs/heads/${branch}\ncommitter Ada <ada@example.com> ${1_700_000_000 + this.#random.below(1e7)} +0000\n`,
      );
      this.#say(`data ${Buffer.byteLength(message)}\n${message}`);
      if (number === 0 && from !== null) this.#say(`from ${from.includes("/") ? from : `refs/heads/${from}`}\n`);
      if (number === 0 && !isLocal) this.#file("100644", ".gitignore", Buffer.from(ignoring));
      if (number === 0 && !isLocal && this.#random.chance(0.2)) {
        this.#file("100644", ".gitattributes", Buffer.from("*.txt text\n*.yaml ident\n"));
      }
      for (let files = this.#random.below(isLocal ? 4 : 9); files >= 0; files -= 1) {
        const name = pickName(this.#random);
        // A file is not made where a folder is, in one commit.
        if ([...this.#seen].some((seen) => seen.startsWith(`${name}/`) || name.startsWith(`${seen}/`))) continue;
        this.#seen.add(name);
        const isLink = this.#random.chance(0.1);
        this.#file(
          isLink ? "120000" : this.#random.chance(0.15) ? "100755" : "100644",
          name,
          isLink ? Buffer.from(this.#random.pick(["a", "../x", "nowhere at all", "dir"])) : pickContent(this.#random),
        );
      }
    }
  }

  end(): Uint8Array {
    this.#say("done\n");
    return Buffer.concat(this.#parts);
  }

  #file(mode: string, name: string, content: Uint8Array): void {
    this.#say(`M ${mode} inline ${quote(name)}\ndata ${content.length}\n`);
    this.#parts.push(content);
    this.#say("\n");
  }

  #say(text: string): void {
    this.#parts.push(Buffer.from(text));
  }
}

/** A name as git quotes it: bytes that are not plain in octal. */
function quote(name: string): string {
  const bytes = [...Buffer.from(name)].map((byte) =>
    byte < 0x21 || byte > 0x7e || byte === 0x22 || byte === 0x5c
      ? `\\${byte.toString(8).padStart(3, "0")}`
      : String.fromCharCode(byte),
  );
  return `"${bytes.join("")}"`;
}
