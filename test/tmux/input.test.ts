// Owns the proof that a program gets what was typed and pasted, byte for byte, once.
// Must not know how input is written for tmux.

import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Exec, openPane, Pod, random } from "./harness.ts";
import { Seeded } from "./programs.ts";

let pod: Pod;
let exec: Exec;
const viewer = random();

beforeEach(async () => {
  pod = new Pod();
  exec = new Exec(pod.attach());
  await exec.wait("following");
});

afterEach(() => pod.close());

/** A pane that writes all it is given into a file. */
async function openSink(name = "sink", before = ""): Promise<{ readonly pane: string; readonly file: string }> {
  const file = join(pod.home, name);
  const pane = await openPane(pod, exec, `stty raw -echo; ${before} echo ready; exec cat >${file}`);
  while (!pod.tmux("capture-pane", "-pt", pane).includes("ready")) {}
  return { pane, file };
}

async function read(file: string, length: number): Promise<Buffer> {
  const deadline = Date.now() + 20_000;
  while (statSync(file).size < length && Date.now() < deadline) await new Promise((done) => setTimeout(done, 5));
  return readFileSync(file);
}

function type(pane: string, bytes: Uint8Array, start = 0, step = 4096, who = viewer): void {
  for (let at = 0; at < bytes.length; at += step) {
    const part = bytes.subarray(at, at + step);
    exec.run(exec.multiplexer.input({ pane, viewer: who, bytes: part, end: start + at + part.length }));
  }
}

function paste(pane: string, bytes: Uint8Array, start = 0, id = 0, who = viewer): void {
  const step = 8192;
  for (let at = 0, seq = 0; seq === 0 || at < bytes.length; at += step, seq++) {
    const part = bytes.subarray(at, at + step);
    const end = start + at + part.length;
    const last = at + step >= bytes.length;
    exec.run(exec.multiplexer.paste({ pane, viewer: who, id, seq, last, givenUp: null, bytes: part, end }));
  }
}

/** Equal, and where not, at which byte: a megabyte is nothing to look at. */
function same(got: Uint8Array, expected: Uint8Array): void {
  let at = 0;
  while (at < expected.length && got[at] === expected[at]) at++;
  expect({ length: got.length, sameUntil: at }).toEqual({ length: expected.length, sameUntil: expected.length });
}

function noise(seed: number, length: number, lowest: number): Uint8Array {
  const numbers = new Seeded(seed);
  return Uint8Array.from({ length }, () => numbers.between(lowest, 255));
}

test("[M12] all 256 byte values arrive, one by one and together", async () => {
  const { pane, file } = await openSink();
  const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  type(pane, all, 0, 1);
  type(pane, all, 256);
  await exec.wait("taken", ({ end }) => end === 512);
  expect(await read(file, 512)).toEqual(Buffer.concat([all, all]));
});

test("[M12] 1 MiB of any bytes arrives exactly, NULs among it", async () => {
  const { pane, file } = await openSink();
  const bytes = noise(1, 1024 * 1024, 1);
  for (let at = 0; at < bytes.length; at += 100_000) bytes[at] = 0;
  type(pane, bytes);
  await exec.wait("taken", ({ end }) => end === bytes.length);
  same(await read(file, bytes.length), bytes);
});

test("a flood of keys becomes few commands", async () => {
  const { pane, file } = await openSink();
  let lines = 0;
  exec.onEffect = (effect) => {
    if (effect.type === "stdin") lines += Buffer.from(effect.bytes).toString().split("\n").length - 1;
  };
  const bytes = noise(2, 20_000, 1);
  type(pane, bytes, 0, 1);
  await exec.wait("taken", ({ end }) => end === bytes.length);
  same(await read(file, bytes.length), bytes);
  expect(lines).toBeLessThan(200);
});

test("[M15] 1 MiB pasted arrives exactly, in the marks of bracketed paste where the program asked for them", async () => {
  const bytes = noise(3, 1024 * 1024, 1);
  const plain = await openSink("plain");
  paste(plain.pane, bytes);
  same(await read(plain.file, bytes.length), bytes);
  const marked = await openSink("marked", "printf '\\033[?2004h';");
  paste(marked.pane, bytes);
  const expected = Buffer.concat([Buffer.from("\x1b[200~"), bytes, Buffer.from("\x1b[201~")]);
  same(await read(marked.file, expected.length), expected);
});

test("[M12] keys and pastes of one viewer arrive in their order", async () => {
  const { pane, file } = await openSink();
  type(pane, Buffer.from("before "));
  paste(pane, Buffer.from("pasted; #{pane_id} \"'$HOME\\ %1\n"), 7, 1);
  type(pane, Buffer.from(" after"), 37);
  expect((await read(file, 43)).toString()).toBe("before pasted; #{pane_id} \"'$HOME\\ %1\n after");
});

test.for([1, 2, 3, 4])(
  "[M12] an exec killed in the middle of input doubles and loses nothing: seed %i",
  async (seed) => {
    const numbers = new Seeded(seed);
    const { pane, file } = await openSink();
    const bytes = noise(seed, 200_000, 0);
    exec.run(exec.multiplexer.claim(pane, viewer));
    let start = 0;
    for (let life = 0; life < 5; life++) {
      const goal = start + numbers.between(1, 20_000);
      type(pane, bytes.subarray(start), start, numbers.between(1, 3000));
      await exec.wait("taken", ({ end }) => end >= goal);
      await exec.kill();
      exec = new Exec(pod.attach());
      const state = (await exec.wait("following")).panes.find((known) => known.pane === pane);
      const count = state?.counts.get(viewer);
      if (count === undefined) throw new Error("the count is gone");
      expect(count).toBeGreaterThanOrEqual(goal);
      start = count;
      exec.effects.length = 0;
    }
    type(pane, bytes.subarray(start), start);
    await exec.wait("taken", ({ end }) => end === bytes.length);
    same(await read(file, bytes.length), bytes);
  },
);

test("[M15] a paste goes on in its buffer after its exec was killed", async () => {
  const { pane, file } = await openSink();
  const piece = (seq: number): void => {
    const bytes = Buffer.from(`piece ${seq}\n`);
    const [last, end] = [seq === 3, 8 * (seq + 1)];
    exec.run(exec.multiplexer.paste({ pane, viewer, id: 7, seq, last, givenUp: null, bytes, end }));
  };
  piece(0);
  piece(1);
  await exec.wait("taken", ({ end }) => end === 16);
  await exec.kill();
  exec = new Exec(pod.attach());
  const { panes } = await exec.wait("following");
  expect(panes.find((known) => known.pane === pane)?.counts.get(viewer)).toBe(16);
  piece(2);
  piece(3);
  expect((await read(file, 32)).toString()).toBe("piece 0\npiece 1\npiece 2\npiece 3\n");
  await exec.settle();
  expect(pod.tmux("list-buffers")).toBe("");
});

test("[M15] what there is of a paste that is given up is not kept, whether it was begun or not", async () => {
  const { pane, file } = await openSink();
  const bytes = Buffer.from("piece");
  const piece = (id: number, last: boolean, givenUp: number | null, end: number): void =>
    exec.run(exec.multiplexer.paste({ pane, viewer, id, seq: 0, last, givenUp, bytes, end }));
  piece(1, false, null, 5);
  piece(2, false, 1, 10);
  await exec.wait("taken", ({ end }) => end === 10);
  expect(pod.tmux("list-buffers", "-F", "#{buffer_name}")).toBe(`limpet-${viewer}-2\n`);
  piece(3, true, 2, 15);
  piece(4, true, 99, 20);
  expect((await read(file, 10)).toString()).toBe("piecepiece");
  await exec.wait("taken", ({ end }) => end === 20);
  expect(pod.tmux("list-buffers")).toBe("");
});

test("[M12] typing leaves copy mode, and the program gets it", async () => {
  const { pane, file } = await openSink();
  pod.tmux("copy-mode", "-t", pane);
  type(pane, Buffer.from("q"));
  await exec.wait("taken");
  expect((await read(file, 1)).toString()).toBe("q");
});

test("[M13] a dead pane refuses keys and pastes, the count does not move, and tmux lives on", async () => {
  const { pane } = await openSink();
  pod.tmux("set-option", "-p", "-t", pane, "remain-on-exit", "on");
  exec.run(exec.multiplexer.claim(pane, viewer));
  await exec.settle();
  process.kill(Number(pod.tmux("display-message", "-pt", pane, "#{pane_pid}")), "SIGKILL");
  while (pod.tmux("display-message", "-pt", pane, "#{pane_dead}").trim() !== "1") {}
  type(pane, Buffer.from("x"));
  await exec.wait("refused");
  paste(pane, Buffer.from("y"), 0, 1);
  await exec.wait("refused", undefined, exec.effects.findIndex(({ type }) => type === "refused") + 1);
  const options = pod.tmux("show-options", "-p", "-t", pane);
  expect(options).toContain(`@limpet-in-${viewer} 0`);
  await exec.settle();
});

test("[M13] a paste to a pane that died unseen does not end tmux", async () => {
  const { pane } = await openSink();
  pod.tmux("set-option", "-p", "-t", pane, "remain-on-exit", "on");
  process.kill(Number(pod.tmux("display-message", "-pt", pane, "#{pane_pid}")), "SIGKILL");
  while (pod.tmux("display-message", "-pt", pane, "#{pane_dead}").trim() !== "1") {}
  paste(pane, noise(5, 1000, 1));
  await exec.wait("refused");
  await exec.settle();
});

test("[M13] input for a pane that is gone is refused", async () => {
  const { pane } = await openSink();
  pod.tmux("kill-pane", "-t", pane);
  type(pane, Buffer.from("x"));
  await exec.wait("refused", (effect) => effect.pane === pane);
});

test("[M12] Ctrl-C does not wait behind megabytes that another viewer sends", async () => {
  const { pane } = await openSink();
  const other = random();
  paste(pane, noise(6, 8 * 1024 * 1024, 1));
  const asked = performance.now();
  type(pane, Uint8Array.of(3), 0, 1, other);
  await exec.wait("taken", (effect) => effect.viewer === other);
  expect(performance.now() - asked).toBeLessThan(300);
  expect(exec.effects.some((effect) => effect.type === "taken" && effect.end === 8 * 1024 * 1024)).toBe(false);
  await exec.wait("taken", ({ end }) => end === 8 * 1024 * 1024);
});

test("[M14] counts of viewers long gone are dropped, those of the present ones stay", async () => {
  const { pane } = await openSink();
  const present = random();
  for (let index = 0; index < 80; index++) {
    pod.tmux("set-option", "-p", "-t", pane, `@limpet-in-${random()}`, "5");
  }
  pod.tmux("set-option", "-p", "-t", pane, `@limpet-in-${present}`, "77");
  await exec.kill();
  exec = new Exec(pod.attach());
  await exec.wait("following");
  exec.run(exec.multiplexer.claim(pane, present));
  exec.run(exec.multiplexer.claim(pane, viewer));
  expect(exec.effects.filter(({ type }) => type === "forgotten")).toHaveLength(80 + 2 - 64);
  await exec.settle();
  const counts = pod.tmux("show-options", "-p", "-t", pane).match(/@limpet-in-/g);
  expect(counts?.length).toBe(64);
  const options = pod.tmux("show-options", "-p", "-t", pane);
  expect(options).toContain(`@limpet-in-${present} 77`);
  expect(options).toContain(`@limpet-in-${viewer} 0`);
});
