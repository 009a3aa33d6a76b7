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
/** By file, those that are for the local cluster only, or for somebody who asks for pictures. No other may be left out. */
const skipped: Readonly<Partial<Record<(typeof files)[number], readonly string[]>>> = {
  "first-shell": ["the pictures of the documents are made when they are asked for"],
  cuts: [
    "after a cut (the exec, with a Success that is none) the page is back by itself, the job ran on, no line and no key is lost or doubled",
  ],
  phases: ["the image cannot be pulled: the reason is on the page"],
};
const fileMs = 480_000;

describe("in the browser, on a real Kubernetes", () => {
  beforeEach(needsOwnKubernetes);

  test.each(files)("%s", { timeout: fileMs }, async (name) => {
    const target = parseKubernetesTarget(inject("kubernetes"));
    const path = target.kind === "ours" ? target.file : "";
    const wish = { project: "browser", path: `test/browser/${name}.test.ts`, limitMs: fileMs - 10_000 };
    const result = await runSuite({ ...wish, env: { LIMPET_BROWSER_KUBERNETES: path, LIMPET_README_PICTURE: "" } });
    console.log(`· Browser, ${name}: ${result.passed} passed, ${result.skipped.length} for the local cluster only`);
    expect(result).toMatchObject({ failures: [], skipped: skipped[name] ?? [] });
    expect(result.passed).toBeGreaterThan(0);
  });
});
