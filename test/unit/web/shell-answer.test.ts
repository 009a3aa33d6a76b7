// Owns the tests of parsing the API's answer to what a shell is.
// Must not know requests.

import { describe, expect, test } from "vitest";
import { parseShell } from "../../../web/api/shell.ts";

const at = "2026-11-23T14:00:00.000Z";
const answer = {
  id: "s",
  podName: "limpet-s",
  phase: "SETTING_UP",
  reason: null,
  detail: "",
  alive: false,
  provider: null,
  gitUrl: "https://forge.example/a/b",
  gitBranch: null,
  gitSignIn: "TOKEN",
  gitPublicKey: null,
  workspace: null,
  saveUpstream: true,
  setup: [{ step: "GIT", state: "FAILED", code: "GIT_TOKEN_REFUSED", text: "Refused.", at }],
  setupPending: true,
  missing: [{ code: "GIT_TOKEN_REFUSED", step: "GIT", text: "Refused." }],
  secrets: [{ kind: "GIT_TOKEN", setAt: at }],
  expiresAt: at,
  extendableUntil: at,
  lastSavedAt: at,
};

describe("parseShell", () => {
  test("a whole one", () => {
    expect(parseShell(answer)).toEqual({
      ...answer,
      phase: "setting-up",
      detail: null,
      setup: [{ ...answer.setup[0], at: Date.parse(at) }],
      secrets: new Map([["GIT_TOKEN", Date.parse(at)]]),
      expiresAt: Date.parse(at),
      extendableUntil: Date.parse(at),
      lastSavedAt: Date.parse(at),
    });
  });

  test("steps, states and secrets of a newer Limpet are left out, not the shell", () => {
    const newer = {
      ...answer,
      setup: [...answer.setup, { ...answer.setup[0], step: "TIDE" }, { ...answer.setup[0], state: "EBB" }],
      secrets: [...answer.secrets, { kind: "MOON", setAt: at }, null],
      missing: "none",
    };
    expect(parseShell(newer)).toMatchObject({ setup: [{ step: "GIT" }], missing: [] });
    expect(parseShell(newer)?.secrets.size).toBe(1);
  });

  test.each([null, [], "shell", { ...answer, phase: "ASLEEP" }, { ...answer, id: 1 }])("%j is none", (value) => {
    expect(parseShell(value)).toBeNull();
  });
});
