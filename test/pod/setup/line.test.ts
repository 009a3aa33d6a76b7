// Owns the proof of how set-up begins and ends: the one line, the words and their order, the lock, the ends by their codes.
// Must not know single steps beyond the edge, the person's name and that a second run changes nothing.

import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { setupSteps } from "../../../worker/shells/shell-setup.ts";
import { makeLine, Pod, type Run, startEdge } from "./pod.ts";

let edge: Awaited<ReturnType<typeof startEdge>>;
let pod: Pod;

beforeAll(async () => {
  edge = await startEdge();
});
afterAll(() => edge.close());
beforeEach(() => {
  pod = new Pod();
});
afterEach(() => pod.close());

const stepsOf = (run: Run): readonly string[] =>
  run.words.flatMap((word) => (word.type === "check" ? [word.step] : []));

test("one check for each step in their order, then the receipt; the edge was asked with the capability", async () => {
  const run = await pod.setup(makeLine(edge.url));
  expect(stepsOf(run)).toEqual(setupSteps);
  expect(run).toMatchObject({ code: 0, receipt: true, stderr: "" });
  expect(run.checks.edge).toMatchObject({ state: "done", code: null });
  expect(edge.asked).toContain("POST /api/pod/activity");
  const config: unknown = JSON.parse(pod.read(".local/state/limpet/config.json"));
  const { shell, edge: at, person, company, save, git } = makeLine(edge.url);
  expect(config).toEqual({ version: 1, shell, edge: at, person, company, save, git });
});

test("a second run writes nothing: every file keeps its bytes", async () => {
  pod.write(".gitconfig", "[alias]\n\tst = status\n");
  const aws = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "0123456789abcdef0123456789" };
  const line = makeLine(edge.url, { aws, kubeconfig: "apiVersion: v1\nkind: Config\nclusters: []\n" });
  const contents = (): Record<string, string> => Object.fromEntries(pod.files().map((name) => [name, pod.read(name)]));
  await pod.setup(line);
  const once = contents();
  const run = await pod.setup(line);
  expect(run.code).toBe(0);
  expect(contents()).toEqual(once);
});

test("the line is read once, and what the pod reports by once more where it is new: each jq is time that a person waits", async () => {
  const calls = join(pod.root, "calls");
  mkdirSync(join(pod.root, "bin"));
  writeFileSync(join(pod.root, "bin/jq"), `#!/bin/sh\necho >>'${calls}'\nexec /usr/bin/jq "$@"\n`, { mode: 0o755 });
  const aws = {
    accessKeyId: "AKIAIOSFODNN7EXAMPLE",
    secretAccessKey: "0123456789abcdef0123456789",
    region: "eu-west-1",
  };
  const company = {
    ...makeLine(edge.url).company,
    noProxy: "127.0.0.1",
    knownHosts: "git.example.com ssh-ed25519 AAAA",
  };
  const count = async (): Promise<number> => {
    writeFileSync(calls, "");
    const run = await pod.setup(makeLine(edge.url, { aws, company }), { PATH: `${pod.root}/bin:/usr/bin:/bin` });
    expect(run).toMatchObject({ code: 0, receipt: true });
    return readFileSync(calls, "utf8").length;
  };
  expect(await count()).toBe(2);
  expect(await count()).toBe(1);
});

test("the person's own name is stronger, wherever they set it; ours is gone when none is known", async () => {
  pod.write(
    ".gitconfig",
    '[user]\n\tname = Own Name\n[include] # Limpet\n\tpath = "/elsewhere/git/person"\n\tpath = more\n',
  );
  const run = await pod.setup(makeLine(edge.url));
  expect(run.checks.identity?.text).toBe("Your commits are by Own Name <ada@example.com>.");
  expect(pod.read(".gitconfig")).toBe(
    `[include] # Limpet\n\tpath = "${pod.state}/git/person"\n[user]\n\tname = Own Name\n[include]\n\tpath = more\n`,
  );
  const none = await pod.setup(makeLine(edge.url, { person: { name: null, email: null } }));
  expect(none.checks.identity).toMatchObject({ state: "skipped" });
  expect(pod.read(".local/state/limpet/git/person")).not.toContain("user");
});

test("a name with quotes, backslashes and signs of a shell is a name", async () => {
  const name = 'Ada "the" O\'Brien \\ $(touch x) `y` # ; é';
  const run = await pod.setup(makeLine(edge.url, { person: { name, email: "ada@example.com" } }));
  expect(run.checks.identity?.text).toBe(`Your commits are by ${name} <ada@example.com>.`);
});

test("an edge that does not know this pod, and one that does not answer, are said; the rest is done", async () => {
  const line = makeLine(edge.url);
  const stranger = await pod.setup({ ...line, edge: { ...line.edge, capability: "lc1.another" } });
  expect(stranger.checks.edge).toMatchObject({ state: "failed", code: "INVALID_CAPABILITY" });
  expect(stranger).toMatchObject({ code: 1, receipt: true });
  const gone = await pod.setup({ ...line, edge: { ...line.edge, url: "http://127.0.0.1:9" } });
  expect(gone.checks.edge).toMatchObject({ state: "failed", code: "EDGE_UNREACHABLE" });
  expect(gone.checks.identity).toMatchObject({ state: "done" });
});

test("new shells read proxies and certificates from a file; what is null takes them away", async () => {
  const company = {
    caBundle: null,
    httpsProxy: "http://user:it's@proxy.example:3128",
    httpProxy: null,
    noProxy: "localhost,.example",
    knownHosts: null,
  };
  await pod.setup(makeLine(edge.url, { company: { ...company, noProxy: `${company.noProxy},127.0.0.1` } }));
  const environment = pod.read(".local/state/limpet/environment");
  expect(environment).toContain("export https_proxy='http://user:it'\\''s@proxy.example:3128'\n");
  expect(environment).toContain("export NO_PROXY=");
  await pod.setup(makeLine(edge.url));
  expect(pod.read(".local/state/limpet/environment")).not.toContain("export");
});

test("a bundle without a certificate is refused by name", async () => {
  const company = { ...makeLine("").company, caBundle: "none" };
  const run = await pod.setup(makeLine(edge.url, { company }));
  expect(run.checks.edge).toMatchObject({ state: "failed", code: "CA_INVALID" });
  expect(run.receipt).toBe(true);
});

test.each([
  ["no JSON", "hello\n", 65],
  ["another version", '{"version":2}\n', 65],
  ["an empty line", "\n", 65],
  ["a nonce that is none", `${JSON.stringify({ ...makeLine(""), nonce: "x\ny" })}\n`, 65],
  ["more than 8 MiB", `${JSON.stringify({ ...makeLine(""), kubeconfig: "x".repeat(9 * 1024 * 1024) })}\n`, 65],
])("%s is no set-up: no receipt, nothing written", async (_, text, code) => {
  const run = await pod.setup(text);
  expect(run).toMatchObject({ code, receipt: false, words: [] });
  expect(run.stderr).toMatch(/^setup: /);
  expect(pod.files()).toEqual([".local/state/limpet/setup.lock"]);
});

test("some MiB of line are taken, though the other side never ends its input", async () => {
  const kubeconfig = `apiVersion: v1\nkind: Config\nclusters: []\n${"# a comment\n".repeat(250_000)}`;
  const run = await pod.setup(makeLine(edge.url, { kubeconfig }));
  expect(run.checks.kubeconfig).toMatchObject({ state: "done" });
  expect(pod.read(".kube/config")).toBe(kubeconfig);
});

test("the other side goes before the line is whole: code 74 or 65, no receipt", async () => {
  const { child, ended } = pod.start('{"version":1,');
  child.stdin?.end();
  const run = await ended;
  expect(run.receipt).toBe(false);
  expect(run.code).toBe(65);
});

test("one at a time: a second one waits, and gives up with 75 where the first does not end", async () => {
  const line = makeLine(edge.url);
  const together = await Promise.all([1, 2, 3].map(() => pod.setup(line)));
  for (const run of together) expect(run).toMatchObject({ code: 0, receipt: true, stderr: "" });
  // Its edge takes the connection and never answers.
  const silent = createServer(() => {});
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  const at = silent.address();
  const url = `http://127.0.0.1:${typeof at === "object" && at !== null ? at.port : 0}`;
  const holder = pod.start({ ...line, edge: { ...line.edge, url } });
  await expect.poll(() => holder.said(), { timeout: 10_000 }).toContain('"edge"');
  const late = await pod.setup(line, { LIMPET_LOCK_SECONDS: "11" });
  silent.close();
  expect(late).toMatchObject({ code: 75, receipt: false });
  // It is heard while it waits.
  expect(late.words).toEqual([{ type: "step", step: "edge", text: expect.stringContaining("another set-up") }]);
  expect(late.stderr).toContain("another set-up");
});

test("an image that lacks a part of the way back is said to, and what is saved is asked for again the next time", async () => {
  pod.image = join(pod.root, "image");
  cpSync(resolve(import.meta.dirname, "../../../cluster/image"), pod.image, { recursive: true });
  rmSync(join(pod.image, "restore-home"));
  const snapshot = {
    url: `${edge.url}/api/pod/snapshot/1`,
    ticket: "lt1.secret-ticket",
    sha256: "0".repeat(64),
    bytes: 1,
    savedAt: 1,
  };
  for (const _ of [1, 2]) {
    const run = await pod.setup(makeLine(edge.url, { snapshot }));
    expect(run.checks.home).toMatchObject({ state: "failed", code: "IMAGE_INCOMPLETE" });
    expect(run.stdout).not.toContain("secret-ticket");
  }
});

test("a new shell has the environment that set-up wrote", async () => {
  await pod.setup(makeLine(edge.url, { company: { ...makeLine("").company, noProxy: "localhost" } }));
  const login = resolve(import.meta.dirname, "../../../cluster/image/login");
  const env = { ...pod.env, SHELL: "/bin/sh" };
  expect(execFileSync(login, { env, input: "echo $NO_PROXY\n", encoding: "utf8", timeout: 10_000 })).toContain(
    "localhost",
  );
});

test("a step that takes its time is said again and again, and nothing is said after the receipt", async () => {
  pod.image = join(pod.root, "image");
  cpSync(resolve(import.meta.dirname, "../../../cluster/image"), pod.image, { recursive: true });
  const slow = '#!/bin/sh\nsleep 4\necho \'{"state":"restored","text":"It is back.","skipped":[],"code":null}\'\n';
  writeFileSync(join(pod.image, "restore-home"), slow, { mode: 0o755 });
  const snapshot = { url: `${edge.url}/1`, ticket: "lt1.ticket", sha256: "0".repeat(64), bytes: 1, savedAt: 1 };
  const run = await pod.setup(makeLine(edge.url, { snapshot }), { LIMPET_WORD_SECONDS: "1" });
  expect(run).toMatchObject({ code: 0, receipt: true, stderr: "" });
  const said = run.words.filter((word) => word.type === "step" && word.step === "home");
  expect(said.length).toBeGreaterThanOrEqual(3);
  expect(run.words.at(-1)?.type).toBe("receipt");
});

test("a set-up that nobody listens to any more ends before its step does, and leaves the lock", async () => {
  const silent = createServer(() => {});
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  const at = silent.address();
  const url = `http://127.0.0.1:${typeof at === "object" && at !== null ? at.port : 0}`;
  const line = makeLine(edge.url);
  const first = pod.start({ ...line, edge: { ...line.edge, url } }, { LIMPET_WORD_SECONDS: "1" });
  await expect.poll(() => first.said(), { timeout: 10_000 }).toContain('"edge"');
  first.child.stdout?.destroy();
  const next = await pod.setup(line);
  silent.close();
  expect(next).toMatchObject({ code: 0, receipt: true });
  expect((await first.ended).receipt).toBe(false);
});
