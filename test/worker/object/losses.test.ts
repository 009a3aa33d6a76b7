import { abortAllDurableObjects } from "cloudflare:test";
import { eq } from "drizzle-orm";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { shells } from "../../../worker/db/schema.ts";
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

describe("a pod that is lost", () => {
  it("while somebody looks is made anew, said why, and shown", async () => {
    await person.object.createShell(person.id);
    const before = await phase("ready");
    const terminal = await person.terminal();
    await terminal.attached();
    await fault({ type: "lose-pod", pod: person.podName });
    const notice = await terminal.message("notice", ({ code }) => code === "SHELL_RECREATED");
    expect(notice.text).toMatch(
      /^The shell's pod is gone.* It is being started again\. Nothing had been saved of it\.$/,
    );
    const after = await eventually(
      () => person.record(),
      (record) => record?.phase === "ready" && record.podUid !== before?.podUid,
    );
    expect(after).toMatchObject({ id: before?.id, recreations: 1 });
    await terminal.until(
      () => terminal.messages.filter(({ type }) => type === "pane").length > 1,
      "the terminal painted anew",
    );
    expect(await podsOf(person.id)).toHaveLength(1);
    expect(await person.eventTypes()).toContain("SHELL_RECREATED");
    terminal.close();
  });

  it("while nobody looks is made anew at the next visit", async () => {
    await person.object.createShell(person.id);
    await phase("ready");
    await fault({ type: "lose-pod", pod: person.podName });
    await person.object.sweep(person.id);
    expect(await phase("failed")).toMatchObject({ reason: "PodGone", desired: "present" });
    expect(await podsOf(person.id)).toEqual([]);
    const terminal = await person.terminal();
    await phase("ready");
    await terminal.attached();
    expect(await person.eventTypes()).toContain("SHELL_RECREATED");
    terminal.close();
  });

  it("again and again is made anew three times, and then no more until somebody asks", async () => {
    await person.object.createShell(person.id);
    await phase("ready");
    await db.update(shells).set({ recreations: 3 }).where(eq(shells.userId, person.id));
    await abortAllDurableObjects();
    const terminal = await person.terminal();
    await terminal.attached();
    await fault({ type: "lose-pod", pod: person.podName });
    const failed = await phase("failed");
    expect(failed?.detail).toMatch(/4th time in a row, so it is not started again by itself/);
    expect(await podsOf(person.id)).toEqual([]);
    await person.object.rebootShell(person.id);
    expect(await phase("ready")).toMatchObject({ recreations: 0 });
    terminal.close();
  });
});

describe("a pod whose node is not heard of any more", () => {
  it("is waited for until it should have ended long ago, and then has to make room", async () => {
    await person.object.createShell(person.id);
    const before = await phase("ready");
    await fault({ type: "silent-node", pod: person.podName, agoMs: 3_600_000 });
    await person.object.restartShell(person.id);
    const after = await eventually(
      () => person.record(),
      (record) => record?.phase === "ready" && record.podUid !== before?.podUid,
    );
    expect(after).toMatchObject({ id: before?.id, replacing: null, capabilityGeneration: 1 });
    expect(await podsOf(person.id)).toMatchObject([{ uid: after?.podUid, deleting: false }]);
  });

  it("keeps its capability while it may yet save, although the shell was started again", async () => {
    await person.object.createShell(person.id);
    const before = await phase("ready");
    await fault({ type: "silent-node", pod: person.podName, agoMs: 0 });
    await person.object.stopShell(person.id);
    await eventually(
      () => podsOf(person.id),
      ([pod]) => pod?.deleting === true,
    );
    await person.object.createShell(person.id);
    const { podUid, capabilityGeneration } = before ?? {};
    const waiting = { desired: "present", phase: "stopping", replacing: podUid, podUid, capabilityGeneration };
    expect(await person.record()).toMatchObject(waiting);
    await fault({ type: "lose-pod", pod: person.podName });
    await eventually(
      () => person.record(),
      (record) => record?.phase === "ready" && record.podUid !== podUid,
    );
  });

  it("and that nobody looks at has failed, until somebody comes", async () => {
    await person.object.createShell(person.id);
    const before = await phase("ready");
    await fault({ type: "silent-node", pod: person.podName, agoMs: 3_600_000 });
    // As the cluster does for a node that is gone for minutes.
    await pods.delete(person.podName, before?.podUid ?? "", podSettings.graceSeconds);
    await person.object.sweep(person.id);
    expect(await phase("failed")).toMatchObject({ reason: "NodeLost", podUid: before?.podUid });
    await person.object.createShell(person.id);
    const after = await phase("ready");
    expect(after?.podUid).not.toBe(before?.podUid);
    expect(await podsOf(person.id)).toHaveLength(1);
  });
});

describe("a pod that has to wait", () => {
  it.each([
    ["TriggeredScaleUp", /^A machine is being added for the shell\. That usually takes one to three minutes\.$/],
    ["Nominated", /^A machine is being added/],
    ["NotTriggerScaleUp", /^No node has room for the shell, and the cluster does not add one/],
  ])("for a machine, of which an autoscaler says %s, says so", async (autoscaler, detail) => {
    await fault({ type: "unschedulable", pod: person.podName, autoscaler });
    await person.object.createShell(person.id);
    const waiting = await eventually(
      () => person.record(),
      (record) => detail.test(record?.detail ?? ""),
    );
    expect(waiting).toMatchObject({ phase: "scheduling", reason: "Unschedulable" });
    await clearFaults();
    await phase("ready");
  });

  it("because its image does not come shows the cluster's own events", async () => {
    await fault({ type: "image-pull", pod: person.podName, message: "not found: v9" });
    await person.object.createShell(person.id);
    const waiting = await eventually(
      () => person.record(),
      (record) => record?.detail?.includes("The cluster's events: Failed: Failed to pull image") === true,
    );
    expect(waiting).toMatchObject({ phase: "starting" });
  });
});

describe("a cluster whose clock is off", () => {
  it.each([-45_000, 150_000])("by %i ms is said to be, with both times", async (offsetMs) => {
    await fault({ type: "clock", offsetMs });
    await person.object.createShell(person.id);
    const failed = await eventually(
      () => person.record(),
      (record) => record?.reason === "CLUSTER_CLOCK",
    );
    expect(failed?.detail).toMatch(/there it is \d{4}-.*Z, here \d{4}-.*Z/);
    await clearFaults();
    // It comes right by itself where the tries are not over yet, and by asking where they are.
    await person.object.createShell(person.id);
    await phase("ready");
  });
});

describe("the end of a shell's time", () => {
  it("is warned of, can be moved, and not beyond the longest life", async () => {
    await person.object.createShell(person.id);
    await phase("ready");
    // Five minutes and a moment before the end; then the object begins anew with it.
    const expiresAt = new Date(Date.now() + 5 * 60_000 + 4_000);
    await db.update(shells).set({ expiresAt }).where(eq(shells.userId, person.id));
    await abortAllDurableObjects();
    const terminal = await person.terminal();
    const notice = await terminal.message("notice", ({ code }) => code === "EXPIRES_SOON");
    expect(notice.text).toBe("This shell ends in about 5 minutes unless somebody keeps it going.");
    await terminal.message("expiry", ({ at }) => at === expiresAt.getTime());

    const extended = await person.object.extendShell(person.id);
    if (!extended.ok) throw new Error(extended.message);
    expect(extended.shell.expiresAt).toBeGreaterThan(expiresAt.getTime());
    await terminal.message("expiry", ({ at }) => at === extended.shell.expiresAt);
    await db
      .update(shells)
      .set({ expiresAt: new Date(extended.shell.extendableUntil) })
      .where(eq(shells.userId, person.id));
    await abortAllDurableObjects();
    expect(await person.object.extendShell(person.id)).toMatchObject({ ok: false, code: "NOT_EXTENDABLE" });
    terminal.close();
  });

  it("moves away while a command runs", async () => {
    await person.object.createShell(person.id);
    const { id } = (await phase("ready")) ?? { id: "" };
    const expiresAt = new Date(Date.now() + 60_000);
    await db.update(shells).set({ expiresAt }).where(eq(shells.userId, person.id));
    await abortAllDurableObjects();
    await person.object.active(person.id, id, { busy: false, commands: [], ending: false });
    expect((await person.record())?.expiresAt).toBe(expiresAt.getTime());
    await person.object.active(person.id, id, { busy: true, commands: ["terraform apply"], ending: false });
    expect((await person.record())?.expiresAt).toBeGreaterThan(expiresAt.getTime() + 3_600_000);
  });
});
