// Owns the proof that what a pod reports reaches its person's record and events, cleaned, and nobody else's.
// Must not know how the object keeps it.

import { describe, expect, it } from "vitest";
import { listEvents } from "../../../worker/db/events.ts";
import { findShell } from "../../../worker/shells/records.ts";
import { db, PodCaller, someBytes } from "./pod-caller.ts";

const events = (pod: PodCaller) => listEvents(db, { userId: pod.userId, limit: 50, olderThan: null });

describe("a receipt", () => {
  it("is an event in the pod's words, without what could move a cursor, at the edge's own time", async () => {
    const [pod, other] = [await PodCaller.runs(), await PodCaller.runs()];
    const snapshot = await pod.saves(someBytes(10));
    const before = Date.now();
    const text = "3 files\u001b[2J of the home\nare saved\u202e at the edge.";
    const receipt = { kind: "edge", state: "saved", at: 5, text, skipped: [], snapshot };
    const response = await pod.post("/api/pod/receipt", receipt);
    expect([response.status, await response.text()]).toEqual([204, ""]);
    const saved = (await events(pod)).filter(({ type }) => type === "WORK_SAVED");
    expect(saved.map(({ message }) => message)).toEqual(["3 files [2J of the home are saved at the edge."]);
    expect((await findShell(db, pod.userId))?.lastSavedAt).toBeGreaterThanOrEqual(before);
    expect(await events(other)).toEqual([]);
    expect((await findShell(db, other.userId))?.lastSavedAt).toBeNull();
  });

  it("of a save that failed is told as such; one of nothing new is no event", async () => {
    const pod = await PodCaller.runs();
    const receipts = [
      { kind: "upstream", state: "failed", text: "The repository refused it." },
      { kind: "upstream", state: "unchanged", text: "Nothing changed." },
    ];
    for (const receipt of receipts) expect((await pod.post("/api/pod/receipt", receipt)).status).toBe(204);
    expect((await events(pod)).map(({ type }) => type)).toEqual(["SAVE_FAILED"]);
  });
});

describe("activity", () => {
  it("of a job that is alive moves the end away", async () => {
    const pod = await PodCaller.runs();
    await pod.changeRecord({ expiresAt: new Date(Date.now() + 60_000) });
    const before = (await findShell(db, pod.userId))?.expiresAt ?? 0;
    const response = await pod.post("/api/pod/activity", { busy: true, commands: ["terraform"], ending: false });
    expect([response.status, await response.text()]).toEqual([204, ""]);
    expect((await findShell(db, pod.userId))?.expiresAt).toBeGreaterThan(before);
  });
});
