import { abortAllDurableObjects, runDurableObjectAlarm } from "cloudflare:test";
import { eq } from "drizzle-orm";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { shells } from "../../../worker/db/schema.ts";
import { podManifest } from "../../../worker/kubernetes/pod-manifest.ts";
import { clearFaults, fault, podSettings, pods, podsOf } from "./cluster.ts";
import { eventually } from "./eventually.ts";
import { db, Person } from "./person.ts";

let person: Person;

beforeEach(async () => {
  person = await Person.arrives();
});

afterEach(async () => {
  await clearFaults();
  await person.leaves();
});

function phase(wanted: string) {
  return eventually(
    () => person.record(),
    (record) => record?.phase === wanted,
  );
}

describe("a person's shell", () => {
  it("is created, becomes ready, is deleted, and leaves nothing", async () => {
    const created = await person.object.createShell(person.id);
    expect(created).toMatchObject({ ok: true, shell: { podName: person.podName } });
    const ready = await phase("ready");
    expect(ready?.conditions).toEqual({ initialized: true, podScheduled: true, containersReady: true, ready: true });
    const [pod] = await podsOf(person.id);
    expect(pod).toMatchObject({
      uid: ready?.podUid,
      labels: { "limpet.dev/expires-at": String(Math.floor((ready?.expiresAt ?? 0) / 1000)) },
    });

    const deleted = await person.object.deleteShell(person.id);
    expect(deleted).toMatchObject({ ok: true, shell: { phase: "stopping" } });
    await eventually(
      () => person.record(),
      (record) => record === null,
    );
    expect(await podsOf(person.id)).toEqual([]);
    expect(await person.eventTypes()).toEqual(["SHELL_CREATED", "SHELL_READY", "SHELL_DELETED"]);
  });

  it("is one, however often and however fast it is asked for", async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => person.object.createShell(person.id)));
    const ids = new Set(answers.map((answer) => (answer.ok ? answer.shell.id : answer.code)));
    expect(ids.size).toBe(1);
    await phase("ready");
    await person.object.createShell(person.id);
    expect(await podsOf(person.id)).toHaveLength(1);
    expect(await person.eventTypes()).toEqual(["SHELL_CREATED", "SHELL_READY"]);
  });

  it("that there is not can be neither rebooted nor deleted", async () => {
    expect(await person.object.rebootShell(person.id)).toMatchObject({ ok: false, code: "SHELL_NOT_FOUND" });
    expect(await person.object.deleteShell(person.id)).toMatchObject({ ok: false, code: "SHELL_NOT_FOUND" });
    expect(await person.record()).toBeNull();
  });

  it("stays as it is when it is rebooted while its pod is there", async () => {
    await person.object.createShell(person.id);
    const before = await phase("ready");
    await person.object.rebootShell(person.id);
    expect(await person.record()).toEqual(before);
  });

  it("gets a new pod by a reboot after its pod was lost", async () => {
    await person.object.createShell(person.id);
    const before = await phase("ready");
    await fault({ type: "lose-pod", pod: person.podName });
    expect(await podsOf(person.id)).toEqual([]);
    await person.object.rebootShell(person.id);
    const after = await eventually(
      () => person.record(),
      (record) => record?.phase === "ready" && record.podUid !== before?.podUid,
    );
    expect(after?.id).toBe(before?.id);
    expect(await podsOf(person.id)).toMatchObject([{ uid: after?.podUid }]);
  });

  it("is created anew while the one before it still ends", async () => {
    await person.object.createShell(person.id);
    const before = await phase("ready");
    await person.object.deleteShell(person.id);
    const again = await person.object.createShell(person.id);
    expect(again).toMatchObject({ ok: true, shell: { phase: "creating" } });
    const after = await eventually(
      () => person.record(),
      (record) => record?.phase === "ready",
    );
    expect(after?.podUid).not.toBe(before?.podUid);
    expect(after?.id).not.toBe(before?.id);
    expect(await podsOf(person.id)).toHaveLength(1);
  });

  it("goes on to where it is wanted after the object was lost in the middle", async () => {
    await fault({ type: "slow-start", pod: person.podName, delayMs: 1_500 });
    await person.object.createShell(person.id);
    await abortAllDurableObjects();
    expect(await runDurableObjectAlarm(person.object)).toBe(true);
    await phase("ready");
    await person.object.deleteShell(person.id);
    await abortAllDurableObjects();
    expect(await runDurableObjectAlarm(person.object)).toBe(true);
    await eventually(
      () => person.record(),
      (record) => record === null,
    );
    expect(await podsOf(person.id)).toEqual([]);
  });

  it("ends when its time is over, without anybody's doing", async () => {
    await person.object.createShell(person.id);
    await phase("ready");
    await timeIsOver(person);
    expect(await runDurableObjectAlarm(person.object)).toBe(true);
    expect(await phase("absent")).toMatchObject({ desired: "stopped", reason: "TimeOver" });
    expect(await podsOf(person.id)).toEqual([]);
    const types = await person.eventTypes();
    expect(types.filter((type) => !type.endsWith("SAVED"))).toEqual([
      "SHELL_CREATED",
      "SHELL_READY",
      "SHELL_EXPIRED",
      "SHELL_STOPPED",
    ]);
  });

  it("shows why it does not start, as it happens, and recovers", async () => {
    await fault({ type: "unschedulable", pod: person.podName, message: "0/1 nodes are available: 1 too many pods." });
    await person.object.createShell(person.id);
    const waiting = await eventually(
      () => person.record(),
      (record) => record?.reason === "Unschedulable",
    );
    expect(waiting).toMatchObject({ phase: "scheduling" });
    expect(waiting?.detail).toContain("0/1 nodes are available");
    await clearFaults();
    expect(await phase("ready")).toMatchObject({ reason: null, detail: null });
  });

  it("never takes a pod of that name that is not its own", async () => {
    const other = await Person.arrives();
    await createForeign(person.podName, other.id);
    await person.object.createShell(person.id);
    expect(await phase("failed")).toMatchObject({ reason: "NameTaken" });
    await person.object.deleteShell(person.id);
    await eventually(
      () => person.record(),
      (record) => record === null,
    );
    const [foreign] = await podsOf(other.id);
    expect(foreign).toMatchObject({ deleting: false });
    await pods.delete(person.podName, foreign?.uid ?? "", 0);
  });
});

/** The record says that the shell's time is over, and the object has yet to read it. */
async function timeIsOver(whose: Person): Promise<void> {
  await db
    .update(shells)
    .set({ expiresAt: new Date(Date.now() - 1) })
    .where(eq(shells.userId, whose.id));
  await abortAllDurableObjects();
}

/** A pod under this name that belongs to somebody else. */
async function createForeign(name: string, userId: string): Promise<void> {
  const wish = { name, userId, expiresAtMs: Date.now() + 60_000, longestLifeMs: 60_000 };
  const answer = await pods.create(podManifest(podSettings, wish));
  if (!answer.ok) throw new Error(answer.failure.message);
}
