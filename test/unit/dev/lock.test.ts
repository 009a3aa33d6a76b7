// Owns the proof that a lock which would fail elsewhere is noticed.

import { expect, test } from "vitest";
import { type Lock, missingPackages, registriesIn } from "../../../dev/tools/lock.ts";

const lock: Lock = {
  packages: {
    "": { optionalDependencies: {} },
    "node_modules/tool": {
      version: "1.0.0",
      dev: true,
      optionalDependencies: { "tool-linux": "1.0.0", "tool-darwin": "1.0.0", shared: "2.0.0" },
    },
    "node_modules/tool/node_modules/tool-linux": { version: "1.0.0" },
    "node_modules/shared": { version: "2.0.0", resolved: "https://registry.example.com/shared.tgz" },
  },
};

test("a platform's package that is nowhere in the lock is named", () => {
  expect(missingPackages(lock)).toEqual([{ name: "tool-darwin", version: "1.0.0", dev: true }]);
});

test("the registry that a lock names is found", () => {
  expect(registriesIn(lock)).toEqual(["registry.example.com"]);
});
