// Owns the proof that a home comes back as it was given, to its own pod and its owner, and that nothing else is kept.
// Must not know how bytes are sealed.

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { findSnapshot, newestSnapshot } from "../../../worker/db/snapshots.ts";
import { makeTicket } from "../../../worker/pod-api/capability.ts";
import { pieceBytes } from "../../../worker/snapshots/pieces.ts";
import { errorCodeOf } from "../answers.ts";
import { ada, signedIn } from "../people.ts";
import { db, PodCaller, sealKeys, sha256, someBytes } from "./pod-caller.ts";

async function fetchWithTicket(pod: PodCaller, id: string, ticket?: string): Promise<Response> {
  const bearer = ticket ?? (await makeTicket(sealKeys, id, Date.now()));
  return pod.call("GET", `/api/pod/snapshot/${id}`, { bearer });
}

describe("a snapshot that a pod uploads", () => {
  it.each([1, 1_000, pieceBytes - 1, pieceBytes, pieceBytes + 1, 3 * pieceBytes, 3 * pieceBytes + 5])(
    "of %i bytes comes back as it was",
    async (length) => {
      const pod = await PodCaller.runs();
      const bytes = someBytes(length);
      const id = await pod.saves(bytes);
      const row = await newestSnapshot(db, pod.shellId);
      expect(row).toMatchObject({ id, userId: pod.userId, bytes: length, sha256: await sha256(bytes) });
      const response = await fetchWithTicket(pod, id);
      expect(response.status).toBe(200);
      expect(response.headers.get("content-type")).toBe("application/gzip");
      expect(response.headers.get("cache-control")).toBe("no-store");
      const back = new Uint8Array(await response.arrayBuffer());
      expect(back.length).toBe(length);
      expect(await sha256(back)).toBe(await sha256(bytes));
    },
  );

  it("lies in the bucket as nobody can read it", async () => {
    const pod = await PodCaller.runs();
    const bytes = new TextEncoder().encode("a secret that would be found ".repeat(100));
    const id = await pod.saves(new Uint8Array(bytes));
    const object = await env.SNAPSHOTS.get(`${pod.shellId}/${id}`);
    const text = new TextDecoder("latin1").decode(await object?.arrayBuffer());
    expect(text.length).toBe(bytes.length + 16);
    expect(text).not.toContain("secret");
    expect(object?.customMetadata).toEqual({});
  });

  it("is one of three at most: the oldest go, object and row", async () => {
    const pod = await PodCaller.runs();
    const ids: string[] = [];
    for (let at = 0; at < 5; at += 1) ids.push(await pod.saves(someBytes(10, at)));
    expect(await pod.objects()).toEqual(ids.slice(2));
    expect(await findSnapshot(db, ids[1] ?? "")).toBeNull();
    expect((await newestSnapshot(db, pod.shellId))?.id).toBe(ids[4]);
  });

  it("leaves another shell's alone", async () => {
    const [pod, other] = [await PodCaller.runs(), await PodCaller.runs()];
    const theirs = await other.saves(someBytes(10));
    for (let at = 0; at < 4; at += 1) await pod.saves(someBytes(10, at));
    expect(await other.objects()).toEqual([theirs]);
  });
});

describe("an upload that is not what it says", () => {
  const bytes = someBytes(2 * pieceBytes + 100);
  const [short, long] = [bytes.length - 1, bytes.length + 1];

  it.each([
    ["is longer than its length", { "content-length": String(short) }, "BAD_REQUEST", 400],
    ["is cut short", { "content-length": String(long) }, "BAD_REQUEST", 400],
    ["is cut short at a piece's end", { "content-length": String(3 * pieceBytes) }, "BAD_REQUEST", 400],
    ["goes on where its length is a piece's end", { "content-length": String(2 * pieceBytes) }, "BAD_REQUEST", 400],
    ["has another hash", { "x-limpet-sha256": "0".repeat(64) }, "BAD_REQUEST", 400],
    ["has no hash", { "x-limpet-sha256": null }, "BAD_REQUEST", 400],
    ["has a hash that is none", { "x-limpet-sha256": "A".repeat(64) }, "BAD_REQUEST", 400],
    ["has no length", { "content-length": null }, "BAD_REQUEST", 400],
    ["has a length that is none", { "content-length": "1e3" }, "BAD_REQUEST", 400],
    ["has a length below zero", { "content-length": "-5" }, "BAD_REQUEST", 400],
    ["is empty by its length", { "content-length": "0" }, "BAD_REQUEST", 400],
    ["is said to be too large", { "content-length": String(51 * pieceBytes) }, "TOO_LARGE", 413],
    ["is said to be huge", { "content-length": "999999999999999" }, "TOO_LARGE", 413],
    ["is said to be beyond all numbers", { "content-length": "9".repeat(400) }, "BAD_REQUEST", 400],
  ])("%s: nothing is kept", async (_what, headers, code, status) => {
    const pod = await PodCaller.runs();
    const response = await pod.upload(bytes, headers);
    expect(response.status).toBe(status);
    expect(await errorCodeOf(response)).toBe(code);
    expect(await pod.objects()).toEqual([]);
    expect(await newestSnapshot(db, pod.shellId)).toBeNull();
  });

  it("is above this installation's own limit: 413, before a byte is read", async () => {
    const pod = await PodCaller.runs({ SAVE_HOME_MIB: "1" });
    expect((await pod.upload(someBytes(pieceBytes))).status).toBe(201);
    expect((await pod.upload(someBytes(pieceBytes + 1))).status).toBe(413);
  });

  it("breaks off: nothing is kept, and the next one is taken", async () => {
    const pod = await PodCaller.runs();
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(bytes.subarray(0, pieceBytes + 5)),
      pull: (controller) => controller.error(new Error("the pod is gone")),
    });
    const headers = { "content-length": String(bytes.length), "x-limpet-sha256": await sha256(bytes) };
    const response = await pod.call("PUT", "/api/pod/snapshot", { headers, body });
    expect([response.status, await errorCodeOf(response)]).toEqual([400, "BAD_REQUEST"]);
    expect(await pod.objects()).toEqual([]);
    const id = await pod.saves(bytes);
    expect(await pod.objects()).toEqual([id]);
  });
});

describe("a pod that stops being the shell's while it uploads", () => {
  const cases = [
    ["replaced", { podUid: "another" }],
    ["revoked", { capabilityGeneration: 3 }],
    ["deleted", { desired: "deleted" }],
  ] as const;

  it.each(cases)("(%s) leaves nothing", async (_what, change) => {
    const pod = await PodCaller.runs();
    const bytes = someBytes(pieceBytes + 10);
    let begun = false;
    const body = new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          // The capability was found good by now: nobody reads a stranger's body.
          if (begun) {
            await pod.changeRecord(change);
            controller.enqueue(bytes.subarray(pieceBytes));
            controller.close();
          } else controller.enqueue(bytes.subarray(0, pieceBytes));
          begun = true;
        },
      },
      { highWaterMark: 0 },
    );
    const headers = { "content-length": String(bytes.length), "x-limpet-sha256": await sha256(bytes) };
    const response = await pod.call("PUT", "/api/pod/snapshot", { headers, body });
    expect([response.status, await errorCodeOf(response)]).toEqual([401, "INVALID_CAPABILITY"]);
    expect(begun).toBe(true);
    expect(await pod.objects()).toEqual([]);
    expect(await newestSnapshot(db, pod.shellId)).toBeNull();
  });
});

describe("a ticket", () => {
  it("opens its own snapshot, and no capability does", async () => {
    const [pod, other] = [await PodCaller.runs(), await PodCaller.runs()];
    const [id, theirs] = [await pod.saves(someBytes(10)), await other.saves(someBytes(20))];
    const mine = await makeTicket(sealKeys, id, Date.now());
    const over = await makeTicket(sealKeys, id, Date.now() - 16 * 60_000);
    const attempts: readonly (readonly [string, string])[] = [
      [theirs, mine],
      [id, over],
      [id, await pod.capability],
      [id, ""],
      [id, `${mine.slice(0, -1)}x`],
      ["..%2f..", mine],
    ];
    for (const [asked, ticket] of attempts) {
      const response = await fetchWithTicket(pod, asked, ticket);
      expect([asked, ticket, response.status, await errorCodeOf(response)]).toEqual([
        asked,
        ticket,
        401,
        "INVALID_CAPABILITY",
      ]);
    }
    expect((await fetchWithTicket(pod, id, mine)).status).toBe(200);
  });

  it("of a snapshot that has gone says so", async () => {
    const pod = await PodCaller.runs();
    const first = await pod.saves(someBytes(10));
    for (let at = 0; at < 3; at += 1) await pod.saves(someBytes(10, at));
    const response = await fetchWithTicket(pod, first);
    expect([response.status, await errorCodeOf(response)]).toEqual([404, "SNAPSHOT_NOT_FOUND"]);
  });
});

describe("the owner", () => {
  const download = (id: string) => `/api/shell/snapshots/${id}`;

  it("gets it as a file; nobody else gets it", async () => {
    const browser = await signedIn();
    const stranger = await signedIn({ ...ada, sub: "another", email: "eve@example.org" });
    const { id: userId } = await browser
      .fetch("/graphql", {
        method: "POST",
        headers: { origin: browser.origin, "content-type": "application/json" },
        body: JSON.stringify({ query: "{ viewer { id } }" }),
      })
      .then(async (response) => (await response.json<{ data: { viewer: { id: string } } }>()).data.viewer);
    const pod = await PodCaller.runs({}, userId);
    const bytes = someBytes(pieceBytes + 77);
    const id = await pod.saves(bytes);

    const response = await browser.fetch(download(id));
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("application/gzip");
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    expect(response.headers.get("content-disposition")).toMatch(
      /^attachment; filename="limpet-home-\d{4}-\d\d-\d\d-\d{4}\.tar\.gz"$/,
    );
    expect(await sha256(new Uint8Array(await response.arrayBuffer()))).toBe(await sha256(bytes));

    const refused = await stranger.fetch(download(id));
    const unknown = await stranger.fetch(download("0".repeat(26)));
    expect([refused.status, await refused.text()]).toEqual([404, await unknown.text()]);
    const anonymous = await pod.call("GET", download(id));
    expect([anonymous.status, await errorCodeOf(anonymous)]).toEqual([401, "UNAUTHENTICATED"]);
  });
});
