// Owns what a save says of its host and what it tells the host: passwords in addresses, git's words, a save that others
// removed, a host that does not answer until the time is over.
// Must not know what is in a save.

import { spawn } from "node:child_process";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { beginScene, type Scene } from "./scene.ts";

const library = resolve(import.meta.dirname, "../../../cluster/image");
let scene: Scene;
beforeEach(async () => {
  scene = await beginScene();
});
afterEach(() => scene.pod.end());

test("no part of a password goes upstream, whatever is in it; the name that ssh signs in by stays", async () => {
  const { pod } = scene;
  await pod.git("work", ["remote", "add", "one", "https://ada:se@cret@w:ord@example.com/x@y.git"]);
  await pod.git("work", ["remote", "add", "two", "ssh://git@example.com:22/x.git"]);
  await pod.git("work", ["remote", "add", "three", "ssh://git:se@cret@example.com/z.git"]);
  await scene.write("a.txt", "mine\n");
  await pod.push("work");
  const config = await scene.up(["cat-file", "blob", `${pod.ref("work")}:config`]);
  expect(config).toContain("url\nhttps://example.com/x@y.git");
  expect(config).toContain("url\nssh://git@example.com:22/x.git");
  expect(config).toContain("url\nssh://git@example.com/z.git");
  expect(config).not.toMatch(/se@|cret|w:ord|ada/);
});

test.each([
  ["git@github.com: Permission denied (publickey).", "GIT_SIGN_IN"],
  ["ERROR: The key you are authenticating with has been marked as read only.", "GIT_READ_ONLY"],
  ["ssh: connect to host example.com port 22: Connection refused", "GIT_UNREACHABLE"],
])("over ssh the reason is told, not git's hint: %s", async (words, code) => {
  const { pod } = scene;
  const shell = pod.shell as { url: string; gitConfig?: string };
  shell.url = "ssh://git@example.com/x.git";
  shell.gitConfig = `[core]\n\tsshCommand = "echo '${words}' >&2; exit 255; :"\n`;
  await pod.writeHome();
  await scene.write("a.txt", "mine\n");
  const said = await pod.push("work");
  expect(said).toMatchObject({ state: "failed", code });
  expect(said.text.endsWith(words)).toBe(true);
});

test.each([
  [
    "error: a\nfatal: unable to access 'https://x:y@z@example.com/': no\n",
    "fatal: unable to access 'https://example.com/': no",
  ],
  [
    "fatal: Could not read from remote repository.\n\nPlease make sure you have the correct access rights\nand the repository exists.\n",
    "fatal: Could not read from remote repository.",
  ],
  ["error: RPC failed; HTTP 413\nfatal: the remote end hung up unexpectedly\n", "error: RPC failed; HTTP 413"],
  ["", ""],
])("the last line of %j", async (words, expected) => {
  const file = join(scene.pod.root, "said");
  await writeFile(file, words);
  const ran = await scene.pod.run(["/bin/sh", "-c", `. "${library}/lib/work-shadow.sh"; last_line "${file}"`]);
  expect(ran.stdout.toString().trim()).toBe(expected);
});

test("a save that others removed is made again, though nothing changed here; asked for now and then", async () => {
  const { pod } = scene;
  await scene.write("a.txt", "mine\n");
  expect((await pod.push("work")).state).toBe("saved");
  await scene.up(["update-ref", "-d", pod.ref("work")]);
  expect((await pod.push("work")).state).toBe("unchanged");
  const env = { LIMPET_ASK_MINUTES: "0" };
  expect((await pod.push("work", { env })).state).toBe("saved");
  expect(await scene.up(["show", `${pod.ref("work")}:worktree/a.txt`])).toBe("mine");
  expect((await pod.push("work", { env })).state).toBe("unchanged");
  // Touched, and the same: it is looked for there too.
  await scene.up(["update-ref", "-d", pod.ref("work")]);
  await scene.write("a.txt", "mine\n");
  expect((await pod.push("work", { env })).state).toBe("saved");
});

test("a save that is ended says so, and leaves no git of its own behind", async () => {
  const { pod } = scene;
  const host = await silence();
  (pod.shell as { url: string }).url = host.url;
  await pod.writeHome();
  await scene.write("a.txt", "mine\n");
  try {
    expect(await endOnceAsked(host, "save-repository", "push", pod.path("work"))).toMatchObject({
      state: "failed",
      code: "SAVE_CUT_SHORT",
    });
    expect(await processesOf(pod.home)).toEqual([]);
  } finally {
    host.close();
  }
});

test("so does putting back what needs a remote", async () => {
  const { pod } = scene;
  const host = await silence();
  await pod.git("work", ["remote", "set-url", "origin", host.url]);
  await scene.write("a.txt", "mine\n");
  const bundle = join(pod.root, "saved");
  const env = { LIMPET_WHOLE_BUNDLE_BYTES: "0" };
  const said = await pod.script("save-repository", ["bundle", pod.path("work"), bundle], { env });
  expect(said.state).toBe("saved");
  await pod.lose();
  try {
    expect(await endOnceAsked(host, "restore-repository", "bundle", bundle, pod.path("work"))).toMatchObject({
      state: "failed",
      code: "SAVE_CUT_SHORT",
    });
    expect(await processesOf(pod.home)).toEqual([]);
  } finally {
    host.close();
  }
});

/** A host that takes connections and never says a word. */
async function silence(): Promise<{ url: string; asked: Promise<void>; close(): void }> {
  const server = createServer();
  await new Promise<void>((settle) => server.listen(0, "127.0.0.1", settle));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const asked = new Promise<void>((settle) => {
    server.once("connection", (socket) => {
      socket.on("error", () => {});
      settle();
    });
  });
  return { url: `http://127.0.0.1:${address.port}/x.git`, asked, close: () => server.close() };
}

/** Runs a script as `save` does, ends it once it has asked the host, and reads its word. */
async function endOnceAsked(host: { asked: Promise<void> }, script: string, ...args: string[]): Promise<unknown> {
  // `timeout` ends a group, of which the script's git is no member.
  const child = spawn("timeout", ["60", "/bin/sh", join(library, script), ...args], {
    env: { PATH: process.env["PATH"] ?? "", HOME: scene.pod.home },
    stdio: ["ignore", "pipe", "ignore"],
  });
  let stdout = "";
  child.stdout.on("data", (bytes: Buffer) => {
    stdout += bytes.toString();
  });
  const ended = new Promise((settle) => child.on("close", settle));
  await host.asked;
  child.kill("SIGTERM");
  await ended;
  return JSON.parse(stdout);
}

/** Command lines of processes whose home this is. */
async function processesOf(home: string): Promise<string[]> {
  const found: string[] = [];
  for (const id of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const environment = await readFile(`/proc/${id}/environ`, "utf8").catch(() => "");
    if (environment.split("\0").includes(`HOME=${home}`)) {
      found.push((await readFile(`/proc/${id}/cmdline`, "utf8").catch(() => "")).replaceAll("\0", " "));
    }
  }
  return found;
}
