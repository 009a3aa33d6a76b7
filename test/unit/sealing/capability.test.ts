// Owns the proof that nobody makes a capability or a ticket but who has a seal key, and that each says one thing only.
// Must not know records or routes.

import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { makeEventId, makeShellId } from "../../../worker/db/ids.ts";
import {
  type Capability,
  isTicketFor,
  makeCapability,
  makeTicket,
  ticketLifeMs,
  verifyCapability,
} from "../../../worker/pod-api/capability.ts";
import type { SealKey } from "../../../worker/sealing/seal-keys.ts";

const makeKey = (kid: string): SealKey => ({ kty: "oct", kid, k: randomBytes(32).toString("base64url") });
const [old, present, foreign] = [makeKey("old"), makeKey("present"), makeKey("foreign")];
const capability: Capability = {
  shellId: makeShellId(),
  podUid: "7d0c9a0e-3f0e-4b0e-9a52-d3b5f1f0a111",
  generation: 3,
};
const nowMs = 1_795_000_000_000;

/** Every text that differs in one place: another character, one less, one more. */
function* neighbours(text: string): Generator<string> {
  for (let at = 0; at < text.length; at += 1) {
    const other = text[at] === "0" ? "1" : "0";
    yield text.slice(0, at) + other + text.slice(at + 1);
    yield text.slice(0, at) + text.slice(at + 1);
    yield `${text.slice(0, at)}0${text.slice(at)}`;
  }
  yield `${text} `;
  yield `${text}\n`;
  yield ` ${text}`;
}

describe("a capability", () => {
  it("says what it was made of, under each of the keys", async () => {
    const text = await makeCapability([old], capability);
    expect(text).toMatch(/^lc1\.[0-9a-z]{20}\.[0-9a-f-]{36}\.3\.[\w-]{43}$/);
    expect(await verifyCapability([old], text)).toEqual(capability);
    expect(await verifyCapability([present, old], text)).toEqual(capability);
    expect(await verifyCapability([present, foreign], text)).toBeNull();
  });

  it("is none any more where anything of it is changed", async () => {
    const text = await makeCapability([present], capability);
    for (const changed of neighbours(text))
      expect([changed, await verifyCapability([present], changed)]).toEqual([changed, null]);
  });

  it.each([
    "",
    "lc1",
    "lc1....",
    "lc1.a.b.0.",
    `lc1.${"a".repeat(20)}.b.0.${"A".repeat(43)}`,
    `lc1.${"a".repeat(20)}.b.00.${"A".repeat(43)}`,
    "x".repeat(100_000),
  ])("is not %.40j", async (text) => {
    expect(await verifyCapability([present], text)).toBeNull();
  });

  it("is not made of what would read as something else", async () => {
    for (const podUid of ["a.b", "", "a b", "é"]) {
      await expect(makeCapability([present], { ...capability, podUid })).rejects.toThrow();
    }
    for (const generation of [-1, 1.5, Number.NaN, 1e21]) {
      await expect(makeCapability([present], { ...capability, generation })).rejects.toThrow();
    }
  });
});

describe("a ticket", () => {
  const id = makeEventId(nowMs);

  it("opens its snapshot for a quarter of an hour", async () => {
    const text = await makeTicket([old], id, nowMs);
    expect(await isTicketFor([present, old], id, text, nowMs)).toBe(true);
    expect(await isTicketFor([present, old], id, text, nowMs + ticketLifeMs - 1_000)).toBe(true);
    expect(await isTicketFor([present, old], id, text, nowMs + ticketLifeMs)).toBe(false);
    expect(await isTicketFor([present], id, text, nowMs)).toBe(false);
  });

  it("opens no other, and nothing once it is changed", async () => {
    const text = await makeTicket([present], id, nowMs);
    expect(await isTicketFor([present], makeEventId(nowMs), text, nowMs)).toBe(false);
    for (const changed of neighbours(text))
      expect([changed, await isTicketFor([present], id, changed, nowMs)]).toEqual([changed, false]);
  });

  it("is no capability, and a capability no ticket, though one key made both", async () => {
    const ticket = await makeTicket([present], id, nowMs);
    expect(await verifyCapability([present], ticket)).toBeNull();
    expect(await verifyCapability([present], ticket.replace("lt1.", "lc1."))).toBeNull();
    expect(await isTicketFor([present], id, await makeCapability([present], capability), nowMs)).toBe(false);
  });
});
