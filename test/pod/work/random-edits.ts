// Owns what a person does to the files and the index of a repository, by a seeded generator.
// Must not know commits or branches.

import { chmod, lstat, mkdir, readdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Random } from "../../unit/bridge/world/random.ts";
import type { Pod } from "./pod.ts";
import { pickContent, pickName } from "./random-names.ts";

const modes = [0o600, 0o640, 0o444, 0o700, 0o755, 0o644, 0o664, 0o4755, 0o711] as const;

export class Worktree {
  readonly #pod: Pod;
  readonly #name: string;
  readonly #random: Random;

  constructor(pod: Pod, name: string, random: Random) {
    this.#pod = pod;
    this.#name = name;
    this.#random = random;
  }

  #path(name: string): string {
    return join(this.#pod.path(this.#name), name);
  }

  async write(name: string, content: Uint8Array): Promise<void> {
    await this.#clear(name);
    await writeFile(this.#path(name), content);
  }

  /** `name` is free and its folder is one: what was there or above it goes. */
  async #clear(name: string): Promise<void> {
    const parts = name.split("/");
    for (let depth = 1; depth <= parts.length; depth += 1) {
      const path = this.#path(parts.slice(0, depth).join("/"));
      const stat = await lstat(path).catch(() => null);
      if (stat !== null && (depth === parts.length || !stat.isDirectory())) await rm(path, { recursive: true });
    }
    await mkdir(dirname(this.#path(name)), { recursive: true });
  }

  /** Names of the files and links of the working tree. */
  async #files(): Promise<string[]> {
    const root = this.#pod.path(this.#name);
    const all = await readdir(root, { recursive: true, withFileTypes: true });
    return (
      all
        .filter((entry) => !entry.isDirectory())
        .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
        // Files that were checked out by attributes that are gone since are changed to git, once it looks at them again. It does
        // not, until their times change; and after a restore they have.
        .filter((name) => !name.startsWith(".git/") && name !== ".gitattributes")
        .toSorted()
    );
  }

  async edit(count: number): Promise<string[]> {
    const story: string[] = [];
    for (let number = 0; number < count; number += 1) story.push(await this.#editOne());
    return story;
  }

  async #editOne(): Promise<string> {
    const random = this.#random;
    const files = await this.#files();
    const any = files.length === 0 ? null : random.pick(files);
    const kind = random.below(12);
    if (any === null || kind < 3) {
      const name = pickName(random);
      await this.write(name, pickContent(random));
      return `new ${JSON.stringify(name)}`;
    }
    const stat = await lstat(this.#path(any));
    switch (kind) {
      case 3:
      case 4:
        await this.write(any, pickContent(random));
        return `rewrite ${JSON.stringify(any)}`;
      case 5: {
        if (!stat.isFile()) break;
        await writeFile(this.#path(any), Buffer.concat([await readFile(this.#path(any)), pickContent(random)]));
        return `append to ${JSON.stringify(any)}`;
      }
      case 6:
        await rm(this.#path(any));
        return `delete ${JSON.stringify(any)}`;
      case 7: {
        const to = pickName(random);
        if (to === any || to.startsWith(`${any}/`) || any.startsWith(`${to}/`)) break;
        await this.#clear(to);
        if ((await lstat(this.#path(any)).catch(() => null)) === null) break;
        await rename(this.#path(any), this.#path(to));
        return `rename ${JSON.stringify(any)} ${JSON.stringify(to)}`;
      }
      case 8: {
        if (!stat.isFile()) break;
        const mode = random.pick(modes);
        await chmod(this.#path(any), mode);
        return `chmod ${mode.toString(8)} ${JSON.stringify(any)}`;
      }
      case 9: {
        await this.#clear(any);
        await symlink(random.pick(["elsewhere", "dir", ".", "with space", "new\nline", "../../x"]), this.#path(any));
        return `link ${JSON.stringify(any)}`;
      }
      case 10: {
        const inside = `${any}/${random.pick(["in", "x y", "-in"])}`;
        await this.write(inside, pickContent(random));
        return `folder ${JSON.stringify(inside)}`;
      }
      default: {
        const folder = any.includes("/") ? (any.split("/")[0] ?? any) : any;
        if (any === folder) break;
        if (random.chance(0.5)) {
          await chmod(this.#path(folder), random.pick([0o700, 0o750, 0o777]));
          return `chmod ${JSON.stringify(folder)}`;
        }
        await rm(this.#path(folder), { recursive: true });
        if (random.chance(0.5)) await symlink("/nowhere", this.#path(folder));
        else await writeFile(this.#path(folder), pickContent(random));
        return `instead of folder ${JSON.stringify(folder)}`;
      }
    }
    return "nothing";
  }

  /** Some of what changed is staged, some only announced, some taken out of the index. */
  async stage(): Promise<string[]> {
    const story: string[] = [];
    const changed = (await this.#list("ls-files", "-m", "-o", "-d", "--exclude-standard", "-z")).filter(() =>
      this.#random.chance(0.5),
    );
    if (changed.length > 0) {
      await this.#over("add", changed, "-A");
      story.push(`stage ${JSON.stringify(changed)}`);
    }
    const unknown = (await this.#list("ls-files", "-o", "--exclude-standard", "-z")).filter(() =>
      this.#random.chance(0.3),
    );
    if (unknown.length > 0) {
      await this.#over("add", unknown, "-N");
      story.push(`announce ${JSON.stringify(unknown)}`);
    }
    if (this.#random.chance(0.2)) {
      const tracked = (await this.#list("ls-files", "-z")).filter(() => this.#random.chance(0.15));
      if (tracked.length > 0) {
        await this.#pod.git(this.#name, ["update-index", "--force-remove", "-z", "--stdin"], {
          input: tracked.map((name) => `${name}\0`).join(""),
        });
        story.push(`untrack ${JSON.stringify(tracked)}`);
      }
    }
    if (this.#random.chance(0.15)) {
      const [file] = (await this.#list("ls-files", "-s", "-z")).filter((entry) => entry.startsWith("100"));
      if (file !== undefined) {
        const mode = file.startsWith("100755") ? "100644" : "100755";
        await this.#pod.git(this.#name, ["update-index", "-z", "--index-info"], { input: `${mode}${file.slice(6)}\0` });
        story.push("a mode in the index alone");
      }
    }
    return story;
  }

  async #list(...args: readonly string[]): Promise<string[]> {
    const listed = await this.#pod.git(this.#name, args);
    return [...new Set(listed.toString().split("\0").slice(0, -1))];
  }

  /** Names that a change of kind has hidden meanwhile are not there for git any more: each by itself would fail all. */
  async #over(command: string, names: readonly string[], ...args: readonly string[]): Promise<void> {
    const said = await this.#pod.run(
      [
        "git",
        "-C",
        this.#pod.path(this.#name),
        "--literal-pathspecs",
        command,
        ...args,
        "--pathspec-from-file=-",
        "--pathspec-file-nul",
      ],
      { input: names.map((name) => `${name}\0`).join("") },
    );
    if (said.code !== 0 && !said.stderr.includes("beyond a symbolic link") && !said.stderr.includes("did not match")) {
      throw new Error(said.stderr);
    }
  }

  /** Files that git ignores: none of them may go upstream. */
  async leaveIgnored(): Promise<string[]> {
    const story: string[] = [];
    for (const name of [
      "terraform.tfstate",
      "prod.tfvars",
      ".env",
      "node_modules/x/index.js",
      "build/out",
      "excluded one",
    ]) {
      if (!this.#random.chance(0.4)) continue;
      // A name that the repository has as something else stays that.
      if ((await this.#list("ls-files", "-z", "--", name.split("/")[0] ?? name)).length > 0) continue;
      await this.write(name, Buffer.from(`${name} stays at home\n`));
      story.push(`ignored ${name}`);
    }
    return story;
  }
}
