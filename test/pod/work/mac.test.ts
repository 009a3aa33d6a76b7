// Owns the proof that lib/mac.sh is HMAC-SHA256.
// Must not know what is signed with it.

import { createHmac, randomBytes } from "node:crypto";
import { resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Pod } from "./pod.ts";

const library = resolve(import.meta.dirname, "../../../cluster/image/lib/mac.sh");
let pod: Pod;
beforeAll(async () => {
  pod = await Pod.start({ id: "s1", key: "00".repeat(32), url: null });
});
afterAll(() => pod.end());

async function hmac(key: string, message: Uint8Array): Promise<{ code: number; mac: string }> {
  // The key comes by the environment, as the scripts have it in a variable; it is in no program's arguments.
  const ran = await pod.run(["/bin/sh", "-c", `. "${library}"; hmac_sha256 "$KEY"`], {
    env: { KEY: key },
    input: message,
  });
  return { code: ran.code, mac: ran.stdout.toString().trim() };
}

test.each([0, 1, 55, 64, 65, 4_096])("the MAC of %i bytes is Node's", async (length) => {
  const key = randomBytes(32);
  const message = randomBytes(length);
  const expected = createHmac("sha256", key).update(message).digest("hex");
  expect(await hmac(key.toString("hex"), message)).toEqual({ code: 0, mac: expected });
});

test.each(["", "0f", "zz".repeat(32), "0F".repeat(32), `${"0f".repeat(31)}0 `])("%j is no key", async (key) => {
  expect(await hmac(key, Buffer.from("x"))).toEqual({ code: 1, mac: "" });
});
