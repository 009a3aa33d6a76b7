// Owns a quarter of the proof over random repositories (proof.ts): its seeds begin at 1000.
// Must not know what is compared.

import { expect, test } from "vitest";
import { proveAll } from "./proof.ts";

test("76 random repositories are as they were after a save, the loss of the pod and a restore", async () => {
  const proved = await proveAll(1_000, 76);
  expect(proved).toBe(process.env["LIMPET_SEED"] === undefined ? 76 : 1);
});
