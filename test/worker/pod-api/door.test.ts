// Owns the proof of who passes the door for pods, and that all who do not are told the same.
// Must not know what is behind it.

import { describe, expect, it } from "vitest";
import { recordEvent } from "../../../worker/db/events.ts";
import { makeShellId } from "../../../worker/db/ids.ts";
import { makeCapability } from "../../../worker/pod-api/capability.ts";
import { errorCodeOf } from "../answers.ts";
import { db, PodCaller, sealKeys, someBytes } from "./pod-caller.ts";

const activity = { busy: true, commands: ["terraform"], ending: false };

describe("the door for pods", () => {
  it("is shut to every capability but that of the shell's present pod, in the same words", async () => {
    const [pod, other] = [await PodCaller.runs(), await PodCaller.runs()];
    const foreignKey = { kty: "oct", kid: sealKeys[0].kid, k: "A".repeat(43) } as const;
    const capabilities = {
      nothing: "",
      garbage: "x",
      "one letter changed": (await pod.capability).replace(/.$/, (digit) => (digit === "A" ? "E" : "A")),
      "another pod's": await pod.capabilityWith({ podUid: crypto.randomUUID() }),
      "an earlier generation's": await pod.capabilityWith({ generation: 1 }),
      "a later generation's": await pod.capabilityWith({ generation: 3 }),
      "another shell's with this pod": await pod.capabilityWith({ shellId: other.shellId }),
      "a shell's that never was": await pod.capabilityWith({ shellId: makeShellId() }),
      "one made under another key": await makeCapability([foreignKey], { ...pod, generation: 2 }),
    };
    const words = new Set<string>();
    for (const [what, bearer] of Object.entries(capabilities)) {
      const uploaded = await pod.upload(someBytes(10), {}, bearer);
      const reported = await pod.post("/api/pod/activity", activity, bearer);
      const saved = await pod.post("/api/pod/receipt", { kind: "edge", state: "saved", text: "" }, bearer);
      for (const response of [uploaded, reported, saved]) {
        expect([what, response.status]).toEqual([what, 401]);
        words.add(await response.text());
      }
    }
    expect([...words]).toHaveLength(1);
    expect([...words].join()).toContain("INVALID_CAPABILITY");
    expect(await pod.objects()).toEqual([]);
    expect(await other.objects()).toEqual([]);
  });

  it("shuts once the shell is deleted, not while it is being stopped", async () => {
    const pod = await PodCaller.runs();
    await pod.changeRecord({ desired: "stopped", phase: "stopping" });
    expect((await pod.upload(someBytes(10))).status).toBe(201);
    await pod.changeRecord({ desired: "deleted" });
    expect((await pod.upload(someBytes(10))).status).toBe(401);
  });

  it.each([
    ["stopped", { desired: "stopped", phase: "absent" }, "SHELL_STOPPED"],
    ["lost", { phase: "failed", reason: "PodGone" }, "SHELL_FAILED"],
  ] as const)("shuts soon after the pod is %s, and what it reports holds no door open", async (_, gone, type) => {
    const pod = await PodCaller.runs();
    const receipt = { kind: "edge", state: "saved", text: "Saved." };
    const end = (agoMs: number) =>
      recordEvent(db, { userId: pod.userId, shellId: pod.shellId, type, message: "It ended." }, Date.now() - agoMs);
    await pod.changeRecord(gone);
    // Of another end, before.
    await end(10 * 60_000);
    const post = async () => (await pod.post("/api/pod/receipt", receipt)).status;
    expect([await post(), (await pod.upload(someBytes(10))).status]).toEqual([401, 401]);
    // The record is written anew, by a setting or whatever else.
    await pod.changeRecord({ updatedAt: new Date() });
    expect(await post()).toBe(401);
    await end(60_000);
    expect([await post(), (await pod.upload(someBytes(10))).status]).toEqual([204, 201]);
  });

  it("stays open for a shell that failed in a pod that is there", async () => {
    const pod = await PodCaller.runs();
    await pod.changeRecord({ phase: "failed", reason: "CrashLoopBackOff" });
    expect((await pod.upload(someBytes(10))).status).toBe(201);
    await pod.changeRecord({ phase: "failed", reason: null });
    expect((await pod.upload(someBytes(10))).status).toBe(201);
  });

  it("takes a capability of an older key while that is there", async () => {
    const pod = await PodCaller.runs();
    const [, old] = sealKeys;
    if (old === undefined) throw new Error("the tests' Worker has two keys");
    const bearer = await makeCapability([old], { shellId: pod.shellId, podUid: pod.podUid, generation: 2 });
    expect((await pod.upload(someBytes(10), {}, bearer)).status).toBe(201);
  });

  it("takes no cookie for a capability, and no other method", async () => {
    const pod = await PodCaller.runs();
    for (const [method, path] of [
      ["GET", "/api/pod/snapshot"],
      ["POST", "/api/pod/snapshot"],
      ["DELETE", "/api/pod/snapshot/x"],
      ["GET", "/api/pod/receipt"],
    ] as const) {
      const response = await pod.call(method, path);
      expect([method, path, response.status]).toEqual([method, path, 404]);
    }
  });

  it("bounds how often one shell may come, and counts nobody else with it", async () => {
    const [pod, other] = [await PodCaller.runs(), await PodCaller.runs()];
    let refused: Response | undefined;
    // The count may begin anew once on the way, at a full ten seconds.
    for (let asked = 0; asked <= 200 && refused === undefined; asked += 20) {
      const ask = () => pod.post("/api/pod/activity", { no: "activity" });
      const answers = await Promise.all(Array.from({ length: 20 }, ask));
      expect(answers.every(({ status }) => status === 400 || status === 429)).toBe(true);
      refused = answers.find(({ status }) => status === 429);
    }
    expect(refused?.headers.get("retry-after")).toBe("10");
    expect((await other.post("/api/pod/activity", { no: "activity" })).status).toBe(400);
  });
});

describe("an upload", () => {
  it("may come often, but not without end: a home is large", async () => {
    const [pod, other] = [await PodCaller.runs(), await PodCaller.runs()];
    const statuses: number[] = [];
    let refused: Response | undefined;
    // The count may begin anew once on the way, at a full minute.
    for (let asked = 0; asked <= 40 && refused === undefined; asked += 1) {
      const response = await pod.upload(someBytes(10));
      statuses.push(response.status);
      if (response.status === 429) refused = response;
    }
    expect(statuses.length).toBeGreaterThan(20);
    expect(refused?.headers.get("retry-after")).toBe("60");
    expect((await other.upload(someBytes(10))).status).toBe(201);
  });
});

describe("receipts", () => {
  it("can be sent often, but not without end, each shell for itself; nothing else of the pod is kept out by it", async () => {
    const [pod, other] = [await PodCaller.runs(), await PodCaller.runs()];
    const receipt = { kind: "upstream", state: "unchanged", text: "Nothing changed." };
    let refused: Response | undefined;
    let asked = 0;
    // The count may begin anew once on the way, at a full minute. By tens: a pod's requests have a limit of ten seconds too.
    for (; asked <= 60 && refused === undefined; asked += 10) {
      const sent = Array.from({ length: 10 }, () => pod.post("/api/pod/receipt", receipt));
      refused = (await Promise.all(sent)).find(({ status }) => status === 429);
    }
    expect(asked).toBeGreaterThan(30);
    expect(refused?.headers.get("retry-after")).toBe("60");
    expect((await other.post("/api/pod/receipt", receipt)).status).toBe(204);
    expect((await pod.post("/api/pod/activity", { busy: false })).status).toBe(204);
  });
});

describe("a report", () => {
  it.each([
    ["no JSON", "{", "BAD_REQUEST", 400],
    ["nothing", "", "BAD_REQUEST", 400],
    ["of another shape", "[]", "BAD_REQUEST", 400],
    ["too large", JSON.stringify({ busy: true, more: "x".repeat(70_000) }), "TOO_LARGE", 413],
  ])("that is %s is refused", async (_what, body, code, status) => {
    const pod = await PodCaller.runs();
    for (const path of ["/api/pod/activity", "/api/pod/receipt"]) {
      const response = await pod.call("POST", path, { body });
      expect([response.status, await errorCodeOf(response)]).toEqual([status, code]);
    }
  });

  it("that lies about its length is read no further than is allowed", async () => {
    const pod = await PodCaller.runs();
    let pulls = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulls += 1;
        controller.enqueue(new Uint8Array(16 * 1024).fill(0x20));
      },
    });
    const response = await pod.call("POST", "/api/pod/activity", { body, headers: { "content-length": "10" } });
    expect([response.status, await errorCodeOf(response)]).toEqual([413, "TOO_LARGE"]);
    expect(pulls).toBeLessThan(20);
  });

  it("of a save names a snapshot of this shell, or none", async () => {
    const [pod, other] = [await PodCaller.runs(), await PodCaller.runs()];
    const theirs = await other.saves(someBytes(10));
    const receipt = { kind: "edge", state: "saved", text: "Saved.", skipped: [], snapshot: theirs };
    const response = await pod.post("/api/pod/receipt", receipt);
    expect([response.status, await errorCodeOf(response)]).toEqual([400, "BAD_REQUEST"]);
  });
});
