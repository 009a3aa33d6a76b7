import { describe, expect, it } from "vitest";
import type { SealKeys } from "../../../worker/sealing/seal-keys.ts";
import { openSecret } from "../../../worker/sealing/secrets.ts";
import { changeSettings, changeSetup } from "../../../worker/shells/setup-change.ts";
import type { ShellRecord } from "../../../worker/shells/shell-record.ts";
import type { SetupChange } from "../../../worker/shells/shell-setup.ts";
import { readyShell } from "./ready-shell.ts";

const keys: SealKeys = [{ kty: "oct", kid: "one", k: Buffer.alloc(32, 7).toString("base64url") }];

function record(more: Partial<ShellRecord> = {}): ShellRecord {
  return readyShell(0, { expiresAt: 0, setUpFor: null, ...more });
}

async function changed(before: ShellRecord, change: SetupChange) {
  const result = await changeSetup(keys, before, change);
  const opened = await Promise.all(result.put.map(async (row) => [row.name, await openSecret(keys, row)] as const));
  return { ...result, opened: Object.fromEntries(opened) };
}

const aws = { accessKeyId: "AKIA", secretAccessKey: "a secret of aws" };

describe("a change of the set-up", () => {
  it("seals what is secret and says only what kind of thing it was", async () => {
    const token = { type: "token", token: "a secret of git", user: "deploy" } as const;
    const git = { url: "https://git.test/a/b.git", branch: "main", signIn: token };
    const { record: after, opened, remove, said } = await changed(record(), { git, aws });
    expect(after).toMatchObject({ gitUrl: git.url, gitBranch: "main", gitSignIn: "token", provider: "aws" });
    expect(after.setupVersion).toBe(1);
    expect(opened).toEqual({
      "git-token": JSON.stringify({ user: "deploy", token: token.token }),
      aws: JSON.stringify(aws),
    });
    expect(remove).toEqual(["git-key"]);
    expect(said).toBe("The set-up was changed: the repository, a token for the repository, credentials for AWS.");
    expect(JSON.stringify(after)).not.toContain("a secret");
  });

  it("makes a deploy key once, and another only when asked", async () => {
    const ask = { git: { signIn: { type: "deploy-key" } } } as const;
    const first = await changed(record(), ask);
    expect(first.record.gitPublicKey).toMatch(/^ssh-ed25519 /);
    expect(first.opened["git-key"]).toMatch(/^-----BEGIN OPENSSH PRIVATE KEY-----/);
    const second = await changed(first.record, ask);
    expect(second.record.gitPublicKey).toBe(first.record.gitPublicKey);
    expect([second.put, second.remove]).toEqual([[], []]);
    const renewed = await changed(first.record, { git: { signIn: { type: "deploy-key", renew: true } } });
    expect(renewed.record.gitPublicKey).not.toBe(first.record.gitPublicKey);
  });

  it("that no longer fits what another one made of the repository is refused, by its own code", async () => {
    const overSsh = record({ gitUrl: "ssh://git@git.test/a/b.git", gitSignIn: "deploy-key" });
    const overHttp = record({ gitUrl: "https://git.test/a/b.git", gitSignIn: "token" });
    const token = { git: { signIn: { type: "token", token: "a secret of git" } } } as const;
    await expect(changeSetup(keys, overSsh, token)).rejects.toMatchObject({ code: "INVALID_GIT_TOKEN" });
    const key = { git: { signIn: { type: "deploy-key" } } } as const;
    await expect(changeSetup(keys, overHttp, key)).rejects.toMatchObject({ code: "INVALID_GIT_KEY" });
    const url = { git: { url: "https://git.test/a/b.git" } };
    await expect(changeSetup(keys, overSsh, url)).rejects.toMatchObject({ code: "INVALID_GIT_KEY" });
  });

  it("takes away what is taken away, and leaves what is not named", async () => {
    const given = record({ gitUrl: "https://git.test/a/b", gitSignIn: "token", provider: "aws", workspace: "w" });
    const noSignIn = await changed(given, { git: { signIn: null } });
    expect(noSignIn.record).toMatchObject({ gitUrl: given.gitUrl, gitSignIn: null, provider: "aws" });
    expect(noSignIn.remove).toEqual(["git-key", "git-token"]);
    const nothing = await changed(given, { git: null, aws: null });
    expect(nothing.record).toMatchObject({ gitUrl: null, gitSignIn: null, provider: null, workspace: null });
    expect(nothing.remove.toSorted()).toEqual(["aws", "git-key", "git-token"]);
  });

  it("that changes nothing has it done again", async () => {
    const { record: after, said } = await changed(record({ setupVersion: 4 }), {});
    expect(after).toEqual(record({ setupVersion: 5 }));
    expect(said).toBe("The set-up is done again.");
  });

  it("refuses a key that is none, by name and without a part of it", async () => {
    const key = "-----BEGIN OPENSSH PRIVATE KEY-----\nnot a key at all\n";
    const refused = changeSetup(keys, record(), { git: { signIn: { type: "key", key } } });
    await expect(refused).rejects.toMatchObject({ code: "INVALID_GIT_KEY" });
    await expect(refused).rejects.not.toThrow(/not a key at all/);
  });
});

describe("a change of the settings", () => {
  it("is carried into the pod where it matters there", () => {
    expect(changeSettings(record(), { saveUpstream: false })).toEqual(record({ saveUpstream: false, setupVersion: 1 }));
    expect(changeSettings(record(), { workspace: "work/infra" }).setupVersion).toBe(1);
    expect(changeSettings(record({ gitBranch: "x" }), { gitBranch: null })).toEqual(record({ setupVersion: 1 }));
    expect(changeSettings(record(), { provider: "azure" })).toEqual(record({ provider: "azure" }));
    const same = record({ workspace: "w" });
    expect(changeSettings(same, { workspace: "w", saveUpstream: true })).toBe(same);
  });
});
