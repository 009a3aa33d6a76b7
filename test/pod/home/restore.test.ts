// Owns that `restore-home` brings a saved home back as it was, once in a pod, whole or not at all, and over nothing.
// Must not know how a snapshot is chosen.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Home, type HomeSettings, namesIn, treeOf } from "./home.ts";
import { PodEdge } from "./pod-edge.ts";

let edge: PodEdge;
let homes: Home[];

beforeEach(async () => {
  edge = await PodEdge.start();
  homes = [];
});
afterEach(async () => {
  for (const home of homes) home.close();
  await edge.close();
});

function makeHome(settings: HomeSettings = {}): Home {
  const home = new Home(edge, settings);
  homes.push(home);
  return home;
}

/** The next pod: nothing in it but what `setup` knows. */
const nextHome = (settings: HomeSettings = {}): Home => makeHome({ restored: false, ...settings });

test("what was saved is there again: bytes, modes, times, links, odd names", async () => {
  const old = makeHome();
  old.write(".bash_history", "helm list\n", 0o600);
  old.write(".ssh/id_ed25519", "mine", 0o600);
  old.write("bin/run", "#!/bin/sh\n", 0o755);
  old.write("data/bytes", execFileSync("head", ["-c", "300000", "/dev/urandom"]));
  for (const name of ["-rf", "a\nb", "it's", "[x]*?", "\\n", " ", "né"]) old.write(`odd/${name}`);
  old.sh(`printf x >"$(printf 'odd/\\377')"; ln -s nowhere dangling; ln -s ../data odd/to; mkdir -m 700 secret empty
    ln data/bytes data/same; touch -d '2020-02-02 02:02:02.123456789' data/bytes; chmod 555 empty; chmod 700 .ssh`);
  await old.save();
  const fresh = nextHome();
  expect((await fresh.restore(edge.wish)).last).toEqual({
    state: "restored",
    text: "The home is back as it was in its last snapshot.",
    skipped: [],
    code: null,
  });
  expect(treeOf(fresh.path)).toEqual(treeOf(old.path));
  expect(readdirSync(join(fresh.state, "restore"))).toEqual(
    expect.not.arrayContaining(["snapshot", "unpacked", "due"]),
  );
  // And so it is after one more life.
  fresh.configure(edge);
  await fresh.save();
  const third = nextHome();
  await third.restore(edge.wish);
  expect(treeOf(third.path)).toEqual(treeOf(old.path));
});

test("read-only folders come back as they were, without the powers of root", async () => {
  const old = makeHome();
  old.write("locked/file");
  old.write("locked/in/file", "x", 0o400);
  old.write("both/locked/file", "saved", 0o444);
  old.sh("chmod 500 locked locked/in both/locked");
  await old.save();
  const fresh = nextHome();
  fresh.write("both/locked/other", "new");
  const said = await fresh.restoreUnprivileged(edge.wish);
  expect(said.last).toMatchObject({ state: "restored" });
  expect(treeOf(join(fresh.path, "locked"))).toEqual(treeOf(join(old.path, "locked")));
  expect([fresh.read("both/locked/file"), fresh.read("both/locked/other")]).toEqual(["saved", "new"]);
  expect(readdirSync(join(fresh.state, "restore"))).not.toContain("unpacked");
});

test("once in a pod: what the person deletes or changes later stays so", async () => {
  const old = makeHome();
  old.write("file", "old");
  await old.save();
  const fresh = nextHome();
  await fresh.restore(edge.wish);
  fresh.write("file", "new");
  expect((await fresh.restore(edge.wish)).last).toMatchObject({ state: "nothing" });
  expect(fresh.read("file")).toBe("new");
  expect((await nextHome().restore(null)).last).toMatchObject({ state: "nothing" });
});

test("what is there already is not written over: both are kept, and the history is one", async () => {
  const old = makeHome();
  old.write("notes.txt", "saved");
  old.write("same.txt", "same");
  old.write(".bash_history", "saved 1\n");
  old.write("folder/in", "saved");
  old.write("was-file", "saved");
  old.sh("ln -s saved link");
  await old.save();
  const fresh = nextHome();
  fresh.write("notes.txt", "new");
  fresh.write("same.txt", "same");
  fresh.write(".bash_history", "new 1\n");
  fresh.write("folder/other", "new");
  fresh.write("was-file/now", "a folder");
  fresh.sh("ln -s new link");
  const { last } = await fresh.restore(edge.wish);
  expect(last).toMatchObject({ state: "conflict", code: "RESTORE_CONFLICT" });
  expect(last.skipped?.toSorted()).toEqual([
    "link: what was saved is beside it, as link.limpet-saved",
    "notes.txt: what was saved is beside it, as notes.txt.limpet-saved",
    "was-file: what was saved is beside it, as was-file.limpet-saved",
  ]);
  expect(fresh.read("notes.txt")).toBe("new");
  expect(fresh.read("notes.txt.limpet-saved")).toBe("saved");
  expect(fresh.read(".bash_history")).toBe("saved 1\nnew 1\n");
  expect([fresh.read("folder/in"), fresh.read("folder/other"), fresh.read("was-file/now")]).toEqual([
    "saved",
    "new",
    "a folder",
  ]);
  expect(fresh.has("same.txt.limpet-saved")).toBe(false);
});

describe("the download", () => {
  test("that is cut, refused for a moment or damaged is tried again", async () => {
    const old = makeHome();
    old.write("file", execFileSync("head", ["-c", "200000", "/dev/urandom"]));
    await old.save();
    edge.fail({ path: "/api/pod/snapshot/", do: "cut" }, { path: "/api/pod/snapshot/", do: 502 });
    const fresh = nextHome();
    expect((await fresh.restore(edge.wish)).last.state).toBe("restored");
    expect(treeOf(fresh.path)).toEqual(treeOf(old.path));
  });

  test("with another sum is never unpacked", async () => {
    const old = makeHome();
    old.write("file");
    await old.save();
    const fresh = nextHome();
    const { last } = await fresh.restore({ ...edge.wish, sha256: "0".repeat(64) });
    expect(last).toMatchObject({ state: "failed", code: "DAMAGED_SNAPSHOT" });
    expect([...treeOf(fresh.path).keys()]).toEqual([".local", ".local/state"]);
    expect(edge.count("GET /api/pod/snapshot/")).toBe(3);
    // It may still come back: no save takes its place meanwhile.
    expect((await fresh.save()).last.edge?.state).toBe("failed");
    expect((await fresh.restore(edge.wish)).last.state).toBe("restored");
  });

  test("of one that is gone is said; from then on the home is saved again", async () => {
    const gone = edge.wishFor("00000000000000000000000000", Buffer.from("x"));
    const fresh = nextHome();
    expect((await fresh.restore(gone)).last).toMatchObject({ state: "failed", code: "SNAPSHOT_NOT_FOUND" });
    fresh.write("file");
    expect((await fresh.save()).last.edge?.state).toBe("saved");
  });

  test("with a ticket that is over, or a wish that is none, fails with its reason", async () => {
    const old = makeHome();
    old.write("file");
    await old.save();
    const fresh = nextHome();
    expect((await fresh.restore({ ...edge.wish, ticket: "lt1.other" })).last).toMatchObject({
      state: "failed",
      code: "INVALID_CAPABILITY",
    });
    expect((await fresh.restore({ url: edge.url })).last).toMatchObject({ state: "failed", code: "INVALID_SNAPSHOT" });
    expect((await fresh.start("restore-home", [], "no json").ended).last).toMatchObject({
      state: "failed",
      code: "INVALID_SNAPSHOT",
    });
    expect(fresh.has("file")).toBe(false);
  });
});

test("an archive that wants out of the home gets nothing out, and one that is cut puts nothing in", async () => {
  const made = mkdtempSync(join(tmpdir(), "limpet-hostile-"));
  const outside = join(made, "outside");
  execFileSync(
    "sh",
    [
      "-ec",
      `mkdir -p t/home && cd t && echo evil >x &&
    tar -cPf ../a.tar --transform 's,^x$,../../../../outside,' x &&
    tar -rPf ../a.tar --transform 's,^x$,${outside},' x &&
    ln -s "${made}" home/way && tar -rf ../a.tar home/way && tar -rPf ../a.tar --transform 's,^x$,home/way/outside,' x &&
    echo good >home/good && tar -rf ../a.tar home/good && gzip ../a.tar`,
    ],
    { cwd: made, stdio: "pipe" },
  );
  edge.keep(execFileSync("cat", [join(made, "a.tar.gz")]));
  const hostile = nextHome();
  await hostile.restore(edge.wish);
  expect(readdirSync(made).toSorted()).toEqual(["a.tar.gz", "t"]);

  const old = makeHome();
  old.write("one");
  old.write("two", execFileSync("head", ["-c", "100000", "/dev/urandom"]));
  await old.save();
  edge.keep(edge.newest.subarray(0, 60_000));
  const cut = nextHome();
  expect((await cut.restore(edge.wish)).last).toMatchObject({ state: "failed", code: "UNPACK" });
  expect(cut.has("one")).toBe(false);
  rmSync(made, { recursive: true });
});

describe("repositories", () => {
  test("come back from their bundles, with the ignored files that matter", async () => {
    const old = makeHome();
    old.repository("lab", { ".gitignore": "*.tfstate\n", "a.txt": "a\n" });
    old.write("lab/prod.tfstate", "state");
    old.write("lab/a.txt", "changed\n");
    old.write("lab/new.txt", "new\n");
    old.sh("cd lab && git add new.txt && git checkout -q -b side && git commit -q -m two && echo more >>new.txt");
    await old.save();
    const fresh = nextHome();
    expect((await fresh.restore(edge.wish)).last).toMatchObject({ state: "restored" });
    const look =
      "cd lab && git status --porcelain=v2 --branch | grep -v upstream && git log --format=%H --all && cat prod.tfstate a.txt new.txt";
    expect(fresh.sh(look)).toBe(old.sh(look));
  });

  test("one that cannot be restored is kept where it is seen, and is in the next snapshot", async () => {
    const old = makeHome();
    old.repository("lab");
    await old.save();
    const bundle = namesIn(edge.newest).find((name) => name.endsWith(".bundle")) ?? "";
    const made = mkdtempSync(join(tmpdir(), "limpet-broken-"));
    execFileSync("tar", ["-xz", "-C", made], { input: edge.newest });
    writeFileSync(join(made, bundle), "broken");
    edge.keep(execFileSync("tar", ["-cz", "-C", made, "home", "bundles"]));
    rmSync(made, { recursive: true });
    const fresh = nextHome();
    const { last } = await fresh.restore(edge.wish);
    const name = bundle.slice("bundles/".length);
    expect(last).toMatchObject({
      state: "conflict",
      skipped: [expect.stringMatching(`^lab is kept as ~/limpet-not-restored/${name}: .+`)],
    });
    expect(fresh.read(`limpet-not-restored/${name}`)).toBe("broken");
    fresh.configure(edge);
    await fresh.save();
    expect(namesIn(edge.newest)).toContain(`home/limpet-not-restored/${name}`);
  });

  test("what belongs into the connected one waits for its clone, and is in every snapshot until then", async () => {
    const git = { url: "https://git.example.com/team/infra.git", workspace: "work/infra", saveUpstream: false };
    const old = makeHome({ git });
    old.repository("work/infra", { ".gitignore": "*.tfstate\n", "main.tf": "" });
    old.sh("cd work/infra && git remote add origin https://git.example.com/team/infra.git");
    old.write("work/infra/live/prod.tfstate", "state");
    old.write("work/beside");
    await old.save();
    const fresh = nextHome({ git });
    await fresh.restore(edge.wish);
    expect(fresh.has("work/beside")).toBe(true);
    expect(fresh.has("work/infra")).toBe(false);
    expect((await fresh.start("restore-home", ["later"]).ended).last.state).toBe("nothing");
    fresh.configure(edge, { git });
    await fresh.save();
    expect(namesIn(edge.newest)).toContain("home/work/infra/live/prod.tfstate");
    expect(namesIn(edge.newest).filter((name) => name.startsWith("bundles/"))).toHaveLength(2);

    fresh.repository("work/infra", { ".gitignore": "*.tfstate\n", "main.tf": "" });
    expect((await fresh.start("restore-home", ["later"]).ended).last.state).toMatch(/restored|conflict/);
    expect(fresh.read("work/infra/live/prod.tfstate")).toBe("state");
    expect((await fresh.start("restore-home", ["later"]).ended).last.state).toBe("nothing");
  });

  test("a bare one with its working trees beside it comes back as that, and each working tree as a repository", async () => {
    const old = makeHome();
    const url = join(old.root, "upstream.git");
    old.repository("seed");
    old.sh(`git clone -q --bare seed '${url}' && rm -rf seed && mkdir lab && git clone -q --bare '${url}' lab/.bare
      echo 'gitdir: ./.bare' >lab/.git && git -C lab worktree add -q main && git -C lab worktree add -q -b idea 'an idea'
      cd 'lab/an idea' && git config user.name Ada && git config user.email ada@example.com && echo mine >mine.tf && git add . &&
      git commit -q -m mine && echo more >>mine.tf`);
    old.write("lab/notes.txt", "beside\n");
    const saved = (await old.save()).last.edge;
    // Nothing but what is said of every linked working tree.
    expect(saved?.skipped?.toSorted()).toEqual([
      ...Array(2).fill("a linked working tree: it comes back as a repository of its own"),
      "lab/an idea is bundled: branch idea, 1 changed file.",
      "lab/main is bundled: branch main, 0 changed files.",
    ]);
    const fresh = nextHome();
    expect((await fresh.restore(edge.wish)).last).toMatchObject({ state: "restored", skipped: [] });
    const look =
      "cd lab && cat .git notes.txt && git rev-parse --is-bare-repository && git for-each-ref refs/heads && git symbolic-ref HEAD";
    expect(fresh.sh(look)).toBe(old.sh(look));
    expect(fresh.sh("ls -A lab")).toBe(".bare\n.git\nan idea\nmain\nnotes.txt\n");
    expect(fresh.sh("cd 'lab/an idea' && git status --porcelain && cat mine.tf")).toBe(" M mine.tf\nmine\nmore\n");
    expect(fresh.sh("cd lab/main && git status --porcelain && git branch --show-current")).toBe("main\n");
    // It is a repository of that kind to every later save too, and git makes further working trees of it.
    fresh.configure(edge);
    await fresh.save();
    expect(fresh.sh("git -C lab worktree add -q more idea && cat lab/more/mine.tf")).toBe("mine\n");
    expect(namesIn(edge.newest).filter((name) => name.startsWith("home/lab"))).toEqual([]);
  });

  /** A listener that takes connections and never says a word: the host that hangs. */
  async function silence(): Promise<{ url: string; close: () => void }> {
    const server = createServer(() => {});
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    return { url: `http://127.0.0.1:${port}/team/lab.git`, close: () => server.close() };
  }

  test("files do not wait for remotes that hang; whole repositories come back without them, and are waited for once", async () => {
    const host = await silence();
    const old = makeHome();
    for (const name of ["a", "b", "c"]) {
      old.repository(name);
      old.sh(`git -C ${name} remote add origin ${host.url}`);
    }
    old.write("notes");
    await old.save();
    const fresh = nextHome();
    const run = fresh.start("restore-home", [], `${JSON.stringify(edge.wish)}\n`);
    await expect.poll(() => fresh.has("notes"), { timeout: 8_000 }).toBe(true);
    expect((await run.ended).last).toMatchObject({ state: "restored" });
    for (const name of ["a", "b", "c"]) expect(fresh.read(`${name}/main.tf`)).toBe("terraform {}\n");
    host.close();
  }, 60_000);

  test("a run that is ended goes on with what was unpacked, and nothing is got twice", async () => {
    const host = await silence();
    const old = makeHome();
    old.repository("lab");
    old.sh(`git -C lab remote add origin ${host.url}`);
    old.write("notes");
    await old.save();
    const fresh = nextHome();
    const run = fresh.start("restore-home", [], `${JSON.stringify(edge.wish)}\n`);
    await expect.poll(() => fresh.has("notes"), { timeout: 8_000 }).toBe(true);
    fresh.end();
    await run.ended;
    expect(fresh.has("lab/.git")).toBe(false);
    fresh.write("notes", "changed meanwhile");
    host.close();
    expect((await fresh.restore({ ...edge.wish, sha256: "0".repeat(64) })).last).toMatchObject({ state: "restored" });
    expect([fresh.read("notes"), fresh.read("lab/main.tf")]).toEqual(["changed meanwhile", "terraform {}\n"]);
    expect(edge.count("GET /api/pod/snapshot/")).toBe(1);
  }, 60_000);

  test("one whose remote is not reached waits, from snapshot to snapshot, until it is cloned by hand", async () => {
    const old = makeHome();
    const url = join(old.root, "upstream.git");
    old.env["LIMPET_WHOLE_BUNDLE_BYTES"] = "0";
    old.repository("seed");
    old.sh(`git clone -q --bare seed '${url}' && rm -rf seed && git clone -q '${url}' lab`);
    old.write("lab/new.tf", "new\n");
    await old.save();
    renameSync(url, `${url}.away`);
    const fresh = nextHome();
    expect((await fresh.restore(edge.wish)).last).toMatchObject({
      state: "conflict",
      skipped: [expect.stringMatching(/^lab waits and is tried again: .*Clone it to ~\/lab by hand/)],
    });
    expect(fresh.has("lab/.git")).toBe(false);
    fresh.configure(edge);
    await fresh.save();
    expect(namesIn(edge.newest).filter((name) => name.startsWith("bundles/"))).toHaveLength(2);
    renameSync(`${url}.away`, url);
    fresh.sh(`rmdir lab 2>/dev/null || :; git clone -q '${url}' lab`);
    await fresh.save();
    expect(fresh.read("lab/new.tf")).toBe("new\n");
    expect(readdirSync(join(fresh.state, "restore"))).not.toContain("later");
  });
});
