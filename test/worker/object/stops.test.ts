import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readSecrets } from "../../../worker/db/secrets.ts";
import type { Receipt } from "../../../worker/shells/shell-setup.ts";
import { clearFaults, podsOf } from "./cluster.ts";
import { eventually } from "./eventually.ts";
import { db, Person } from "./person.ts";

let person: Person;

beforeEach(async () => {
  person = await Person.arrives();
  await person.object.createShell(person.id);
  await phase("ready");
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

async function secretNames(): Promise<string[]> {
  return (await readSecrets(db, person.id)).map(({ name }) => name).toSorted();
}

describe("a shell that is stopped", () => {
  it("keeps its id, what it was given and what was saved, and goes on with a new pod", async () => {
    const given = { url: "https://git.test/a/b.git", signIn: { type: "token", token: "not to be seen" } } as const;
    await person.object.setupShell(person.id, { git: given });
    const before = await person.record();
    expect(await person.object.stopShell(person.id)).toMatchObject({ ok: true, shell: { phase: "stopping" } });
    const stopped = await phase("absent");
    expect(stopped).toMatchObject({ id: before?.id, desired: "stopped", gitUrl: given.url, reason: null });
    expect(stopped?.detail).toMatch(/^The shell is stopped\./);
    expect(await podsOf(person.id)).toEqual([]);
    expect(await secretNames()).toEqual(["git-token", "save-key"]);
    // A second time changes nothing, and there is no end to move.
    await person.object.stopShell(person.id);
    expect(await person.record()).toEqual(stopped);
    expect(await person.object.extendShell(person.id)).toMatchObject({ ok: false, code: "NOT_RUNNING" });

    expect(await person.object.createShell(person.id)).toMatchObject({ ok: true, shell: { id: before?.id } });
    const again = await phase("ready");
    expect(again).toMatchObject({ id: before?.id, gitUrl: given.url });
    expect(again?.podUid).not.toBe(before?.podUid);
    expect(JSON.stringify(await person.record())).not.toContain("not to be seen");
  });

  it("is nobody else's to answer: a socket to it is told that there is no pod", async () => {
    await person.object.stopShell(person.id);
    await phase("absent");
    const terminal = await person.terminal();
    expect(await terminal.ends()).toMatchObject({ code: 4404 });
  });
});

describe("a shell that is restarted", () => {
  it("ends in good order and gets a new pod by itself", async () => {
    const before = await person.record();
    expect(await person.object.restartShell(person.id)).toMatchObject({ ok: true, shell: { phase: "stopping" } });
    const after = await eventually(
      () => person.record(),
      (record) => record?.phase === "ready" && record.podUid !== before?.podUid,
    );
    expect(after).toMatchObject({ id: before?.id, replacing: null });
    expect(await podsOf(person.id)).toMatchObject([{ uid: after?.podUid, deleting: false }]);
    expect(await person.eventTypes()).toContain("SHELL_RESTARTED");
  });
});

describe("a shell that is deleted", () => {
  it("takes its secrets, its snapshots and its record with it", async () => {
    const { id } = (await person.record()) ?? { id: "" };
    await env.SNAPSHOTS.put(`${id}/0000000000000000000000000a`, "sealed");
    await person.object.deleteShell(person.id);
    await eventually(
      () => person.record(),
      (record) => record === null,
    );
    expect(await secretNames()).toEqual([]);
    expect((await env.SNAPSHOTS.list({ prefix: `${id}/` })).objects).toEqual([]);
  });
});

describe("a save", () => {
  const receipt: Receipt = {
    kind: "edge",
    state: "partial",
    at: 1_800_000_000_000,
    text: "Your home was saved.",
    skipped: ["big.iso (700 MiB)"],
    snapshot: null,
  };

  it("is an event, gives the work its age, and is told to whoever looks", async () => {
    const { id } = (await person.record()) ?? { id: "" };
    const terminal = await person.terminal();
    await terminal.attached();
    await person.object.saved(person.id, id, receipt);
    expect(await person.record()).toMatchObject({ lastSavedAt: receipt.at });
    await terminal.message("changed", ({ what }) => what === "saves");
    expect(await person.eventTypes()).toContain("WORK_SAVED");
    terminal.close();
  });

  it("that failed changes no age; one of another shell is nobody's", async () => {
    const { id } = (await person.record()) ?? { id: "" };
    const before = (await person.record())?.lastSavedAt;
    await person.object.saved(person.id, id, { ...receipt, state: "failed" });
    expect(await person.eventTypes()).toContain("SAVE_FAILED");
    await person.object.saved(person.id, "another", receipt);
    expect((await person.record())?.lastSavedAt).toBe(before);
    expect((await person.eventTypes()).filter((type) => type === "WORK_SAVED")).toEqual([]);
  });
});
