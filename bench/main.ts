// Owns `npm run bench`: which figures, in interleaved rounds, against which targets.
// Must not know how a figure is taken. `--rounds N` (5), `--megabytes N` (200), `--shells N` (1000; 0:
// no reaping), `--json FILE`; `--kubernetes`: the rows of a real Kubernetes, and no other.

import { open, rm, writeFile } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { attachedTmux, Baselines, bareShell } from "./baselines.ts";
import { measureClone } from "./clone.ts";
import { measureKubernetes } from "./kubernetes/rows.ts";
import { type Link, text, waitFor } from "./link.ts";
import { startLimpet } from "./local-limpet.ts";
import { type BulkFigures, type EchoFigures, measureBulk, measureEcho } from "./measure.ts";
import { measureReaping } from "./reap.ts";
import { formatTable, isMet, scenarioRows, speedRows } from "./report.ts";
import { measureHome } from "./save-home.ts";
import { measureSaves } from "./save-repository.ts";
import { measureClickToPrompt, measureResume, measureStalled } from "./scenarios.ts";
import { openViewer, settle, size, startShell } from "./shell.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    megabytes: { type: "string", default: "200" },
    shells: { type: "string", default: "1000" },
    json: { type: "string" },
    kubernetes: { type: "boolean", default: false },
  },
});
const rounds = Number(values.rounds);
const reapedShells = Number(values.shells);
const bulkBytes = Number(values.megabytes) * 1_000_000;
const echoSamples = 1_000;
const echoWarmUp = 100;
/** In raw mode nothing interrupts, so the echo ends by itself; `dd` passes each byte on as it comes. */
const echoLine = `stty raw -echo; printf 'rea''dy'; dd bs=1 count=${echoSamples + echoWarmUp} status=none; stty sane\r`;

function say(line: string): void {
  console.error(line);
}

async function main(): Promise<number> {
  say(`${rounds} rounds on ${cpus().length} cores (${cpus()[0]?.model ?? "unknown"}), Node ${process.version}.`);
  if (values.kubernetes) {
    const rows = await measureKubernetes(rounds, Number(values.megabytes), say);
    console.log(formatTable(rows));
    if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify({ rounds, rows }, null, 2)}\n`);
    return 0;
  }
  const bulkFile = join(tmpdir(), `limpet-bench-${process.pid}.bulk`);
  await writeBulk(bulkFile);
  const limpet = await startLimpet();
  const plain = await startLimpet("limpet-shell:plain");
  const baselines = await Baselines.start(limpet);
  const plainBaselines = await Baselines.start(plain);
  try {
    const shell = await startShell(limpet.url, "Bench");
    const plainShell = await startShell(plain.url, "Bench");
    await (await openViewer(shell, "warm-up")).close();
    await (await openViewer(plainShell, "warm-up")).close();

    const echo = new Map<string, EchoFigures[]>();
    const bulk = new Map<string, BulkFigures[]>();
    const resumes: Awaited<ReturnType<typeof measureResume>>[] = [];
    const clicks: number[] = [];
    for (let round = 1; round <= rounds; round += 1) {
      say(`round ${round}: echo`);
      const tmux = { pod: shell.podName, command: attachedTmux, ...size };
      for (const open of [
        () => baselines.direct("direct, attached tmux", tmux),
        () => baselines.relayed("bare relay, attached tmux", tmux),
      ]) {
        add(echo, ...(await echoOf(await open())));
      }
      const viewer = await openViewer(shell, "Limpet, control mode");
      add(echo, ...(await echoOf(viewer)));
      say(`round ${round}: bulk`);
      const bare = { pod: plainShell.podName, command: bareShell, ...size };
      for (const open of [
        () => plainBaselines.direct("direct, bare shell", bare),
        () => plainBaselines.relayed("bare relay, bare shell", bare),
        () => openViewer(plainShell, "Limpet, plain"),
      ]) {
        add(bulk, ...(await bulkOf(await open(), bulkFile)));
      }
      say(`round ${round}: resume, click to prompt`);
      resumes.push(await measureResume(shell));
      clicks.push(await measureClickToPrompt(limpet.url, `Click ${round}`));
    }
    say("a stalled viewer");
    const stalled = await measureStalled(shell, bulkFile, limpet.edgePid);

    say("click to prompt with a clone");
    const clones = await measureClone(limpet.url, rounds);

    say("reaping");
    const reaping = reapedShells > 0 ? await measureReaping(reapedShells) : [];

    say("saving a repository, a home");
    const saves = [...(await measureSaves(rounds)), ...(await measureHome(rounds))];

    const rows = [...speedRows(echo, bulk), ...scenarioRows(resumes, clicks, stalled), ...clones, ...reaping, ...saves];
    console.log(formatTable(rows));
    if (values.json !== undefined) {
      await writeFile(
        values.json,
        `${JSON.stringify({ rounds, bulkBytes, rows, echo: [...echo], bulk: [...bulk] }, null, 2)}\n`,
      );
    }
    const missed = rows.filter((row) => !isMet(row));
    if (missed.length > 0) say(`${missed.length} of the targets missed on this machine.`);
    return 0;
  } finally {
    await Promise.all([baselines.stop(), plainBaselines.stop()]);
    await Promise.all([limpet.stop(), plain.stop()]);
    await rm(bulkFile, { force: true });
  }
}

async function echoOf(link: Link): Promise<[string, EchoFigures]> {
  await settle();
  const ready = waitFor(link, "ready");
  link.send(text(echoLine));
  await ready;
  const figures = await measureEcho(link, echoSamples, echoWarmUp, Math.random);
  await link.close();
  return [link.name, figures];
}

async function bulkOf(link: Link, file: string): Promise<[string, BulkFigures]> {
  await settle();
  const ready = waitFor(link, "ready");
  link.send(text("stty -echo -opost; PS1=; printf 'rea''dy'\r"));
  await ready;
  await settle();
  const figure = await measureBulk(link, file, bulkBytes);
  await settle();
  link.send(text("stty sane\r"));
  await settle();
  await link.close();
  return [link.name, figure];
}

async function writeBulk(file: string): Promise<void> {
  const handle = await open(file, "w", 0o600);
  const piece = Buffer.alloc(1_000_000, "limpet clings to its rock ");
  for (let written = 0; written < bulkBytes; written += piece.byteLength) await handle.write(piece);
  await handle.close();
}

function add<T>(figures: Map<string, T[]>, name: string, figure: T): void {
  figures.set(name, [...(figures.get(name) ?? []), figure]);
}

process.exit(await main());
