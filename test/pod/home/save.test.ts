// Owns that `save` sends what matters of a home, all of it and nothing else, once, and says so.
// Must not know how repositories are saved, or how a home is put back.

import { execFileSync } from "node:child_process";
import { rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { fileIn, Home, namesIn } from "./home.ts";
import { PodEdge } from "./pod-edge.ts";

let edge: PodEdge;
let home: Home;

beforeEach(async () => {
  edge = await PodEdge.start();
  home = new Home(edge);
});
afterEach(async () => {
  home.close();
  await edge.close();
});

const snapshotPath = "/api/pod/snapshot";

test("dotfiles, history and files outside repositories are saved, with modes and links; caches, sockets and state are not", async () => {
  home.write(".bashrc");
  home.write(".bash_history", "terraform plan\n", 0o600);
  home.write("bin/run", "#!/bin/sh\n", 0o755);
  home.write("notes/a b.txt");
  home.sh("ln -s nowhere dangling; ln -s notes shortcut; mkdir empty; mkfifo pipe");
  const caches = [
    "node_modules/x",
    "deep/node_modules/x",
    ".cache/x",
    "p/.terraform/providers/x",
    "p/__pycache__/x",
    ".npm/x",
    "p/.venv/x",
    ".cargo/registry/x",
    "go/pkg/x",
    ".local/share/Trash/x",
    ".aws/sso/cache/x",
    ".kube/cache/x",
  ];
  for (const name of caches) home.write(name);
  home.write("target/CACHEDIR.TAG", "Signature: 8a477f597d28d172789f06886806bc55");
  home.write("target/x");
  home.write("env/pyvenv.cfg");
  home.write("env/bin/x");
  // The same words at other places are a person's own.
  home.write("src/go/pkg/mine");
  home.write("p/.terraform/terraform.tfstate");
  const { code, last } = await home.save();
  expect(code).toBe(0);
  const folders = (name: string): boolean => name.endsWith("/");
  const names = namesIn(edge.newest);
  expect(names.filter((name) => !folders(name))).toEqual([
    "home/.bash_history",
    "home/.bashrc",
    "home/bin/run",
    "home/dangling",
    "home/notes/a b.txt",
    "home/p/.terraform/terraform.tfstate",
    "home/shortcut",
    "home/src/go/pkg/mine",
  ]);
  expect(names.filter(folders)).toContain("home/empty/");
  expect(last).toMatchObject({ type: "receipt", upstream: null, edge: { kind: "edge", state: "saved", skipped: [] } });
  expect(edge.receipts).toEqual([
    expect.objectContaining({ kind: "edge", state: "saved", snapshot: last.edge?.snapshot }),
  ]);
  expect(edge.receipts[0]?.text).toMatch(/^8 files of the home, .* compressed, are saved at the edge\.$/);
});

test("names with line feeds, quotes, bytes that are no text and leading dashes are names like any other", async () => {
  const names = ["-rf", "--help", "a\nb", 'it\'s "so"', "$(id)", "[x]*?", "\\n", "né", " "];
  for (const name of names) home.write(`odd/${name}`, name);
  home.sh("printf x > \"$(printf 'odd/\\377\\376')\"");
  expect((await home.save()).code).toBe(0);
  const list = execFileSync("tar", ["-tz", "--quoting-style=literal"], { input: edge.newest, encoding: "latin1" });
  for (const name of [...names, "\xff\xfe"])
    expect(list).toContain(
      `home/odd/${Buffer.from(name, name === "\xff\xfe" ? "latin1" : "utf8").toString("latin1")}\n`,
    );
});

test("an unchanged home costs no upload; each change of content, mode or name costs one", async () => {
  home.write("file", "one");
  home.write("other");
  await home.save();
  expect(edge.count(`PUT ${snapshotPath}`)).toBe(1);
  const again = await home.save();
  expect(again.last.edge).toMatchObject({ state: "unchanged", snapshot: null });
  home.write(".cache/more");
  home.write("node_modules/more");
  await home.save();
  expect(edge.count(`PUT ${snapshotPath}`)).toBe(1);

  const { mtime, atime } = statSync(join(home.path, "file"));
  const changes = [
    // The same length and the same time: only the inode's own time tells.
    () => {
      writeFileSync(join(home.path, "file"), "two");
      utimesSync(join(home.path, "file"), atime, mtime);
    },
    () => home.sh("chmod 600 other"),
    () => home.sh("mv other another"),
    () => home.sh("rm another"),
    () => home.sh("ln -s file link"),
    () => home.sh("mkdir folder"),
  ];
  for (const [index, change] of changes.entries()) {
    change();
    expect((await home.save()).last.edge?.state).toBe("saved");
    expect(edge.count(`PUT ${snapshotPath}`)).toBe(2 + index);
  }
  expect(fileIn(edge.newest, "home/file").toString()).toBe("two");
});

describe("repositories", () => {
  test("their files stay out, but for ignored ones that matter; each goes along as a bundle", async () => {
    home.repository("work/it's [a]*", {
      ".gitignore": "*.tfstate\nbuild\n.env\n",
      "main.tf": "",
      "given.tfvars": "tracked",
    });
    home.write("work/it's [a]*/prod.tfstate", "the state");
    home.write("work/it's [a]*/deep/er/.env", "A=b");
    home.write("work/it's [a]*/build/huge");
    home.write("work/it's [a]*/.terraform/providers/x.tfstate");
    home.write("work/it's [a]*/new.txt", "untracked, and so in the bundle");
    home.write("work/beside", "no repository");
    expect((await home.save()).code).toBe(0);
    const names = namesIn(edge.newest).filter((name) => !name.endsWith("/"));
    expect(names.filter((name) => name.startsWith("home/"))).toEqual([
      "home/work/beside",
      "home/work/it's [a]*/deep/er/.env",
      "home/work/it's [a]*/prod.tfstate",
    ]);
    const [bundle = "", path = ""] = names.filter((name) => name.startsWith("bundles/"));
    expect(fileIn(edge.newest, path).toString()).toBe("work/it's [a]*");
    expect(fileIn(edge.newest, bundle).subarray(0, 12).toString()).toBe("# v2 git bun");
    expect((await home.save()).last.edge?.state).toBe("unchanged");
    home.write("work/it's [a]*/new.txt", "changed");
    expect((await home.save()).last.edge?.state).toBe("saved");
  });

  test("a repository in a repository has a bundle of its own; one below a cache, a submodule's and a broken one have none", async () => {
    home.repository("outer");
    home.repository("outer/inner");
    home.repository("p/node_modules/dep");
    home.write("broken/.git/nothing");
    home.write("outer/sub/.git", "gitdir: ../.git/modules/sub\n");
    await home.save();
    const paths = namesIn(edge.newest).filter((name) => name.endsWith(".path"));
    expect(paths.map((name) => fileIn(edge.newest, name).toString()).toSorted()).toEqual(["outer", "outer/inner"]);
    expect(namesIn(edge.newest)).toContain("home/broken/.git/nothing");
    rmSync(join(home.path, "outer/inner"), { recursive: true });
    await home.save();
    expect(namesIn(edge.newest).filter((name) => name.endsWith(".path"))).toHaveLength(1);
  });

  test("a linked working tree, and a git folder elsewhere, are repositories below a folder named modules too", async () => {
    home.repository("infra");
    home.sh(
      "git -C infra worktree add -q ../modules/vpc -b vpc && mkdir .git-of && git init -q --separate-git-dir=.git-of/lab modules/lab",
    );
    home.write("modules/vpc/new.tf");
    home.write("modules/lab/new.tf");
    home.repository("modules/dns");
    home.repository("modules/dns/part");
    home.sh("mkdir modules/dns/.git/modules && mv modules/dns/part/.git modules/dns/.git/modules/part");
    home.write("modules/dns/part/.git", "gitdir: ../.git/modules/part\n");
    await home.save();
    const paths = namesIn(edge.newest).filter((name) => name.endsWith(".path"));
    expect(paths.map((name) => fileIn(edge.newest, name).toString()).toSorted()).toEqual([
      "infra",
      "modules/dns",
      "modules/lab",
      "modules/vpc",
    ]);
  });

  test("one whose name is no text is saved as well", async () => {
    home.repository("lab");
    home.sh("mv lab \"$(printf 'l\\351b')\"");
    await home.save();
    const [path = ""] = namesIn(edge.newest).filter((name) => name.endsWith(".path"));
    expect(fileIn(edge.newest, path).toString("latin1")).toBe("l\xe9b");
  });

  test("nothing that is configured in one runs, and the caller's GIT_DIR is not believed", async () => {
    home.repository("lab", { ".gitignore": "*.tfstate\n" });
    home.write("lab/prod.tfstate", "state");
    home.write("spy", '#!/bin/sh\necho "$0" >>"$HOME/ran"\n', 0o755);
    home.sh('git -C lab config core.fsmonitor "$HOME/spy"');
    home.repository("other");
    const other = { GIT_DIR: join(home.path, "other/.git"), GIT_WORK_TREE: join(home.path, "other") };
    expect((await home.start("save", [], "", other).ended).code).toBe(0);
    expect(home.has("ran")).toBe(false);
    expect(namesIn(edge.newest)).toContain("home/lab/prod.tfstate");
  });

  test("a home that is a repository itself is saved file by file", async () => {
    home.write(".vimrc");
    home.sh("git init -q . && git -c user.name=A -c user.email=a@b.c commit -q --allow-empty -m first");
    await home.save();
    expect(namesIn(edge.newest)).toEqual(expect.arrayContaining(["home/.vimrc", "home/.git/HEAD"]));
  });
});

test("ever so many folders that say they are caches leave the rest of the home to be saved", async () => {
  home.write("mine");
  home.write("target-x/mine");
  const long = "n".repeat(200);
  home.sh(`mkdir many && cd many && seq -f '${long}-%.0f' 12000 | xargs mkdir &&
    seq -f '${long}-%.0f/CACHEDIR.TAG' 12000 | xargs touch && seq -f '${long}-%.0f/x' 12000 | xargs touch`);
  expect((await home.save()).code).toBe(0);
  expect(namesIn(edge.newest).filter((name) => !name.endsWith("/"))).toEqual(["home/mine", "home/target-x/mine"]);
});

describe("too large", () => {
  const kib = 1024;
  const random = (bytes: number): Buffer =>
    execFileSync("head", ["-c", String(bytes), "/dev/urandom"], { maxBuffer: 1e9 });

  test("a file above the limit stays out and is named with its size", async () => {
    home.configure(edge, { fileLimitBytes: 100 * kib });
    home.write("film.mp4", random(150 * kib));
    home.write("small");
    const { last } = await home.save();
    expect(last.edge).toMatchObject({
      state: "partial",
      skipped: ["film.mp4 (150.0 KiB): above the limit of 100.0 KiB for one file"],
    });
    expect(namesIn(edge.newest)).toContain("home/small");
    expect(namesIn(edge.newest)).not.toContain("home/film.mp4");
    expect((await home.save()).last.edge).toMatchObject({ state: "unchanged", skipped: last.edge?.skipped });
  });

  test("then the largest go until it fits, ignored files that matter last", async () => {
    home.configure(edge, { homeLimitBytes: 500 * kib });
    home.repository("infra", { ".gitignore": "*.tfstate\n" });
    home.write("infra/big.tfstate", random(200 * kib));
    for (const size of [40, 60, 80, 100, 120]) home.write(`data-${size}`, random(size * kib));
    const { last } = await home.save();
    expect(edge.newest.length).toBeLessThanOrEqual(500 * kib);
    expect(edge.newest.length).toBeGreaterThan(350 * kib);
    const names = namesIn(edge.newest);
    expect(names).toEqual(
      expect.arrayContaining(["home/infra/big.tfstate", "home/data-40", "home/data-60", "home/data-80"]),
    );
    expect(last.edge?.state).toBe("partial");
    expect(last.edge?.skipped?.at(0)).toBe("data-120 (120.0 KiB): the snapshot would be above its limit of 500.0 KiB");
    const left = last.edge?.skipped?.map((line) => `home/${line.split(" ")[0]}`) ?? [];
    expect([...names.filter((name) => name.includes("data")), ...left]).toHaveLength(5);
  });

  test("what compresses well is measured compressed", async () => {
    home.configure(edge, { homeLimitBytes: 500 * kib });
    home.write("log", "the same line again\n".repeat(100_000));
    expect((await home.save()).last.edge?.state).toBe("saved");
  });
});

test("what setup put there stays out; what the person has beside it goes in", async () => {
  const written = (name: string, file: string): void => {
    const sum = execFileSync("sha256sum", [join(home.path, file)], { encoding: "utf8" }).slice(0, 64);
    home.write(`.config/limpet/written/${name}`, `${sum} ${home.path}/${file}\n`, 0o600);
  };
  home.write(".kube/config", "given: SECRET-1\n", 0o600);
  written("kubeconfig", ".kube/config");
  home.write(".config/gcloud/application_default_credentials.json", "SECRET-2", 0o600);
  written("google-key", ".config/gcloud/application_default_credentials.json");
  const block = "# limpet: begin (kept by Limpet)\n[default]\naws_secret_access_key = SECRET-3\n# limpet: end\n";
  home.write(".aws/credentials", `[mine]\naws_access_key_id = MINE\n${block}`, 0o600);
  home.write(
    ".azure/service_principal_entries.json",
    JSON.stringify([
      { client_id: "given", tenant: "t", client_secret: "SECRET-4" },
      { client_id: "mine", tenant: "t", client_secret: "MINE" },
    ]),
    0o600,
  );
  home.write(".config/limpet/written/azure", "given t\n");
  await home.save();
  const all = execFileSync("tar", ["-xzO"], { input: edge.newest, encoding: "utf8" });
  expect(all).not.toMatch(/SECRET-\d/);
  expect(fileIn(edge.newest, "home/.aws/credentials").toString()).toBe("[mine]\naws_access_key_id = MINE\n");
  expect(fileIn(edge.newest, "home/.azure/service_principal_entries.json").toString()).toContain("MINE");
  expect(namesIn(edge.newest)).not.toContain("home/.kube/config");
  expect((await home.save()).last.edge?.state).toBe("unchanged");
  // A context was chosen: the file is the person's from now on.
  home.write(".kube/config", "given: SECRET-1\ncurrent-context: mine\n", 0o600);
  await home.save();
  expect(namesIn(edge.newest)).toContain("home/.kube/config");
});

test("files that change, grow and go while they are read are no failure", async () => {
  for (let file = 0; file < 300; file += 1) home.write(`busy/${file}`, "x".repeat(2_000));
  const writer = home.start("/bin/sh", [
    "-c",
    "while :; do for i in 1 5 9 200 299; do echo more >>busy/$i; rm -f busy/$i.new; echo x >busy/$i.new; done; done",
  ]);
  for (let round = 0; round < 3; round += 1) {
    const { last } = await home.save();
    expect(last.edge?.state).toBe("saved");
    expect(namesIn(edge.newest).length).toBeGreaterThan(290);
  }
  writer.child.kill("SIGKILL");
  await writer.ended;
});

test("what cannot be read is named, and the rest is saved", async () => {
  home.write("open/file");
  home.write("closed-file", "x", 0o000);
  home.write("closed/file");
  home.sh("chmod 000 closed");
  const { last } = await home.saveUnprivileged();
  expect(last.edge).toMatchObject({ state: "partial" });
  expect(last.edge?.skipped?.toSorted()).toEqual([
    "closed (0 bytes): cannot be read",
    "closed-file (1 bytes): cannot be read",
  ]);
  expect(namesIn(edge.newest)).toContain("home/open/file");
});
