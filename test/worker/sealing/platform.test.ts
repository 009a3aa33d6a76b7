// Owns the proof that workerd's own cryptography does what sealing, capabilities and keys for git ask of it.
// Must not know what they are for: the rules are proved in test/unit/sealing.

import { describe, expect, it } from "vitest";
import { makeCapability, verifyCapability } from "../../../worker/pod-api/capability.ts";
import { openText, sealText } from "../../../worker/sealing/seal.ts";
import { makeSshKey, readSshKey } from "../../../worker/shells/ssh-key.ts";
import { sealKeys } from "../pod-api/pod-caller.ts";

describe("in workerd", () => {
  it("a text is sealed and opened", async () => {
    const seal = { owner: "ada", name: "aws" };
    const { sealed } = await sealText(sealKeys, seal, "secret");
    expect(await openText(sealKeys, seal, sealed)).toBe("secret");
  });

  it("a capability is made and verified", async () => {
    const capability = { shellId: "abc", podUid: "def", generation: 0 };
    expect(await verifyCapability(sealKeys, await makeCapability(sealKeys, capability))).toEqual(capability);
  });

  it("a key for git is made and read", async () => {
    const key = await makeSshKey();
    expect(await readSshKey(key.privateKey)).toEqual(key);
  });

  it.each(["P-256", "P-384", "P-521"])("a key of %s in PKCS#8 is read", async (namedCurve) => {
    const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve }, true, ["sign", "verify"]);
    expect((await readSshKey(await pem(pair))).publicKey).toMatch(
      /^ecdsa-sha2-nistp(256|384|521) AAAA[\w+/=]+ limpet$/,
    );
  });

  it("keys of RSA and ed25519 in PKCS#8 are read", async () => {
    const rsa = {
      name: "RSASSA-PKCS1-v1_5",
      hash: "SHA-256",
      modulusLength: 2048,
      publicExponent: new Uint8Array([1, 0, 1]),
    };
    const pairs = [
      ["ssh-rsa", await crypto.subtle.generateKey(rsa, true, ["sign", "verify"])],
      ["ssh-ed25519", await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"])],
    ] as const;
    for (const [type, pair] of pairs) {
      expect((await readSshKey(await pem(pair))).publicKey).toMatch(new RegExp(`^${type} AAAA[\\w+/=]+ limpet$`));
    }
  });
});

async function pem(pair: CryptoKey | CryptoKeyPair): Promise<string> {
  if (!("privateKey" in pair)) throw new Error("a pair has two keys");
  const bytes = await crypto.subtle.exportKey("pkcs8", pair.privateKey);
  if (!(bytes instanceof ArrayBuffer)) throw new Error("PKCS#8 is bytes");
  const text = btoa(String.fromCharCode(...new Uint8Array(bytes)));
  return `-----BEGIN PRIVATE KEY-----\n${text.match(/.{1,64}/g)?.join("\n")}\n-----END PRIVATE KEY-----\n`;
}
