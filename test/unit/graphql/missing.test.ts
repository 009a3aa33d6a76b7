// Owns the proof of what a shell says is missing, and that nothing is that was never asked for.
// Must not know the API.

import { describe, expect, it } from "vitest";
import { findMissing } from "../../../worker/shells/missing.ts";
import type { SetupCheck } from "../../../worker/shells/shell-setup.ts";

const whole = { gitUrl: null, gitSignIn: null, provider: null, setup: [], setupPending: false } as const;

function check(step: SetupCheck["step"], state: SetupCheck["state"], code: string | null = null): SetupCheck {
  return { step, state, code, text: `${step} is ${state}.`, at: 0 };
}

describe("nothing is missing", () => {
  it.each([
    ["of a shell that was given nothing", whole],
    ["where all went well", { ...whole, setup: [check("identity", "done"), check("clone", "done")] }],
    ["where a step had nothing to do", { ...whole, setup: [check("aws", "skipped")] }],
    ["of a public repository over https", { ...whole, gitUrl: "https://forge.example/x" }],
    [
      "of a repository that a deploy key opened",
      {
        ...whole,
        gitUrl: "git@forge.example:x",
        gitSignIn: "deploy-key" as const,
        setup: [check("clone", "done")],
      },
    ],
    [
      "as long as what failed is being done again",
      { ...whole, setup: [check("git", "failed", "GIT_TOKEN_REFUSED")], setupPending: true },
    ],
  ])("%s", (_what, shell) => {
    expect(findMissing(shell, [])).toEqual([]);
  });

  it("of a cloud whose credentials are there, or are not for this reader to know of", () => {
    const shell = { ...whole, provider: "aws" } as const;
    expect(findMissing(shell, [{ kind: "aws" }])).toEqual([]);
    expect(findMissing(shell, null)).toEqual([]);
  });
});

describe("missing is", () => {
  it("what failed or is in conflict, by its own code and words", () => {
    const setup = [
      check("identity", "done"),
      check("clone", "failed", "GIT_TOKEN_REFUSED"),
      check("work", "conflict", "WORK_CONFLICT"),
      check("aws", "failed"),
    ];
    expect(findMissing({ ...whole, gitUrl: "https://forge.example/x", gitSignIn: "token", setup }, [])).toEqual([
      { code: "GIT_TOKEN_REFUSED", step: "clone", text: "clone is failed." },
      { code: "WORK_CONFLICT", step: "work", text: "work is conflict." },
      { code: "SETUP_FAILED", step: "aws", text: "aws is failed." },
    ]);
  });

  it("a deploy key's place at the forge, until the forge was asked", () => {
    const shell = { ...whole, gitUrl: "git@forge.example:x", gitSignIn: "deploy-key" } as const;
    expect(findMissing(shell, []).map(({ code }) => code)).toEqual(["DEPLOY_KEY_NOT_ADDED"]);
    const refused = { ...shell, setup: [check("git", "failed", "GIT_KEY_REFUSED"), check("clone", "skipped")] };
    expect(findMissing(refused, []).map(({ code }) => code)).toEqual(["GIT_KEY_REFUSED"]);
  });

  it.each(["git@forge.example:x", "ssh://git@forge.example/x"])("a key for %s", (gitUrl) => {
    expect(findMissing({ ...whole, gitUrl }, []).map(({ code }) => code)).toEqual(["GIT_SIGN_IN"]);
  });

  it("the credentials of the cloud that was chosen", () => {
    expect(findMissing({ ...whole, provider: "google" }, [{ kind: "aws" }])).toEqual([
      { code: "CLOUD_CREDENTIALS", step: "google", text: expect.stringContaining("Google Cloud") },
    ]);
  });
});
