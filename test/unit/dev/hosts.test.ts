// Owns the table of the Host names that the local environment answers to.

import { expect, test } from "vitest";
import { isOurHost } from "../../../dev/gate/hosts.ts";

test.each([
  ["localhost", true],
  ["localhost:8787", true],
  ["LocalHost:1", true],
  ["127.0.0.1", true],
  ["127.0.0.1:80", true],
  ["[::1]:8787", true],
  ["limpet.internal:9", true],
  ["limpet.internal", false],
  ["localhost.example.com", false],
  ["example.com:8787", false],
  ["127.0.0.1.example.com", false],
  ["localhost:8787:1", false],
  ["localhost:port", false],
  ["user@localhost", false],
  ["127.0.0.2", false],
  ["[::2]", false],
  ["0.0.0.0:8787", false],
  ["", false],
  [null, false],
])("Host %s: %s", (host, ours) => {
  expect(isOurHost(host, "limpet.internal:9")).toBe(ours);
});
