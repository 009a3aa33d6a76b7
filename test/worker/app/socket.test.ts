// Owns the proof of who may open the terminal's socket, and of what a page is told that may not.
// Must not know limpet.v1 beyond close codes.

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { hashSecret } from "../../../worker/auth/secret.ts";
import { errorCodeOf } from "../answers.ts";
import { Browser } from "../browser.ts";
import { signedIn } from "../people.ts";

function open(browser: Browser, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  const upgrade = { upgrade: "websocket", origin: browser.origin, "sec-websocket-protocol": "limpet.v1" };
  return browser.fetch("/api/shell/socket", { headers: { ...upgrade, ...headers } });
}

function closeOf(response: Response): Promise<{ code: number; reason: string }> {
  const socket = response.webSocket;
  if (socket === null) throw new Error(`no socket: ${response.status}`);
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.addEventListener("close", ({ code, reason }) => resolve({ code, reason }));
  });
  socket.accept();
  return closed;
}

describe("[P1] the socket", () => {
  it.each(["https://evil.example", "null", "http://localhost:8788"])(
    "is refused to %s before the upgrade",
    async (origin) => {
      const response = await open(await signedIn(), { origin });
      expect(response.status).toBe(403);
      expect(await errorCodeOf(response)).toBe("FOREIGN_ORIGIN");
    },
  );

  it("says 4401 to a page without a session, in the protocol that it offered", async () => {
    const response = await open(new Browser());
    expect(response.status).toBe(101);
    expect(response.headers.get("sec-websocket-protocol")).toBe("limpet.v1");
    expect(await closeOf(response)).toEqual({ code: 4401, reason: "sign in again" });
    const other = await open(new Browser(), { "sec-websocket-protocol": "limpet.v9, x" });
    expect(other.headers.get("sec-websocket-protocol")).toBe("limpet.v9");
    expect((await closeOf(other)).code).toBe(4401);
  });

  it("is opened whatever a browser calls the handshake's site", async () => {
    const response = await open(await signedIn(), { "sec-fetch-site": "cross-site" });
    expect(response.status).toBe(101);
    await closeOf(response);
  });

  it("says 4401 once the session is revoked", async () => {
    const browser = await signedIn();
    const id = await hashSecret(browser.cookie("limpet") ?? "");
    await env.DB.prepare("update sessions set revoked_at = 1 where id = ?").bind(id).run();
    expect((await closeOf(await open(browser))).code).toBe(4401);
  });

  it("says 4404 to a person without a shell", async () => {
    expect((await closeOf(await open(await signedIn({ sub: "no-shell", groups: ["shell-users"] })))).code).toBe(4404);
  });

  it("says 4406 to a page of another version", async () => {
    const response = await open(await signedIn(), { "sec-websocket-protocol": "limpet.v9" });
    expect((await closeOf(response)).code).toBe(4406);
  });

  it("takes nobody's word for who they are", async () => {
    const forged = {
      "x-limpet-user": "someone",
      "x-limpet-session": "s",
      "x-limpet-session-expires": "9999999999999",
      "x-limpet-role": "drive",
    };
    expect((await closeOf(await open(new Browser(), forged))).code).toBe(4401);
  });
});
