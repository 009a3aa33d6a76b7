import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { clearFaults, fault, podsOf } from "./cluster.ts";
import { eventually } from "./eventually.ts";
import { Person } from "./person.ts";

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

describe("a create that the cluster answers with", () => {
  it.each([
    [403, "CLUSTER_REFUSED", "Forbidden"],
    [404, "CLUSTER_REFUSED", "NotFound"],
  ])("%i is a failure with its reason, and the next create succeeds", async (status, code, reason) => {
    await fault({ type: "answer", method: "POST", status, times: 1 });
    const answer = await person.object.createShell(person.id);
    expect(answer).toMatchObject({ ok: false, code });
    expect(await person.record()).toMatchObject({ phase: "failed", reason, desired: "present", podUid: null });
    expect(await podsOf(person.id)).toEqual([]);
    expect(await person.eventTypes()).toEqual(["SHELL_CREATED", "SHELL_FAILED"]);
    await person.object.createShell(person.id);
    await phase("ready");
  });

  it.each([401, 409, 429, 500, 503])("%i is tried again by itself", async (status) => {
    await fault({ type: "answer", method: "POST", status, times: 2 });
    expect(await person.object.createShell(person.id)).toMatchObject({ ok: true });
    expect(await phase("ready")).toMatchObject({ reason: null, detail: null });
    expect(await podsOf(person.id)).toHaveLength(1);
  });

  it("half an answer finds the pod that was made nevertheless", async () => {
    await fault({ type: "cut-body", method: "POST", times: 1 });
    await person.object.createShell(person.id);
    const ready = await phase("ready");
    expect(await podsOf(person.id)).toMatchObject([{ uid: ready?.podUid }]);
  });

  it("nothing at all answers the person within two seconds, with a shell on its way", async () => {
    await fault({ type: "hang", method: "POST", times: 1 });
    const begun = Date.now();
    expect(await person.object.createShell(person.id)).toMatchObject({ ok: true, shell: { phase: "creating" } });
    expect(Date.now() - begun).toBeLessThan(2_000);
    expect(await person.object.deleteShell(person.id)).toMatchObject({ ok: true, shell: { phase: "stopping" } });
  });
});

describe("a look at a ready pod that the cluster answers with", () => {
  it.each([
    [403, "Forbidden"],
    [429, "TooManyRequests"],
    [500, "InternalError"],
    [503, "ServiceUnavailable"],
  ])("%i changes nothing but the reason, and that only until the next look", async (status, reason) => {
    await person.object.createShell(person.id);
    const before = await phase("ready");
    await fault({ type: "answer", method: "GET", path: person.podName, status, times: 1 });
    expect(await person.object.rebootShell(person.id)).toMatchObject({ ok: true, shell: { phase: "ready", reason } });
    expect(await person.record()).toMatchObject({ phase: "ready", podUid: before?.podUid, desired: "present" });
    await person.object.rebootShell(person.id);
    await eventually(
      () => person.record(),
      (record) => record?.reason === null,
    );
    expect(await person.record()).toEqual(before);
    expect(await person.eventTypes()).toEqual(["SHELL_CREATED", "SHELL_READY"]);
  });

  it("half a pod is no pod, and none is lost by it", async () => {
    await person.object.createShell(person.id);
    const before = await phase("ready");
    await fault({ type: "cut-body", method: "GET", path: person.podName, times: 1 });
    expect(await person.object.rebootShell(person.id)).toMatchObject({
      shell: { phase: "ready", reason: "CLUSTER_UNAVAILABLE" },
    });
    await eventually(
      () => person.record(),
      (record) => record?.reason === null,
    );
    expect(await person.record()).toEqual(before);
  });
});

describe("a delete that the cluster answers with", () => {
  it.each([401, 409, 429, 500, 503])("%i is carried out in the end", async (status) => {
    await person.object.createShell(person.id);
    await phase("ready");
    await fault({ type: "answer", method: "DELETE", path: person.podName, status, times: 1 });
    expect(await person.object.deleteShell(person.id)).toMatchObject({ ok: true });
    await eventually(
      () => person.record(),
      (record) => record === null,
    );
    expect(await podsOf(person.id)).toEqual([]);
  });

  it("403 is a failure; the record stays as long as the pod does", async () => {
    await person.object.createShell(person.id);
    await phase("ready");
    await fault({ type: "answer", method: "DELETE", path: person.podName, status: 403, times: 1 });
    expect(await person.object.deleteShell(person.id)).toMatchObject({ ok: false, code: "CLUSTER_REFUSED" });
    expect(await person.record()).toMatchObject({ phase: "failed", desired: "deleted", reason: "Forbidden" });
    expect(await podsOf(person.id)).toHaveLength(1);
    await person.object.deleteShell(person.id);
    await eventually(
      () => person.record(),
      (record) => record === null,
    );
    expect(await podsOf(person.id)).toEqual([]);
  });
});
