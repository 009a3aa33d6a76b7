// Owns what a person finds at the prompt: Limpet's settings under their own, and their files untouched.
// Must not know tmux.

import { afterAll, beforeAll, expect, test } from "vitest";
import { openExec, run } from "../contract/exec-client.ts";
import { readyPod } from "../contract/pods.ts";
import { type Server, startServer } from "./server.ts";

let server: Server;
let pod: string;

beforeAll(async () => {
  server = await startServer();
  pod = await readyPod(server);
});

afterAll(() => server.close());

const inPod = async (script: string) => (await run(server.client, pod, { command: ["sh", "-c", script] })).text();

async function login(env: Readonly<Record<string, string>> = {}) {
  const words = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const command = ["env", "TERM=xterm-256color", ...words, "/usr/local/lib/limpet/login"];
  const exec = await openExec(server.client, pod, { command, tty: true });
  exec.resize({ Width: 120, Height: 30 });
  return exec;
}

test("a prompt with the place, and the code of what failed; history is written at once; no file is made", async () => {
  await inPod("rm -rf $HOME/.[!.]* $HOME/*");
  const shell = await login();
  await shell.until(/~.*[$#] /);
  shell.type("(exit 42)\n");
  await shell.until(/42 .*[$#] /);
  shell.type("echo $((6 * 7))-remember\n");
  await shell.until(/42-remember\r\n.*[$#] /s);
  expect(await inPod("cat $HOME/.bash_history")).toContain("remember");
  expect((await inPod("ls -A $HOME")).trim()).toBe(".bash_history");
  shell.type("exit\n");
  expect((await shell.ended).status?.status).toBe("Success");
});

test("the person's own settings win, and a profile is read as by a login shell", async () => {
  await inPod(`echo 'PS1="mine> "; HISTSIZE=7; export FROM_PROFILE=yes' > $HOME/.bash_profile`);
  const shell = await login();
  await shell.until(/mine> /);
  shell.type("echo $HISTSIZE-$FROM_PROFILE\n");
  await shell.until(/7-yes/);
  shell.type("exit\n");
  await shell.ended;
  await inPod("rm $HOME/.bash_profile");
});

test("the branch is shown as it is called, and never run", async () => {
  await inPod("mkdir -p $HOME/work && cd $HOME/work && git init -q . && git checkout -q -b 'a-$(touch$IFS-ran)-`id`'");
  const shell = await login();
  await shell.until(/[$#] /);
  shell.type("cd work\n");
  await shell.until(/work.*a-\$\(touch\$IFS-ran\)-`id`/s);
  shell.type("exit\n");
  await shell.ended;
  expect((await inPod("ls $HOME/work")).trim()).toBe("");
});

test("a shell that is not bash is started as a login shell", async () => {
  await inPod("echo 'echo from-profile' > $HOME/.profile");
  const shell = await login({ SHELL: "/bin/sh" });
  await shell.until(/from-profile/);
  shell.type("exit\n");
  await shell.ended;
});
