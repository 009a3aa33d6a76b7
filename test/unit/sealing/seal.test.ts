// Owns the proof that what is sealed opens only with its key, for its owner, under its name, whole.
// Must not know where sealed things are kept.

import { randomBytes } from "node:crypto";
import { CompactEncrypt, decodeProtectedHeader } from "jose";
import { describe, expect, it } from "vitest";
import { LimpetError } from "../../../worker/errors.ts";
import { openText, resealBytes, sealText } from "../../../worker/sealing/seal.ts";
import type { SealKey, SealKeys } from "../../../worker/sealing/seal-keys.ts";
import { openSecrets, sealSecret } from "../../../worker/sealing/secrets.ts";

const makeKey = (kid: string): SealKey => ({ kty: "oct", kid, k: randomBytes(32).toString("base64url") });
const [first, second, third] = [makeKey("first"), makeKey("second"), makeKey("third")];
const keys: SealKeys = [first, second];
const seal = { owner: "ada", name: "git-key" };
const text = "-----BEGIN …\nünïcödé\0\n";

/** The message of the SECRET_UNREADABLE that opening must end with. */
async function refusal(opening: Promise<unknown>): Promise<string> {
  const error: unknown = await opening.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof LimpetError)) throw new Error("it opened");
  expect(error.code).toBe("SECRET_UNREADABLE");
  expect(error.message).toContain("Nothing was changed");
  expect(error.message).not.toContain("BEGIN");
  return error.message;
}

describe("what is sealed", () => {
  it("opens as it was, is another each time, and names its key", async () => {
    const [one, two] = [await sealText(keys, seal, text), await sealText(keys, seal, text)];
    expect(one.sealed).not.toBe(two.sealed);
    expect(one.kid).toBe("first");
    expect(decodeProtectedHeader(one.sealed)).toMatchObject({ alg: "A256KW", enc: "A256GCM", kid: "first" });
    expect(await openText(keys, seal, one.sealed)).toBe(text);
    expect(await openText([second, first], seal, one.sealed)).toBe(text);
    expect(await openText(keys, seal, (await sealText(keys, seal, "")).sealed)).toBe("");
  });

  it("opens with no key but its own: the missing one is named", async () => {
    const { sealed } = await sealText([third], seal, text);
    const message = await refusal(openText(keys, seal, sealed));
    expect(message).toMatch(/"git-key" is sealed under the key "third", which SEAL_KEYS does not have/);
  });

  it("does not open with another key of the same name", async () => {
    const { sealed } = await sealText(keys, seal, text);
    const message = await refusal(openText([makeKey("first"), second], seal, sealed));
    expect(message).toMatch(/"git-key" does not open with the key "first"/);
  });

  it.each([
    ["another person's", { owner: "eve", name: "git-key" }],
    ["under another name", { owner: "ada", name: "git-token" }],
  ])("does not open where its row was moved to be %s", async (_what, place) => {
    const { sealed } = await sealText(keys, seal, text);
    expect(await refusal(openText(keys, place, sealed))).toContain("not sealed for this place");
  });

  it("does not open when any of its characters is another one", async () => {
    const { sealed } = await sealText(keys, seal, text);
    for (let at = 0; at < sealed.length; at += 1) {
      // Bits that base64url does not carry: the last digit of a part.
      if (sealed[at] === "." || sealed[at + 1] === "." || at === sealed.length - 1) continue;
      const other = sealed[at] === "A" ? "B" : "A";
      await refusal(openText(keys, seal, sealed.slice(0, at) + other + sealed.slice(at + 1)));
    }
  });

  it.each(["", "x", "a.b.c.d.e", "....", "e30....", "eyJraWQiOjF9....", "eyJraWQiOiJcdTAwMWIifQ...."])(
    "does not open where it is %j",
    async (sealed) => {
      expect(await refusal(openText(keys, seal, sealed))).toContain("names no key");
    },
  );

  it("does not open by another algorithm, with the right key", async () => {
    const raw = Buffer.from(first.k, "base64url");
    for (const alg of ["dir", "A256GCMKW"]) {
      const header = { alg, enc: "A256GCM", kid: "first", "limpet-seal": "ada/git-key" };
      const sealed = await new CompactEncrypt(Buffer.from(text)).setProtectedHeader(header).encrypt(raw);
      await refusal(openText(keys, seal, sealed));
    }
  });

  it("is sealed anew under the first key, for the same owner", async () => {
    const old = await sealText([second], seal, text);
    const anew = await resealBytes(keys, seal, old.sealed);
    expect(anew.kid).toBe("first");
    expect(await openText([first], seal, anew.sealed)).toBe(text);
    await refusal(resealBytes(keys, { owner: "eve", name: "git-key" }, old.sealed));
  });
});

describe("a person's secrets", () => {
  it("open each by itself: the one that does not is named, and takes no other away", async () => {
    const rows = [await sealSecret(keys, "ada", "git-key", "k"), await sealSecret([third], "ada", "aws", "a")];
    const whole = await openSecrets([first, second, third], rows);
    expect(Object.fromEntries(whole.opened)).toEqual({ "git-key": "k", aws: "a" });
    expect(whole.unreadable.size).toBe(0);
    const { opened, unreadable } = await openSecrets(keys, rows);
    expect(Object.fromEntries(opened)).toEqual({ "git-key": "k" });
    expect([...unreadable].map(([name, { code, message }]) => [name, code, message])).toEqual([
      ["aws", "SECRET_UNREADABLE", expect.stringContaining(`"aws" is sealed under the key "third"`)],
    ]);
  });
});
