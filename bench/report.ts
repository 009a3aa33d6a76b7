// Owns how the figures are shown: one table, the targets beside what was measured, and JSON.
// Must not know how they were taken.

import { type BulkFigures, type EchoFigures, median } from "./measure.ts";
import type { ResumeFigures, StalledFigures } from "./scenarios.ts";

/** One row: what, through which way, the figure with its unit, and the target where there is one. */
export interface Row {
  readonly what: string;
  readonly way: string;
  readonly value: number;
  readonly unit: "ms" | "MB/s" | "bytes" | "MB" | "lines" | "calls" | "×";
  readonly target?: { readonly most: number } | { readonly least: number };
}

export function isMet(row: Row): boolean {
  if (row.target === undefined) return true;
  return "most" in row.target ? row.value <= row.target.most : row.value >= row.target.least;
}

export function formatTable(rows: readonly Row[]): string {
  const lines = rows.map((row) => {
    const target = row.target;
    const wanted = target === undefined ? "" : "most" in target ? `≤ ${target.most}` : `≥ ${target.least}`;
    const verdict = target === undefined ? "" : isMet(row) ? "met" : "missed";
    return [row.what, row.way, `${round(row.value)} ${row.unit}`, wanted, verdict];
  });
  const all = [["figure", "way", "measured", "target", ""], ...lines];
  const widths = all[0]?.map((_, column) => Math.max(...all.map((line) => line[column]?.length ?? 0))) ?? [];
  return all
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function round(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(2);
}

/** Names of the ways, as the rounds give them; the targets compare the last of each three with the ones before. */
const relayedTmux = "bare relay, attached tmux";
const controlMode = "Limpet, control mode";
const directShell = "direct, bare shell";
const plainMode = "Limpet, plain";

export function speedRows(
  echo: ReadonlyMap<string, readonly EchoFigures[]>,
  bulk: ReadonlyMap<string, readonly BulkFigures[]>,
): readonly Row[] {
  const echoOf = (way: string, part: keyof EchoFigures): number =>
    median((echo.get(way) ?? []).map((each) => each[part]));
  const bulkOf = (way: string): number => median((bulk.get(way) ?? []).map((each) => each.megabytesPerSecond));
  const parts = [
    ["echo p50", "p50Ms"],
    ["echo p95", "p95Ms"],
    ["echo p99", "p99Ms"],
  ] as const;
  return [
    ...parts.flatMap(([what, part]) =>
      [...echo.keys()].map((way): Row => {
        const target = way === controlMode && part === "p50Ms" ? { target: { most: 1.5 } } : {};
        return { what, way, value: echoOf(way, part), unit: "ms", ...target };
      }),
    ),
    {
      what: "echo p50",
      way: "Limpet / bare relay",
      value: echoOf(controlMode, "p50Ms") / echoOf(relayedTmux, "p50Ms"),
      unit: "×",
      target: { most: 1.25 },
    },
    {
      what: "echo p99",
      way: "Limpet / bare relay",
      value: echoOf(controlMode, "p99Ms") / echoOf(relayedTmux, "p99Ms"),
      unit: "×",
      target: { most: 1.5 },
    },
    ...[...bulk.keys()].map((way): Row => ({ what: "bulk", way, value: bulkOf(way), unit: "MB/s" })),
    {
      what: "bulk that was skipped",
      way: plainMode,
      value: median((bulk.get(plainMode) ?? []).map((each) => each.skippedMb)),
      unit: "MB",
      target: { most: 0 },
    },
    {
      what: "bulk",
      way: "Limpet / direct",
      value: bulkOf(plainMode) / bulkOf(directShell),
      unit: "×",
      target: { least: 0.95 },
    },
  ];
}

export function scenarioRows(
  resumes: readonly ResumeFigures[],
  clicksMs: readonly number[],
  stalled: StalledFigures,
): readonly Row[] {
  const way = controlMode;
  const of = (part: keyof ResumeFigures): number => median(resumes.map((each) => each[part]));
  return [
    { what: "resume after a cut", way, value: of("resumeMs"), unit: "ms", target: { most: 300 } },
    {
      what: "bytes sent again",
      way,
      value: Math.max(...resumes.map((each) => each.bytesAgain)),
      unit: "bytes",
      target: { most: 0 },
    },
    {
      what: "lines lost",
      way,
      value: Math.max(...resumes.map((each) => each.linesLost)),
      unit: "lines",
      target: { most: 0 },
    },
    {
      what: "accounted, one stalled viewer",
      way,
      value: stalled.accountedBytes,
      unit: "bytes",
      target: { most: 2 * 1024 * 1024 },
    },
    { what: "received by the other viewer", way, value: stalled.readerMb, unit: "MB" },
    { what: "workerd before", way, value: stalled.workerdBeforeMb, unit: "MB" },
    { what: "workerd after", way, value: stalled.workerdAfterMb, unit: "MB" },
    { what: "click to prompt", way, value: median(clicksMs), unit: "ms", target: { most: 2_000 } },
  ];
}
