// Owns the proof that keys for git are what OpenSSH takes and says they are: ssh-keygen itself is the judge.
// Must not know where keys are kept.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { LimpetError } from "../../../worker/errors.ts";
import { makeSshKey, readSshKey } from "../../../worker/shells/ssh-key.ts";

// Real programs make real keys, which on a busy machine takes a while.
vi.setConfig({ testTimeout: 30_000 });

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "limpet-keys-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let made = 0;

/** Writes it down as ssh wants it: for nobody else to read. */
function keyFile(text: string): string {
  made += 1;
  const path = join(folder, `key-${made}`);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

/** A key of ssh-keygen's making. */
function keygen(...options: readonly string[]): { readonly privateKey: string; readonly publicKey: string } {
  made += 1;
  const path = join(folder, `key-${made}`);
  execFileSync("ssh-keygen", ["-q", "-f", path, "-C", "", ...options]);
  return { privateKey: readFileSync(path, "utf8"), publicKey: readFileSync(`${path}.pub`, "utf8").trim() };
}

/** Type and base64, without the comment. */
const bare = (line: string): string => line.trim().split(" ").slice(0, 2).join(" ");

/** The public half as ssh-keygen finds it in the private one: no file of the public half lies beside it. */
const publicHalf = (privateKey: string): string =>
  bare(execFileSync("ssh-keygen", ["-y", "-P", "", "-f", keyFile(privateKey)], { encoding: "utf8" }));

async function refusal(text: string): Promise<string> {
  const error: unknown = await readSshKey(text).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof LimpetError)) throw new Error("the key was taken");
  expect(error.code).toBe("INVALID_GIT_KEY");
  return error.message;
}

describe("a key that Limpet makes", () => {
  it("is one that ssh-keygen reads, with the public half that is shown, and that signs", async () => {
    const key = await makeSshKey();
    expect(key.publicKey).toMatch(/^ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI[A-Za-z0-9+/]{43} limpet$/);
    expect(publicHalf(key.privateKey)).toBe(bare(key.publicKey));
    const file = keyFile(key.privateKey);
    const message = keyFile("a message");
    execFileSync("ssh-keygen", ["-q", "-Y", "sign", "-f", file, "-n", "limpet", message], { stdio: "ignore" });
    const check = ["-Y", "check-novalidate", "-n", "limpet", "-s", `${message}.sig`];
    expect(execFileSync("ssh-keygen", check, { input: "a message", encoding: "utf8" })).toContain("Good");
    expect(() => execFileSync("ssh-keygen", check, { input: "another", stdio: "pipe" })).toThrow();
  });

  it("is another one each time, and is read back as it is", async () => {
    const [first, second] = [await makeSshKey(), await makeSshKey()];
    expect(first.publicKey).not.toBe(second.publicKey);
    expect(await readSshKey(first.privateKey)).toEqual(first);
  });

  it("has only lines that ssh takes", async () => {
    const lines = (await makeSshKey()).privateKey.split("\n");
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(70);
    expect(lines.at(-1)).toBe("");
  });
});

describe("a key that a person gives", () => {
  const forms = ["OpenSSH", "PEM", "PKCS8"] as const;
  const types: readonly (readonly string[])[] = [
    ["ed25519"],
    ["rsa", "2048"],
    ["ecdsa", "256"],
    ["ecdsa", "384"],
    ["ecdsa", "521"],
  ];
  const cases = types.flatMap(([type = "", bits]) => forms.map((form) => ({ type, bits, form })));

  it.each(cases)(
    "$type $bits in the form of $form has the public half that ssh-keygen finds",
    async ({ type, bits, form }) => {
      const options = ["-t", type, "-N", "", ...(bits === undefined ? [] : ["-b", bits])];
      const key = keygen(...options, ...(form === "OpenSSH" ? [] : ["-m", form]));
      const read = await readSshKey(key.privateKey);
      expect(bare(read.publicKey)).toBe(bare(key.publicKey));
      expect(publicHalf(read.privateKey)).toBe(bare(key.publicKey));
    },
  );

  it("may have come through Windows and a form, and is put right", async () => {
    const { privateKey, publicKey } = keygen("-t", "ed25519", "-N", "");
    const mangled = `\r\n  ${privateKey.trim().replaceAll("\n", "\r\n")}  `;
    const read = await readSshKey(mangled);
    expect(bare(read.publicKey)).toBe(bare(publicKey));
    expect(publicHalf(read.privateKey)).toBe(bare(publicKey));
  });

  it.each(forms)("is refused with a passphrase on it (%s), with how to take it off", async (form) => {
    const type = form === "OpenSSH" ? "ed25519" : "ecdsa";
    const { privateKey } = keygen("-t", type, "-N", "secret phrase", ...(form === "OpenSSH" ? [] : ["-m", form]));
    expect(await refusal(privateKey)).toMatch(/passphrase.*ssh-keygen -p -N ''/);
  });

  it("is refused where it is the public half", async () => {
    const { publicKey } = keygen("-t", "ed25519", "-N", "");
    expect(await refusal(publicKey)).toContain("public half");
  });

  it.each([
    ["nothing", "", "no private key"],
    ["a certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "CERTIFICATE"],
    ["PuTTY's form", "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none", "PuTTY"],
    [
      "two lines that do not match",
      "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----",
      "no private key",
    ],
    ["a DSA key", "-----BEGIN DSA PRIVATE KEY-----\nAAAA\n-----END DSA PRIVATE KEY-----", "ssh-dss"],
    ["an empty one", "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----", "damaged"],
    ["no base64", "-----BEGIN OPENSSH PRIVATE KEY-----\n@@@@\n-----END OPENSSH PRIVATE KEY-----", "base64"],
    ["a novel", "x".repeat(40_000), "too long"],
  ])("is refused where it is %s", async (_what, text, word) => {
    expect(await refusal(text)).toContain(word);
  });

  it("is refused where any part of it is cut off, and no message holds a part of it", async () => {
    for (const form of ["OpenSSH", "PKCS8"]) {
      const { privateKey } = keygen("-t", "ecdsa", "-N", "", ...(form === "OpenSSH" ? [] : ["-m", form]));
      const [begin = "", ...rest] = privateKey.trim().split("\n");
      const end = rest.pop() ?? "";
      const body = rest.join("");
      const pieces = body.match(/.{8}/g) ?? [];
      for (let kept = 4; kept < body.length - 4; kept += 16) {
        const message = await refusal([begin, body.slice(0, kept), end].join("\n"));
        expect(pieces.filter((piece) => message.includes(piece))).toEqual([]);
      }
    }
  });
});
