// Owns the rows of `npm run bench -- --kubernetes`: echo and bulk through the whole real chain beside a direct exec, and a pod's birth.
// Must not know how a cluster is made.

import { attachedTmux, bareShell } from "../baselines.ts";
import { type Link, text, waitFor } from "../link.ts";
import { startLimpetOnKubernetes } from "../local-limpet.ts";
import { type EchoFigures, measureEcho, median } from "../measure.ts";
import type { Row } from "../report.ts";
import { openViewer, runLine, settle, size, startShell } from "../shell.ts";
import { Administrator } from "./administrator.ts";
import { type Birth, measureBirth, parts } from "./birth.ts";

const echoSamples = 500;
const echoWarmUp = 50;
const echoLine = `stty raw -echo; printf 'rea''dy'; dd bs=1 count=${echoSamples + echoWarmUp} status=none; stty sane\r`;
const ways = {
  limpet: "Limpet: edge, ingress, API server, pod",
  tmux: "direct exec, attached tmux",
  bare: "direct exec, bare shell",
} as const;

/** `say` is told what goes on. */
export async function measureKubernetes(
  rounds: number,
  megabytes: number,
  say: (line: string) => void,
): Promise<readonly Row[]> {
  const limpet = await startLimpetOnKubernetes();
  try {
    const administrator = await Administrator.of(limpet.kubernetes, limpet.namespace);
    const shell = await startShell(limpet.url, "Bench");
    const warm = await openViewer(shell, "warm-up");
    await runLine(warm, `yes 'limpet clings to its rock' | head -c ${megabytes}000000 >/tmp/bulk`);
    await warm.close();
    const exec = (name: string, command: readonly string[]) =>
      administrator.exec({ name, pod: shell.podName, command, ...size });

    const echo = new Map<string, EchoFigures[]>();
    const bulk = new Map<string, number[]>();
    const births: Birth[] = [];
    for (let round = 1; round <= rounds; round += 1) {
      say(`round ${round}: echo`);
      add(echo, ways.tmux, await echoOf(await exec(ways.tmux, attachedTmux)));
      add(echo, ways.limpet, await echoOf(await openViewer(shell, ways.limpet)));
      say(`round ${round}: bulk`);
      add(bulk, ways.bare, await bulkOf(await exec(ways.bare, bareShell), megabytes));
      add(bulk, ways.tmux, await bulkOf(await exec(ways.tmux, attachedTmux), megabytes));
      add(bulk, ways.limpet, await bulkOf(await openViewer(shell, ways.limpet), megabytes));
      say(`round ${round}: a pod is born`);
      births.push(await measureBirth(administrator, limpet.url, `Birth ${round}`));
    }
    return [...echoRows(echo), ...bulkRows(bulk), ...birthRows(births)];
  } finally {
    await limpet.stop();
  }
}

async function echoOf(link: Link): Promise<EchoFigures> {
  await settle();
  const ready = waitFor(link, "ready");
  link.send(text(echoLine));
  await ready;
  const figures = await measureEcho(link, echoSamples, echoWarmUp, Math.random);
  await link.close();
  return figures;
}

/** Megabytes a second of what is printed, from the key that starts it to its end on the screen; what a screen leaves out counts. */
async function bulkOf(link: Link, megabytes: number): Promise<number> {
  await settle();
  const startedMs = performance.now();
  const over = waitFor(link, "bulk-is-over", 180_000);
  link.send(text("cat /tmp/bulk; echo bulk-'is'-over\r"));
  await over;
  const seconds = (performance.now() - startedMs) / 1000;
  await settle();
  await link.close();
  return megabytes / seconds;
}

function echoRows(echo: ReadonlyMap<string, readonly EchoFigures[]>): readonly Row[] {
  const of = (way: string, part: keyof EchoFigures) => median((echo.get(way) ?? []).map((each) => each[part]));
  const named = [
    ["echo p50", "p50Ms"],
    ["echo p95", "p95Ms"],
    ["echo p99", "p99Ms"],
  ] as const;
  return named.flatMap(([what, part]): readonly Row[] => [
    { what, way: ways.tmux, value: of(ways.tmux, part), unit: "ms" },
    { what, way: ways.limpet, value: of(ways.limpet, part), unit: "ms" },
    { what, way: "Limpet / direct", value: of(ways.limpet, part) / of(ways.tmux, part), unit: "×" },
  ]);
}

function bulkRows(bulk: ReadonlyMap<string, readonly number[]>): readonly Row[] {
  return [...bulk].map(([way, values]) => ({
    what: "printed until its end is seen",
    way,
    value: median(values),
    unit: "MB/s",
  }));
}

function birthRows(births: readonly Birth[]): readonly Row[] {
  return parts.map((part) => ({
    what: "click to",
    way: part,
    value: median(births.map((birth) => birth[part])),
    unit: "ms",
  }));
}

function add<T>(figures: Map<string, T[]>, way: string, figure: T): void {
  figures.set(way, [...(figures.get(way) ?? []), figure]);
}
