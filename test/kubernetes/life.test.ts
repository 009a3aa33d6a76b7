// Owns the proof of a shell's life on a real cluster: however it ends, what is saved, for how long it is away, and what its
// person is told. Must not know how any of that is done.

import { existsSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { needsKubernetesAlone, type OwnKubernetes, openKubernetesAlone } from "./harness/kubernetes.ts";
import { cleanUpSeconds, wholeState } from "./life/apply-job.ts";
import { useFigures } from "./life/figures.ts";
import { useGround } from "./life/limpet-on-kubernetes.ts";
import { cordon, startNode } from "./life/nodes.ts";
import type { Person } from "./life/person.ts";
import { type PodSeen, shellsNamespace } from "./life/pods.ts";
import { killProcesses } from "./life/processes.ts";
import type { Tab } from "./life/tab.ts";
import { type Applying, apply, expectRestored, stateOf } from "./life/work.ts";

const saveEverySeconds = 15;
/** Enough for the job's clean-up and a save. */
const graceSeconds = 50;
/** A round of the pod's, and a save. */
const savedWithin = { withinMs: 60_000 };
const endedWithin = { withinMs: (graceSeconds + 20) * 1_000 };
const readyWithin = { withinMs: 60_000 };
/** The node controller's patience with a silent node (50 s), and what the edge's looks and the page add. */
const silentWithin = { withinMs: 120_000 };
/** The grace, two minutes more (worker/shells/pace.ts, `longestEndMs`), and a start. */
const givenUpWithin = { withinMs: (graceSeconds + 120 + 60) * 1_000 };
const [first, second] = ["shells-1", "shells-2"] as const;

const ground = useGround({
  SAVE_EVERY_SECONDS: String(saveEverySeconds),
  SHELL_GRACE_SECONDS: String(graceSeconds),
  SHELL_REQUESTS: "cpu=50m,memory=64Mi,ephemeral-storage=16Mi",
  SHELL_LIMITS: "cpu=1,memory=256Mi,ephemeral-storage=1Gi",
});
const figures = useFigures("A shell's life on a real cluster");
beforeEach(needsKubernetesAlone);

/** The pod under this name is another one. */
const isOther =
  (uid: string) =>
  (pod: PodSeen | null): boolean =>
    pod !== null && pod.uid !== uid;

async function podOf(name: string): Promise<PodSeen> {
  const pod = await ground().pods.see(name);
  if (pod === null) throw new Error(`the pod ${name} is gone`);
  return pod;
}

/** A shell that is ready, with a note in its home and a tab before it. */
async function withNote(text: string): Promise<{ person: Person; tab: Tab; pod: string }> {
  const person = await ground().newPerson();
  const tab = await person.openTab();
  const { podName: pod } = await person.shell();
  await ground().pods.run(pod, `echo '${text}' >~/notes.md`);
  return { person, tab, pod };
}

/** The job heard one interrupt, had the time that it needs, and gave its lock back. */
async function expectCleanEnd({ tab, lock }: Applying, interruptedMs: number): Promise<void> {
  const { releasedMs } = lock();
  if (releasedMs === null) throw new Error("the lock is still held");
  expect(releasedMs - interruptedMs).toBeGreaterThan(cleanUpSeconds * 1_000 - 1_000);
  expect(tab.lines().filter((line) => /^(Two interrupts|Error)/.test(line))).toEqual([]);
}

describe.concurrent("a shell", () => {
  let own: OwnKubernetes | null = null;
  let lost: { readonly person: Person; readonly tab: Tab; readonly pod: string };

  /** Whoever is to lose the node has the one, everybody else the other. */
  beforeAll(async () => {
    own = await openKubernetesAlone();
    if (own === null) return;
    await cordon(own, first, true);
    lost = await withNote("Before the node was lost");
    expect((await podOf(lost.pod)).node).toBe(second);
    await cordon(own, first, false);
    await cordon(own, second, true);
  });
  afterAll(async () => {
    if (own === null) return;
    await startNode(own, second);
    await cordon(own, second, false);
  });

  // Not tried again: its node is gone by then.
  const once = { timeout: 480_000, retry: 0 };
  test("whose node is lost: its page says so, a restart gives another with the last save", once, async () => {
    const { person, tab, pod } = lost;
    const { pods, own } = ground();
    // Something that is never quite saved: how old it is when it comes back is what was lost.
    await pods.run(pod, "(while :; do date +%s >~/clock; sleep 1; done) >/dev/null 2>&1 &");
    await person.saved(Date.now(), savedWithin);
    const stoppedAt = Date.now();
    const stoppedMs = performance.now();
    await own.control.node(second, "stop");

    const silent = await tab.told(
      "its node is silent",
      ({ reason }) => reason === "NodeNotReady",
      silentWithin,
      stoppedMs,
    );
    expect(silent.detail).toMatch(/^The shell's node does not answer\. If it does not come back, restart the shell\./);
    figures.note("node lost: until the page says so", silent.atMs - stoppedMs);

    const restartedMs = performance.now();
    await person.wish("restartShell");
    await person.where("waited for", ({ phase }) => phase !== "READY");
    await person.ready(givenUpWithin);
    figures.note("node lost: from the restart to a shell on another node", performance.now() - restartedMs);
    expect((await podOf(pod)).node).toBe(first);
    expect(await pods.read(pod, "notes.md")).toBe("Before the node was lost");
    const lostMs = stoppedAt - Number(await pods.read(pod, "clock")) * 1_000;
    // A round of the pod's, the save's own time, and the second to which the clock is written.
    expect(lostMs).toBeLessThan((2 * saveEverySeconds + 10) * 1_000);
    figures.note(`node lost: work that is gone (a save every ${saveEverySeconds} s)`, lostMs);
  });

  test("that is stopped while a job holds a lock: interrupted once, lock released, work saved, all back at the start", async () => {
    const applying = await apply(ground());
    const { person, tab } = applying;
    const askedMs = performance.now();
    await person.wish("stopShell");
    const interruptedMs = await tab.shows(/^Interrupt received/);
    const waiting = await tab.told(
      "what is waited for",
      ({ detail }) => /^Waiting for /.test(detail ?? ""),
      endedWithin,
      askedMs,
    );
    expect(waiting).toMatchObject({ phase: "stopping", detail: "Waiting for sh to end; then its work is saved." });
    const ended = await person.where("stopped", ({ phase }) => phase === "ABSENT", endedWithin);
    figures.note(`stop: until the pod is gone (a job that needs ${cleanUpSeconds} s)`, performance.now() - askedMs);
    expect(ended.detail).toMatch(
      /^The shell is stopped\. Its work was last saved at .* comes back when it is started\.$/,
    );
    await expectCleanEnd(applying, interruptedMs);
    const startedMs = performance.now();
    await person.wish("createShell");
    await person.ready(readyWithin);
    figures.note("stop: from the start to a shell with all of the work", performance.now() - startedMs);
    await expectRestored(ground(), applying);
    expect(await stateOf(ground(), applying)).toMatch(wholeState);
  }, 240_000);

  test("that somebody deletes with kubectl: saved, made anew by itself, and its person told why", async () => {
    const { person, tab, pod } = await withNote("Deleted by somebody");
    const { own, pods } = ground();
    const { uid } = await podOf(pod);
    const deletedMs = performance.now();
    await own.kubectl.run(["delete", "pod", "-n", shellsNamespace, pod, "--wait=false"]);
    await tab.told("its pod is ending", ({ phase }) => phase === "stopping", undefined, deletedMs);
    const notice = await tab.hears("SHELL_RECREATED", /It is being started again\./, endedWithin);
    expect(notice.text).toMatch(/Your work comes back as it was saved \d+ seconds? before/);
    await pods.until(pod, "another one", isOther(uid), readyWithin);
    await person.ready(readyWithin);
    figures.note("kubectl delete: until there is a shell again", performance.now() - deletedMs);
    expect(await pods.read(pod, "notes.md")).toBe("Deleted by somebody");
  }, 180_000);

  test("that comes to the cluster's own deadline: ended in good order, saved, and its person told why", async () => {
    const { person, tab, pod } = await withNote("At the deadline");
    const { own, pods } = ground();
    const lowered = JSON.stringify({ spec: { activeDeadlineSeconds: 1 } });
    const loweredMs = performance.now();
    await own.kubectl.run(["patch", "pod", "-n", shellsNamespace, pod, "--type=merge", "--patch", lowered]);
    const ended = await person.where("ended", ({ phase }) => phase === "ABSENT", endedWithin);
    figures.note("activeDeadlineSeconds: until the pod is gone", performance.now() - loweredMs);
    expect(ended.detail).toMatch(/^The shell ended because its time was over\. Its work was last saved at /);
    await tab.hears("SHELL_STOPPED", /its time was over/);
    expect(await pods.see(pod)).toBeNull();
    await person.wish("createShell");
    await person.ready(readyWithin);
    expect(await pods.read(pod, "notes.md")).toBe("At the deadline");
  }, 180_000);

  test("that takes more memory than it may: what is left of it, and what its person is told", async () => {
    const { person, tab, pod } = await withNote("Out of memory");
    const { pods } = ground();
    const before = await podOf(pod);
    const askedMs = performance.now();
    tab.type("head -c 2G /dev/zero | tail; echo after=$?\r");
    // Version 1 of control groups ends one program, version 2 (without singleProcessOOMKill) all of the container.
    if (!existsSync("/sys/fs/cgroup/cgroup.controllers")) {
      await tab.shows(/^after=137$/, readyWithin);
      figures.note("OOM, control groups 1: only the program is ended, after", performance.now() - askedMs);
      expect((await podOf(pod)).restarts).toBe(before.restarts);
      killProcesses([pod]);
    }
    const crashed = await tab.hears("SHELL_CRASHED", /was started again on its node: /, readyWithin);
    expect(crashed.text).toMatch(/All that ran in it is gone; the files in its home are there\.$/);
    await person.ready(readyWithin);
    const after = await podOf(pod);
    figures.note(
      `OOM of the whole container (${after.lastEnd}): until there is a shell again`,
      performance.now() - askedMs,
    );
    expect(after).toMatchObject({ uid: before.uid, restarts: before.restarts + 1 });
    expect(crashed.text).toContain(after.lastEnd === "OOMKilled" ? "it used more memory than it may" : "it was killed");
    expect(await pods.read(pod, "notes.md")).toBe("Out of memory");
    tab.type("echo again-'there'\r");
    await tab.shows(/^again-there$/);
  }, 180_000);

  test("in which a job runs asks not to be moved, and does no more when it is idle", async () => {
    const { tab, pod } = await withNote("Busy");
    const { pods } = ground();
    const marks = { "karpenter.sh/do-not-disrupt": "true", "cluster-autoscaler.kubernetes.io/safe-to-evict": "false" };
    const marksOf = (pod: PodSeen | null): object =>
      Object.fromEntries([...(pod?.annotations ?? [])].filter(([name]) => name in marks));
    expect(marksOf(await podOf(pod))).toEqual({});
    const begunMs = performance.now();
    tab.type("sleep 600\r");
    const marked = (seen: PodSeen | null): boolean => Object.keys(marksOf(seen)).length > 0;
    const busy = await pods.until(pod, "marked as busy", marked, savedWithin);
    figures.note("a job: until the pod asks not to be moved", performance.now() - begunMs);
    expect(marksOf(busy)).toEqual(marks);
    const endedMs = performance.now();
    tab.type("\u0003");
    await pods.until(pod, "idle", (seen) => !marked(seen), savedWithin);
    figures.note("a job's end: until the pod does not any more", performance.now() - endedMs);
  }, 180_000);
});

describe("a node that is drained", () => {
  test("while a job holds a lock: interrupted once, lock released, work saved, and all back on the other node", async () => {
    const { own, pods } = ground();
    await cordon(own, second, true);
    const applying = await apply(ground());
    await cordon(own, second, false);
    const { person, tab, pod } = applying;
    const before = await podOf(pod);
    expect(before.node).toBe(first);

    const drainedMs = performance.now();
    const flags = ["--force", "--delete-emptydir-data", "--ignore-daemonsets", "--timeout=120s"];
    const drained = own.kubectl.run(["drain", first, `--pod-selector=limpet.dev/user`, ...flags]);
    try {
      const interruptedMs = await tab.shows(/^Interrupt received/);
      figures.note("drain: until the job is interrupted", interruptedMs - drainedMs);
      const told = await tab.told("why it ends", ({ phase }) => phase === "stopping", undefined, drainedMs);
      expect(told).toMatchObject({ reason: "EvictionByEvictionAPI" });
      expect(told.detail).toMatch(/^The shell's node is being emptied\./);
      await drained;
      figures.note(
        `drain: until the node is empty (a job that needs ${cleanUpSeconds} s)`,
        performance.now() - drainedMs,
      );
      await expectCleanEnd(applying, interruptedMs);
      const notice = await tab.hears("SHELL_RECREATED", /^The shell's node is being emptied\./, readyWithin);
      expect(notice.text).toMatch(
        /It is being started again\. Your work comes back as it was saved \d+ seconds? before/,
      );
      const after = await pods.until(pod, "another one", isOther(before.uid), readyWithin);
      await person.ready(readyWithin);
      figures.note(
        "drain: until there is a shell on the other node, with all of the work",
        performance.now() - drainedMs,
      );
      expect((await podOf(pod)).node).toBe(second);
      expect(after?.uid).not.toBe(before.uid);
      await expectRestored(ground(), applying);
      expect(await stateOf(ground(), applying)).toMatch(wholeState);
    } finally {
      await drained.catch(() => undefined);
      await cordon(own, first, false);
    }
  }, 240_000);
});
