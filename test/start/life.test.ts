// Owns the proof that a shell's work outlives its pod, on the whole product and through its API alone: a repository of a
// real git server, edits of every kind, an end in good order and a loss without warning.
// Must not know the page.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ClusterFaults } from "../browser/harness/cluster-faults.ts";
import { PodTmux } from "../browser/harness/pod-tmux.ts";
import { until } from "../browser/harness/until.ts";
import { type HttpGitServer, startHttpGitServer } from "../git-servers/http-git-server.ts";
import { git, makeRepository } from "../git-servers/repositories.ts";
import { LocalLimpet } from "./harness/local-limpet.ts";
import { Visitor } from "./harness/visitor.ts";

const token = "ghp_0123456789abcdefghijABCDEFGHIJ012345";
/** A save comes with the first minute's round of the pod. */
const saved = { withinMs: 100_000 };

interface Shell {
  readonly phase: string;
  readonly podName: string;
  readonly setupPending: boolean;
  readonly lastSavedAt: string | null;
  readonly snapshots: readonly { readonly id: string }[];
  readonly setup: readonly { readonly step: string; readonly state: string; readonly code: string | null }[];
}

describe("the work in a shell", () => {
  let root: string;
  let bare: string;
  let server: HttpGitServer;
  let limpet: LocalLimpet;
  let person: Visitor;

  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), "limpet-forge-"));
    bare = makeRepository(root, "team/infra", {
      files: { "main.tf": "a\n", "gone.tf": "b\n", ".gitignore": "*.tfstate\n" },
    });
    server = await startHttpGitServer({ root, users: [{ name: "x-access-token", password: token, write: true }] });
    limpet = await LocalLimpet.create({ LIMPET_VARS_SAVE_EVERY_SECONDS: "5" });
    await limpet.begin();
    person = new Visitor(limpet.url);
    await person.signIn("Ada Lovelace");
  });
  afterAll(async () => {
    await limpet.dispose();
    await server.close();
    rmSync(root, { recursive: true });
  });

  async function shellWhere(what: string, is: (shell: Shell) => boolean, withinMs = 60_000): Promise<Shell> {
    const query =
      "{ shell { phase podName setupPending lastSavedAt snapshots { id } setup { step state code text } } }";
    return await until(what, async () => (await person.ask(query, "shell")) as Shell, is, { withinMs, everyMs: 250 });
  }

  const ready = (shell: Shell) => shell.phase === "READY" && !shell.setupPending;
  const checkOf = (shell: Shell, step: string) => shell.setup.find((check) => check.step === step);
  const connect = (secret: string) =>
    person.ask(
      `mutation { setupShell(input: { git: { url: ${JSON.stringify(server.url("team/infra"))},
        signIn: { token: { token: "${secret}" } } } }) { id } }`,
      "setupShell",
    );

  test("a wrong token is said, a right one clones into the shell that runs", async () => {
    await person.ask("mutation { createShell { id } }", "createShell");
    await shellWhere("a shell", ready);
    await connect("wrong");
    const refused = await shellWhere(
      "the refusal",
      (shell) => ready(shell) && checkOf(shell, "GIT")?.state === "FAILED",
    );
    expect(checkOf(refused, "GIT")).toMatchObject({ code: "GIT_TOKEN_REFUSED" });
    await connect(token);
    const cloned = await shellWhere("the clone", (shell) => ready(shell) && checkOf(shell, "CLONE")?.state === "DONE");
    const { home } = await PodTmux.of(cloned.podName);
    expect(readFileSync(join(home, "infra/main.tf"), "utf8")).toBe("a\n");
    expect(git(join(home, "infra"), "config", "--get", "remote.origin.url")).toBe(server.url("team/infra"));
  });

  const folderOf = async (shell: Shell) => join((await PodTmux.of(shell.podName)).home, "infra");

  /** Edits of every kind. */
  function edit(folder: string, word: string): void {
    git(folder, "checkout", "-q", "-B", `try-${word}`);
    writeFileSync(join(folder, "committed.tf"), word);
    git(folder, "add", "committed.tf");
    git(folder, "commit", "-q", "-m", `Not pushed: ${word}`);
    writeFileSync(join(folder, "main.tf"), `${word} staged\n`);
    git(folder, "add", "main.tf");
    writeFileSync(join(folder, "main.tf"), `${word} in the middle of an ed`);
    writeFileSync(join(folder, "new ünïcode.txt"), word);
    writeFileSync(join(folder, "terraform.tfstate"), `{"serial": "${word}"}`);
    mkdirSync(join(folder, "../notes"), { recursive: true });
    writeFileSync(join(folder, "../notes/today.md"), word);
  }

  /** What must be the same in the next pod. */
  function look(folder: string): unknown {
    return {
      status: git(folder, "status", "--porcelain=v2", "--branch"),
      staged: git(folder, "diff", "--cached"),
      unstaged: git(folder, "diff"),
      untracked: readFileSync(join(folder, "new ünïcode.txt"), "utf8"),
      log: git(folder, "log", "--format=%H %s"),
      state: readFileSync(join(folder, "terraform.tfstate"), "utf8"),
      notes: readFileSync(join(folder, "../notes/today.md"), "utf8"),
    };
  }

  test("is as it was after a stop and a start, and nobody's branches upstream have changed", async () => {
    const before = git(bare, "for-each-ref", "refs/heads");
    const folder = await folderOf(await shellWhere("a shell", ready));
    edit(folder, "first");
    const wanted = look(folder);
    await person.ask("mutation { stopShell { id } }", "stopShell");
    const stopped = await shellWhere("the end of the pod", (shell) => shell.phase === "ABSENT");
    expect(stopped.lastSavedAt).not.toBeNull();
    expect(git(bare, "for-each-ref", "refs/limpet")).not.toBe("");
    expect(git(bare, "for-each-ref", "refs/heads")).toBe(before);

    await person.ask("mutation { createShell { id } }", "createShell");
    const shell = await shellWhere("the shell again", ready);
    expect(checkOf(shell, "WORK")).toMatchObject({ state: "DONE" });
    const again = await folderOf(shell);
    expect(again).not.toBe(folder);
    expect(look(again)).toEqual(wanted);
  });

  test("is as it was last saved after a loss without warning", async () => {
    const before = await shellWhere("a shell", ready);
    const folder = await folderOf(before);
    edit(folder, "second");
    const wanted = look(folder);
    const pushed = () => git(bare, "for-each-ref", "refs/limpet");
    const pushedBefore = pushed();
    await until("the repository's save", pushed, (now) => now !== pushedBefore, saved);
    const isNewer = ({ snapshots }: Shell) => snapshots[0]?.id !== before.snapshots[0]?.id;
    await shellWhere("the home's save behind it", isNewer, saved.withinMs);
    await new ClusterFaults(join(limpet.stateDir, "run.json")).act({ type: "lose-pod", pod: before.podName });
    await person.ask("mutation { rebootShell { id } }", "rebootShell");
    const shell = await shellWhere("the shell again", (now) => ready(now) && checkOf(now, "WORK") !== undefined);
    expect(checkOf(shell, "WORK")).toMatchObject({ state: "DONE" });
    expect(look(await folderOf(shell))).toEqual(wanted);
  });

  test("a receipt of it is among the events", async () => {
    const answer = await person.ask("{ events(first: 50) { edges { node { type message } } } }", "events");
    expect(JSON.stringify(answer)).toContain("WORK_SAVED");
    expect(JSON.stringify(answer)).not.toContain(token);
  });
});
