// Owns having a shell of one's own at a local Limpet, and reading what its object accounts for.
// Must not know what is measured.

import { setTimeout as sleep } from "node:timers/promises";
import { BrowserSession } from "./browser-session.ts";
import { type LimpetLink, openLimpet } from "./limpet-link.ts";
import { text, waitFor } from "./link.ts";

export const size = { cols: 120, rows: 36 } as const;

export interface Shell {
  readonly session: BrowserSession;
  readonly podName: string;
}

/** Signs in as `name` and starts a shell; returns at once, before the pod is there. */
export async function startShell(url: string, name: string): Promise<Shell> {
  const session = await BrowserSession.signIn(url, name);
  const data = await session.graphql("mutation { createShell { podName } }");
  return { session, podName: textField(data, "createShell", "podName") };
}

/** A viewer of the shell, with the shell's prompt known to answer. */
export async function openViewer(shell: Shell, name: string): Promise<LimpetLink> {
  const link = openLimpet(shell.session, { name, ...size });
  await link.attached;
  return link;
}

let marks = 0;

/** Types a line and waits until the shell has come to it. */
export async function runLine(link: LimpetLink, line: string): Promise<void> {
  marks += 1;
  // Written in two halves, so that the echo of the line is not taken for its output.
  const done = waitFor(link, `mark-${marks}-done`);
  link.send(text(`${line}${line === "" ? "" : "; "}echo mark-${marks}-'done'\r`));
  await done;
}

/** What the object holds for this shell, in bytes. */
export async function accountedBytes(shell: Shell): Promise<number> {
  const counters = await shell.session.json("/api/shell/counters");
  const value: unknown = typeof counters === "object" && counters !== null && Reflect.get(counters, "accountedBytes");
  if (typeof value !== "number") throw new Error(`No accountedBytes in ${JSON.stringify(counters)}.`);
  return value;
}

export async function settle(): Promise<void> {
  await sleep(300);
}

function textField(value: unknown, ...path: readonly string[]): string {
  let at: unknown = value;
  for (const name of path) at = typeof at === "object" && at !== null ? Reflect.get(at, name) : undefined;
  if (typeof at !== "string") throw new Error(`No ${path.join(".")} in ${JSON.stringify(value)}.`);
  return at;
}
