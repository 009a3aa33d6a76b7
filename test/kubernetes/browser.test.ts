// Owns the proof that the browser tests of the walking path and of the lifecycle hold on a real Kubernetes, through its ingress.
// Must not know what they look at.

import { beforeEach, describe, expect, inject, test } from "vitest";
import { parseKubernetesTarget } from "../setup/kubernetes-target.ts";
import { needsOwnKubernetes } from "./harness/kubernetes.ts";
import { runSuite } from "./harness/suite.ts";

/** Those that ask nothing of a cluster (access, page, graphiql) or ask of the local one what no other does run there alone. */
const files = [
  ...["first-shell", "reload", "cuts", "viewers", "input"],
  ...["phases", "settings", "losses", "expiry"],
] as const;
const fileMs = 480_000;

describe("in the browser, on a real Kubernetes", () => {
  beforeEach(needsOwnKubernetes);

  test.each(files)("%s", { timeout: fileMs }, async (name) => {
    const target = parseKubernetesTarget(inject("kubernetes"));
    const path = target.kind === "ours" ? target.file : "";
    const wish = { project: "browser", path: `test/browser/${name}.test.ts`, limitMs: fileMs - 10_000 };
    const result = await runSuite({ ...wish, env: { LIMPET_BROWSER_KUBERNETES: path } });
    console.log(`· Browser, ${name}: ${result.passed} passed, ${result.skipped} for the local cluster only`);
    expect(result.failures).toEqual([]);
    expect(result.passed).toBeGreaterThan(0);
  });
});
