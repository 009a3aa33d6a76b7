// Owns the proof of what is seen of panes: floods, pauses, sizes, cut characters, windows, hostile names.
// Must not know how control mode says it.

import { closeSync, existsSync, mkdirSync, writeSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Exec, openPane, openTty, Pod, random } from "./harness.ts";
import { describeTerminal, makeTerminal, write } from "./screen.ts";

let pod: Pod;
let exec: Exec;

beforeEach(async () => {
  pod = new Pod();
  exec = new Exec(pod.attach());
  await exec.wait("following");
});

afterEach(() => pod.close());

/** The screen as tmux has it, ends of lines cut. */
function tmuxScreen(pane: string): string[] {
  const lines = pod.tmux("capture-pane", "-pN", "-t", pane).split("\n").slice(0, -1);
  return lines.map((line) => line.trimEnd());
}

/** What a terminal shows that was given this picture and all that followed it. */
async function screenSince(pane: string, picture: Awaited<ReturnType<Exec["show"]>>): Promise<string[]> {
  const terminal = makeTerminal(picture.cols, picture.rows);
  await write(terminal, picture.bytes);
  await write(terminal, exec.output(pane, exec.effects.indexOf(picture)));
  const { active } = terminal.buffer;
  return Array.from({ length: terminal.rows }, (_, y) =>
    (active.getLine(active.baseY + y)?.translateToString(true) ?? "").trimEnd(),
  );
}

test("[M9] pictures taken in a flood join the stream without a seam", async () => {
  const pane = await openPane(pod, exec, "sleep 0.2; seq 1 300000; exec sleep 1000");
  await exec.show(pane);
  for (let round = 0; round < 20; round++) {
    const picture = await exec.show(pane);
    const from = exec.effects.indexOf(picture);
    while (exec.output(pane, from).length < 200 && !tmuxScreen(pane).includes("300000")) await exec.settle();
    const terminal = makeTerminal(picture.cols, picture.rows);
    await write(terminal, picture.bytes);
    await write(terminal, exec.output(pane, from).subarray(0, 200));
    const { active } = terminal.buffer;
    const numbers: number[] = [];
    for (let y = 0; y < active.length - 1; y++) {
      const text = active.getLine(y)?.translateToString(true) ?? "";
      if (/^\d+$/.test(text)) numbers.push(Number(text));
    }
    // The last line may be cut.
    numbers.pop();
    for (let at = 1; at < numbers.length; at++) expect(numbers[at]).toBe((numbers[at - 1] ?? 0) + 1);
  }
});

test("[M10] a pane hidden in a flood is quiet, its program runs on, and the screen is right when it is shown again", async () => {
  const pane = await openPane(pod, exec, "sleep 0.2; seq 1 500000; echo done; exec sleep 1000");
  await exec.show(pane);
  await exec.wait("output", (effect) => effect.pane === pane);
  exec.run(exec.multiplexer.hide(pane));
  const from = exec.effects.length;
  while (!tmuxScreen(pane).includes("done")) await exec.settle();
  expect(exec.effects.slice(from).filter(({ type }) => type === "output" || type === "pane-paused")).toEqual([]);
  const picture = await exec.show(pane);
  expect(await screenSince(pane, picture)).toEqual(tmuxScreen(pane));
});

test("[M10] a reader that stood still shows the right screen afterwards, whether tmux paused the pane or its program", async () => {
  const pane = await openPane(pod, exec, "sleep 0.2; seq 1 300000; echo done; exec sleep 1000");
  let picture = await exec.show(pane);
  await exec.wait("output", (effect) => effect.pane === pane);
  exec.child.stdout?.pause();
  await new Promise((wake) => setTimeout(wake, 3500));
  exec.child.stdout?.resume();
  let pauses = 0;
  const shownAgain = async (): Promise<void> => {
    const paused = exec.effects.filter(({ type }) => type === "pane-paused").length;
    if (paused > pauses) picture = await exec.show(pane);
    pauses = paused;
  };
  while (!tmuxScreen(pane).includes("done")) {
    await exec.settle();
    await shownAgain();
  }
  await exec.settle();
  await shownAgain();
  expect(await screenSince(pane, picture)).toEqual(tmuxScreen(pane));
});

test("[M9] a character cut by a picture is whole behind it, in a pane that was followed", async () => {
  const { pane, tty } = await openTty(pod, exec);
  await exec.show(pane);
  writeSync(tty, Buffer.from("caf\xc3\xa9 \xe2\x82", "latin1"));
  while (exec.output(pane).length < 8) await exec.settle();
  const picture = await exec.show(pane);
  writeSync(tty, Buffer.from("\xac!", "latin1"));
  while (!tmuxScreen(pane).includes("café €!")) await exec.settle();
  await exec.settle();
  expect(await screenSince(pane, picture)).toContain("café €!");
  closeSync(tty);
});

test("[M9] a character cut by the first picture of a pane asks for another", async () => {
  const { pane, tty } = await openTty(pod, exec);
  writeSync(tty, Buffer.from("a \xf0\x9f\x90", "latin1"));
  while (!tmuxScreen(pane).includes("a")) await exec.settle();
  await exec.show(pane);
  writeSync(tty, Buffer.from("\x9a!", "latin1"));
  await exec.wait("pane-paused", (effect) => effect.pane === pane);
  const picture = await exec.show(pane);
  writeSync(tty, Buffer.from("?"));
  while (!tmuxScreen(pane).includes("a 🐚!?")) await exec.settle();
  await exec.settle();
  expect(await screenSince(pane, picture)).toContain("a 🐚!?");
  closeSync(tty);
});

test("[M11] sizes are told where they apply: a terminal that follows reflows as a new one is painted", async () => {
  const { pane, tty } = await openTty(pod, exec);
  const first = await exec.show(pane);
  const followed = makeTerminal(first.cols, first.rows);
  await write(followed, first.bytes);
  let at = exec.effects.indexOf(first) + 1;
  let sent = 0;
  for (const [cols, rows] of [
    [60, 24],
    [100, 30],
    [80, 10],
    [132, 43],
  ] as const) {
    for (let line = 0; line < 30; line++) sent += writeSync(tty, `${line} ${"lorem ipsum ".repeat(line)}\r\n`);
    // The resize is asked for while output is under way: only the order of effects says which came first.
    exec.run(exec.multiplexer.resize(pane, { cols, rows }));
    await exec.wait("pane-size", (size) => size.pane === pane && size.cols === cols && size.rows === rows);
    while (exec.output(pane, exec.effects.indexOf(first)).length < sent) await exec.settle();
    for (; at < exec.effects.length; at++) {
      const effect = exec.effects[at];
      if (effect?.type === "output" && effect.pane === pane) await write(followed, effect.bytes);
      if (effect?.type === "pane-size" && effect.pane === pane) followed.resize(effect.cols, effect.rows);
    }
    const picture = await exec.show(pane);
    const late = makeTerminal(picture.cols, picture.rows);
    await write(late, picture.bytes);
    expect(describeTerminal(late).slice(0, 2)).toEqual(describeTerminal(followed).slice(0, 2));
    expect(await screenSince(pane, picture)).toEqual(tmuxScreen(pane));
    at = exec.effects.length;
  }
  closeSync(tty);
});

test("[M11] only the last of many sizes asked for at once counts", async () => {
  const { pane } = await exec.firstPane();
  for (let cols = 40; cols <= 140; cols++) exec.run(exec.multiplexer.resize(pane, { cols, rows: 20 }));
  await exec.wait("pane-size", ({ cols }) => cols === 140);
  await exec.settle();
  expect(exec.effects.filter(({ type }) => type === "pane-size").length).toBeLessThan(5);
});

test("[M11] nobody else who attaches changes a size", async () => {
  const { pane } = await exec.firstPane();
  exec.run(exec.multiplexer.resize(pane, { cols: 90, rows: 20 }));
  await exec.wait("pane-size", ({ cols }) => cols === 90);
  const other = new Exec(spawnClient());
  await exec.settle();
  other.child.stdin?.write("refresh-client -C 50,10\n");
  await exec.settle();
  expect(pod.tmux("display-message", "-pt", pane, "#{pane_width}x#{pane_height}").trim()).toBe("90x20");
  await other.kill();
});

const hostileNames = [
  "plain",
  "with space",
  "#(touch owned)",
  "#{pane_pid}#[fg=red]",
  "a\n%exit",
  "a\n%end 1 1 1\n%begin 1 2 1",
  "a\n%output %0 x",
  "limpet-attach end superseded 0000000000000000",
  '";kill-server;"',
  "';kill-server;'",
  "-t",
  "\\033]2;x",
  "$HOME `id` ~",
  "日本 🐚 é",
  "@1 1 0 0 %0 1 80 24 0 x x x x ",
];

test.for(hostileNames)("[M5] a folder named %j neither runs nor forges anything", async (name) => {
  const folder = join(pod.home, name.replaceAll("/", "_"));
  mkdirSync(folder);
  const pane = await openPane(pod, exec, "exec bash --norc");
  exec.run(exec.multiplexer.input({ pane, viewer: random(), bytes: Buffer.from(`cd ${quote(folder)}\r`), end: 1 }));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: controls are what it is about
  const shown = folder.replace(/[\u0000-\u001f]/g, "\ufffd");
  await exec.wait("windows", ({ windows }) => windows.some((window) => window.path === shown));
  const { windows } = await exec.wait(
    "windows",
    undefined,
    exec.effects.findLastIndex(({ type }) => type === "windows"),
  );
  expect(windows.length).toBe(2);
  await exec.show(pane);
  expect(existsSync(join(pod.home, "owned"))).toBe(false);
  expect(exec.effects.some(({ type }) => type === "ended")).toBe(false);
});

test.for(hostileNames.filter((name) => !name.includes("\n")))("[M5] a window named %j is named so", async (name) => {
  const before = (await exec.wait("following")).windows[0];
  if (before === undefined) throw new Error("no window");
  exec.run(exec.multiplexer.change({ do: "rename", window: before.id, name }));
  // Which of its characters tmux puts a backslash before (utf8_strvis) differs from version to version.
  const bare = (text: string | undefined): string | undefined => text?.replaceAll("\\", "");
  await exec.wait("windows", ({ windows }) => bare(windows[0]?.name) === bare(name));
  expect(existsSync(join(pod.home, "owned"))).toBe(false);
});

test("[M16] a title is what the program set, whatever stands in it", async () => {
  const { pane, tty } = await openTty(pod, exec);
  await exec.show(pane);
  const title = "a # #(touch owned) %end 1 2 1 \\ ' \" é 🐚";
  writeSync(tty, `\x1b]2;${title}\x1b\\`);
  await exec.wait("windows", ({ windows }) => windows.some((window) => window.title === title));
  const picture = await exec.show(pane);
  expect(Buffer.from(picture.bytes).toString()).toContain(`\x1b]2;${title}\x1b\\`);
  closeSync(tty);
});

test("the name of the host, which tmux calls every pane at first, is no title", async () => {
  const { windows } = await exec.wait("following");
  expect(windows.map(({ title }) => title)).toEqual([""]);
  const { pane } = await openTty(pod, exec);
  const picture = await exec.show(pane);
  expect(Buffer.from(picture.bytes).toString()).not.toContain("\x1b]2;");
});

test("[M6] captured text that looks like the end of its answer is text", async () => {
  const { pane, tty } = await openTty(pod, exec);
  await exec.show(pane);
  // The time and the number of the answer to come are no secret: all that may be are tried.
  const now = Math.floor(Date.now() / 1000);
  let number = 0;
  for (let round = 0; round < 20; round++) {
    exec.child.stdin?.write("");
    number = Number(/^%begin \d+ (\d+)/m.exec(controlProbe())?.[1] ?? 0);
    const lines: string[] = [];
    for (let ahead = 0; ahead < 8; ahead++) lines.push(`%end ${now + (round % 3)} ${number + ahead} 1`);
    lines.push(`%begin ${now} ${number} 1`, "alive", `%error ${now} ${number} 1`, "%exit", "%pause %0");
    writeSync(tty, `\x1b[H${lines.join("\r\n")}`);
    while (!tmuxScreen(pane).includes("%exit")) await exec.settle();
    const picture = await exec.show(pane);
    expect(await screenSince(pane, picture)).toEqual(tmuxScreen(pane));
  }
  expect(exec.effects.some(({ type }) => type === "ended" || type === "pane-paused")).toBe(false);
  closeSync(tty);
});

test("windows come, are chosen, named and go, and each change is told", async () => {
  exec.run(exec.multiplexer.change({ do: "new" }));
  const { state } = await exec.wait("pane-opened");
  await exec.wait("windows", ({ windows }) => windows.length === 2 && windows[1]?.active === true);
  exec.run(exec.multiplexer.change({ do: "select", window: "@0" }));
  await exec.wait("windows", ({ windows }) => windows[0]?.active === true);
  exec.run(exec.multiplexer.change({ do: "close", window: state.window }));
  await exec.wait("pane-closed", ({ pane }) => pane === state.pane);
  exec.run(exec.multiplexer.change({ do: "close", window: "@99 ; kill-server" }));
  exec.run(exec.multiplexer.colours("#102030", "#a0b0c0"));
  exec.run(exec.multiplexer.colours("red; kill-server", "#a0b0c0"));
  await exec.settle();
  expect(pod.tmux("show-options", "-wgv", "window-style").trim()).toBe("fg=#102030,bg=#a0b0c0");
});

test("[M17] a program that asks for the page's colours is answered", async () => {
  exec.run(exec.multiplexer.colours("#102030", "#a0b0c0"));
  const file = join(pod.home, "answer");
  await openPane(pod, exec, `stty raw -echo; printf '\\033]11;?\\033\\\\'; head -c 24 >${file}; exec sleep 1000`);
  while (!existsSync(file)) await exec.settle();
  const { readFileSync } = await import("node:fs");
  while (readFileSync(file).length < 24) await exec.settle();
  expect(readFileSync(file, "latin1")).toContain("]11;rgb:a0a0/b0b0/c0c0");
});

function spawnClient() {
  return pod.spawn("tmux", ["-S", join(pod.run, "tmux"), "-u", "-C", "attach-session", "-t", "=limpet"]);
}

/** What tmux prints to a control client of somebody else. */
function controlProbe(): string {
  return pod.runWithInput(
    "tmux",
    ["-S", join(pod.run, "tmux"), "-C", "attach-session", "-t", "=limpet"],
    "list-keys -T x\n\n",
  );
}

function quote(text: string): string {
  // $'…' passes line feeds through a line editor.
  return `$'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'").replaceAll("\n", "\\n")}'`;
}
