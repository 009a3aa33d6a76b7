// Owns the proof that a person starts, sees and ends their shell through the API, and never anybody else's.
// Must not know how the cluster is asked.

import { describe, expect, it } from "vitest";
import { errorCodeOf } from "../answers.ts";
import type { Browser } from "../browser.ts";
import { eventually } from "../object/eventually.ts";
import { ada, signedIn } from "../people.ts";

interface Shell {
  readonly id: string;
  readonly podName: string;
  readonly phase: string;
  readonly alive: boolean;
  readonly status: { readonly ready: boolean };
  readonly expiresAt: string;
  readonly createdAt: string;
}

const fields =
  "{ id podName phase reason detail alive status { initialized podScheduled containersReady ready } expiresAt createdAt }";

async function read(browser: Browser): Promise<Shell | null> {
  const answer = await browser.post("/graphql", { query: `{ shell ${fields} }` });
  return (await answer.json<{ data: { shell: Shell | null } }>()).data.shell;
}

async function change(browser: Browser, name: string): Promise<Shell> {
  const answer = await browser.post("/graphql", { query: `mutation { ${name} ${fields} }` });
  const { data } = await answer.json<{ data: Record<string, Shell> }>();
  const shell = data[name];
  if (shell === undefined) throw new Error(`${name} gave no shell`);
  return shell;
}

/** Asked slowly: a session may ask 100 times in ten seconds. */
function become(browser: Browser, phase: string | null): Promise<Shell | null> {
  return eventually(
    () => read(browser),
    (shell) => (shell?.phase ?? null) === phase,
    200,
  );
}

async function socketOf(browser: Browser, headers: Readonly<Record<string, string>> = {}): Promise<WebSocket> {
  const upgrade = { upgrade: "websocket", origin: browser.origin, "sec-websocket-protocol": "limpet.v1" };
  const { webSocket } = await browser.fetch("/api/shell/socket", { headers: { ...upgrade, ...headers } });
  if (webSocket === null) throw new Error("no socket");
  return webSocket;
}

/** Accepts the socket, too. */
function closeCode(socket: WebSocket): Promise<number> {
  const closed = new Promise<number>((resolve) => socket.addEventListener("close", ({ code }) => resolve(code)));
  socket.accept();
  return closed;
}

describe("a shell", () => {
  it("is started, seen, and ended", async () => {
    const browser = await signedIn({ ...ada, sub: "whole-life" });
    expect(await read(browser)).toBeNull();
    const created = await change(browser, "createShell");
    expect(created.podName).toMatch(/^limpet-[0-9a-z]{20}$/);
    expect(Date.parse(created.expiresAt)).toBeGreaterThan(Date.now() + 5 * 3_600_000);
    expect(created.createdAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

    const ready = await eventually(
      () => read(browser),
      (shell) => shell?.phase === "READY",
    );
    expect(ready).toMatchObject({ id: created.id, alive: true, status: { ready: true } });
    expect(await change(browser, "createShell")).toMatchObject({ id: created.id, phase: "READY" });
    expect(await change(browser, "rebootShell")).toMatchObject({ id: created.id });

    await change(browser, "deleteShell");
    await eventually(
      () => read(browser),
      (shell) => shell === null || shell.phase === "ABSENT",
    );
    const events = await browser.post("/graphql", { query: "{ events { edges { node { type } } } }" });
    const text = await events.text();
    for (const type of ["SHELL_DELETED", "SHELL_READY", "SHELL_CREATED", "SIGNED_IN"]) expect(text).toContain(type);
  });

  it("is stopped, not extended then, and started again as the same shell", { timeout: 90_000 }, async () => {
    const browser = await signedIn({ ...ada, sub: "stops" });
    const created = await change(browser, "createShell");
    await become(browser, "READY");
    const extended = await change(browser, "extendShell");
    expect(Date.parse(extended.expiresAt)).toBeGreaterThanOrEqual(Date.parse(created.expiresAt));
    for (const _twice of [1, 2]) expect(await change(browser, "stopShell")).toMatchObject({ id: created.id });
    expect(await errorCodeOf(await browser.post("/graphql", { query: "mutation { extendShell { id } }" }))).toBe(
      "NOT_RUNNING",
    );
    await become(browser, "ABSENT");
    expect(await change(browser, "stopShell")).toMatchObject({ id: created.id, phase: "ABSENT" });
    expect(await change(browser, "createShell")).toMatchObject({ id: created.id });
    await become(browser, "READY");
    expect(await change(browser, "restartShell")).toMatchObject({ id: created.id, phase: "STOPPING" });
    await become(browser, "READY");
    for (const _twice of [1, 2]) expect(await change(browser, "deleteShell")).toMatchObject({ id: created.id });
    await become(browser, null);
  });

  it("is nobody else's", async () => {
    const [one, two] = [await signedIn({ ...ada, sub: "owner" }), await signedIn({ ...ada, sub: "stranger" })];
    await change(one, "createShell");
    expect(await read(two)).toBeNull();
    for (const name of ["rebootShell", "deleteShell"]) {
      const answer = await two.post("/graphql", { query: `mutation { ${name} { id } }` });
      expect(answer.status).toBe(200);
      expect(await errorCodeOf(answer)).toBe("SHELL_NOT_FOUND");
    }
    const { data } = await (await one.post("/graphql", { query: "{ viewer { id } }" })).json<{
      data: { viewer: { id: string } };
    }>();
    // The headers by which the Worker tells the object who comes are not taken from a browser.
    const closed = closeCode(await socketOf(two, { "x-limpet-user": data.viewer.id, "x-limpet-role": "drive" }));
    expect(await closed).toBe(4404);
    expect(await read(one)).not.toBeNull();
    await change(one, "deleteShell");
  });

  it("has its socket ended when its person signs out", async () => {
    const browser = await signedIn({ ...ada, sub: "signs-out" });
    await change(browser, "createShell");
    const socket = await socketOf(browser);
    const closed = closeCode(socket);
    socket.send(JSON.stringify({ type: "hello", viewer: "a".repeat(32), cols: 80, rows: 24, panes: [] }));
    await browser.post("/auth/sign-out");
    expect(await closed).toBe(4401);
    const again = await signedIn({ ...ada, sub: "signs-out" });
    await change(again, "deleteShell");
  });
});
