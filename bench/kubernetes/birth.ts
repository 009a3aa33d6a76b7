// Owns the birth of a shell's pod in its parts: created, scheduled, sandbox, container, Ready, set up, first prompt.
// Must not know how a shell is started elsewhere, nor the table that the figures end up in.

import { setTimeout as sleep } from "node:timers/promises";
import { openViewer, runLine, type Shell, startShell } from "../shell.ts";
import { type Administrator, field, type PodSeen } from "./administrator.ts";

/** Milliseconds from the click to each, in their order. */
export const parts = ["created", "scheduled", "sandbox", "started", "ready", "set up", "prompt"] as const;
export type Birth = Readonly<Record<(typeof parts)[number], number>>;

/** The API answers a session a hundred times in ten seconds. */
const askEveryMs = 120;

/** A person of their own, who had no shell. Seen from here: each state a moment after the API server stored it. */
export async function measureBirth(administrator: Administrator, url: string, name: string): Promise<Birth> {
  const times = new Map<string, number>();
  let uid: string | null = null;
  let startedMs = performance.now();
  const note = (what: (typeof parts)[number]): void => {
    if (!times.has(what)) times.set(what, performance.now() - startedMs);
  };
  // Others' pods, which were there or are about to go, begin with a uid of theirs.
  const known = new Set<string>();
  let begun = false;
  const see = (pod: PodSeen): void => {
    uid ??= pod.uid;
    if (pod.uid !== uid) return;
    note("created");
    if (holds(pod.status, "PodScheduled")) note("scheduled");
    if (holds(pod.status, "PodReadyToStartContainers")) note("sandbox");
    if (field(field(firstContainer(pod.status), "state"), "running") !== undefined) note("started");
    if (holds(pod.status, "Ready")) note("ready");
  };
  const end = await administrator.watch((pod) => {
    if (!begun) known.add(pod.uid);
    else if (!known.has(pod.uid)) see(pod);
  });
  try {
    // What is there already comes first.
    await sleep(300);
    begun = true;
    startedMs = performance.now();
    const shell = await startShell(url, name);
    const setUp = untilSetUp(shell).then(() => note("set up"));
    const viewer = await openViewer(shell, name);
    await runLine(viewer, "");
    note("prompt");
    await setUp;
    await viewer.close();
    await shell.session.graphql("mutation { deleteShell { phase } }");
    return birthOf(times);
  } finally {
    end();
  }
}

async function untilSetUp(shell: Shell): Promise<void> {
  for (let tries = 0; tries < 500; tries += 1) {
    const answer = JSON.stringify(await shell.session.graphql("{ shell { phase setupPending } }"));
    if (answer.includes('"phase":"READY","setupPending":false')) return;
    await sleep(askEveryMs);
  }
  throw new Error("The shell was never set up.");
}

function birthOf(times: ReadonlyMap<string, number>): Birth {
  const at = (part: (typeof parts)[number]): number => {
    const ms = times.get(part);
    if (ms === undefined) throw new Error(`The pod was never seen as "${part}".`);
    return ms;
  };
  return {
    created: at("created"),
    scheduled: at("scheduled"),
    sandbox: at("sandbox"),
    started: at("started"),
    ready: at("ready"),
    "set up": at("set up"),
    prompt: at("prompt"),
  };
}

function holds(status: unknown, condition: string): boolean {
  const conditions = field(status, "conditions");
  return (
    Array.isArray(conditions) &&
    conditions.some((one) => field(one, "type") === condition && field(one, "status") === "True")
  );
}

function firstContainer(status: unknown): unknown {
  const statuses = field(status, "containerStatuses");
  return Array.isArray(statuses) ? statuses[0] : undefined;
}
