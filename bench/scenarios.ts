// Owns the scenarios that are Limpet's alone: coming back after a cut, a stalled viewer, from click to prompt.
// Must not know the table they end up in.

import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { text, waitFor } from "./link.ts";
import { accountedBytes, openViewer, runLine, type Shell, startShell } from "./shell.ts";

export interface ResumeFigures {
  /** From the cut to the first byte after it; the client's own back-off is part of it. */
  readonly resumeMs: number;
  /** Bytes that came although the client had them. */
  readonly bytesAgain: number;
  /** Lines that never came. */
  readonly linesLost: number;
}

/** A connection that stood this long counts as a good one, and is sought again without the wait of a bad one. */
const standMs = 5_500;

/** A job prints numbers; the socket is cut; the numbers must go on where they were. */
export async function measureResume(shell: Shell): Promise<ResumeFigures> {
  const viewer = await openViewer(shell, "limpet");
  await runLine(viewer, "");
  await sleep(standMs);
  let seen = "";
  let cutMs = 0;
  let resumeMs = 0;
  const finished = Promise.withResolvers<void>();
  viewer.onBytes = (bytes) => {
    if (cutMs > 0 && resumeMs === 0) resumeMs = performance.now() - cutMs;
    seen += Buffer.from(bytes).toString("latin1");
    if (seen.includes("\nend")) finished.resolve();
  };
  viewer.send(text("for n in $(seq 1 300); do echo n$n; sleep 0.01; done; echo en''d\r"));
  while (!seen.includes("n100\r")) await sleep(5);
  cutMs = performance.now();
  viewer.cut();
  await finished.promise;
  await viewer.close();
  const numbers = [...seen.matchAll(/[\r\n]n(\d+)\r/g)].map((match) => Number(match[1]));
  const different = new Set(numbers);
  const again = numbers.filter((number, index) => numbers.indexOf(number) !== index);
  return {
    resumeMs,
    bytesAgain: again.reduce((sum, number) => sum + String(number).length + 3, 0),
    linesLost: 300 - different.size,
  };
}

export interface StalledFigures {
  readonly accountedBytes: number;
  readonly workerdBeforeMb: number;
  readonly workerdAfterMb: number;
  readonly readerMb: number;
}

/** Two viewers, one of which stops reading, while `file` is printed; the most that the object accounted for meanwhile. */
export async function measureStalled(shell: Shell, file: string, edgePid: number): Promise<StalledFigures> {
  const [reader, stalled] = [await openViewer(shell, "reader"), await openViewer(shell, "stalled")];
  await runLine(reader, "stty -echo; PS1=");
  const workerdBeforeMb = await workerdMb(edgePid);
  stalled.stall();
  const before = reader.received;
  let most = 0;
  const done = waitFor(reader, "flood-over", 180_000).then(() => true);
  reader.send(text(`cat '${file}'; echo flood-'over'\r`));
  for (let over = false; !over; over = await Promise.race([done, sleep(100).then(() => false)])) {
    most = Math.max(most, await accountedBytes(shell));
  }
  const figures = {
    accountedBytes: most,
    workerdBeforeMb,
    workerdAfterMb: await workerdMb(edgePid),
    readerMb: (reader.received - before) / 1e6,
  };
  await Promise.all([reader.close(), stalled.close()]);
  return figures;
}

/** From the click on the button to a prompt that has answered, for a person who had no shell. */
export async function measureClickToPrompt(url: string, name: string): Promise<number> {
  const startedMs = performance.now();
  const shell = await startShell(url, name);
  const viewer = await openViewer(shell, name);
  await runLine(viewer, "");
  const tookMs = performance.now() - startedMs;
  await viewer.close();
  await shell.session.graphql("mutation { deleteShell { phase } }");
  return tookMs;
}

/** Resident memory of the workerd that is a child of this process. */
async function workerdMb(edgePid: number): Promise<number> {
  const children = await readFile(`/proc/${edgePid}/task/${edgePid}/children`, "utf8").catch(() => "");
  const pids = children.trim().split(" ").filter(Boolean);
  const statuses = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/status`, "utf8").catch(() => "")));
  return statuses
    .filter((status) => /^Name:\s+workerd/m.test(status))
    .reduce((sum, status) => sum + Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024, 0);
}
