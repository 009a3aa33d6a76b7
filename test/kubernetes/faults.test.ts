// Owns the proof that nothing is lost where a part of the cluster is restarted while someone types and a job prints numbers.
// Must not know how the edge gets over it.

import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { bridgeLimits } from "../../durable/bridge/limits.ts";
import { until } from "../browser/harness/until.ts";
import { needsKubernetesAlone, type OwnKubernetes, openKubernetesAlone } from "./harness/kubernetes.ts";
import { useFigures } from "./life/figures.ts";
import { type Ground, useGround } from "./life/limpet-on-kubernetes.ts";
import type { Person } from "./life/person.ts";
import { killProcesses } from "./life/processes.ts";
import type { Tab } from "./life/tab.ts";
import { Talk, talkScript } from "./life/talk.ts";

/** After a fault; and before it, so that an exec that is lost is not taken for one that never holds (durable/bridge/limits.ts, `steadyMs`). */
const afterMs = 2_000;
const beforeMs = bridgeLimits.steadyMs - afterMs;
const recoveredWithinMs = 60_000;

const ground = useGround({
  SHELL_REQUESTS: "cpu=50m,memory=64Mi,ephemeral-storage=16Mi",
  SHELL_LIMITS: "cpu=1,memory=256Mi,ephemeral-storage=1Gi",
});
const figures = useFigures("Faults while someone types: the longest time in which nothing came");
beforeEach(needsKubernetesAlone);

/** `node`: of the shell. */
type Fault = (ground: Ground, node: string) => Promise<void>;

const killed =
  (name: (node: string) => string): Fault =>
  async ({ own }, node) => {
    await own.control.component(name(node), "kill");
    await own.control.component(name(node), "start");
  };
const restarted =
  (name: (node: string) => string): Fault =>
  async ({ own }, node) => {
    await own.control.component(name(node), "restart");
  };

const faults: readonly (readonly [title: string, fault: Fault])[] = [
  ["the API server, restarted", restarted(() => "kube-apiserver")],
  ["the API server, killed", killed(() => "kube-apiserver")],
  ["the kubelet, killed", killed((node) => `${node}/kubelet`)],
  ["containerd, killed", killed((node) => `${node}/containerd`)],
  [
    "HAProxy, rolled over",
    async ({ own }) => {
      const deployment = ["-n", "limpet-system", "deployment/limpet-ingress"];
      await own.kubectl.run(["rollout", "restart", ...deployment]);
      await own.kubectl.run(["rollout", "status", ...deployment, "--timeout=120s"]);
    },
  ],
  [
    "HAProxy, killed everywhere at once",
    async ({ own }) => {
      const ingress = ["-n", "limpet-system", "--selector", "app.kubernetes.io/name=limpet-ingress"];
      const names = await own.kubectl.run([
        "get",
        "pods",
        ...ingress,
        "--output",
        "jsonpath={.items[*].metadata.name}",
      ]);
      killProcesses(names.split(" ").filter((name) => name !== ""));
    },
  ],
];

/** @returns performance.now() of when a new exec works again, the edge left out */
async function clusterAnswers({ pods }: Ground, pod: string): Promise<number> {
  await until(
    "an exec by kubectl",
    () => pods.run(pod, "echo here"),
    (said) => said === "here\n",
    {
      withinMs: recoveredWithinMs,
      everyMs: 250,
    },
  );
  return performance.now();
}

// Never tried again: a line that is lost in one run of three is lost.
describe("someone types and a job prints numbers", { retry: 0 }, () => {
  let person: Person;
  let tab: Tab;
  let node = "";
  let pod = "";

  beforeAll(async () => {
    const own: OwnKubernetes | null = await openKubernetesAlone();
    if (own === null) return;
    person = await ground().newPerson();
    pod = (await person.shell()).podName;
    const script = Buffer.from(talkScript).toString("base64");
    await ground().pods.run(pod, `echo ${script} | base64 -d >~/talk`);
    node = (await ground().pods.see(pod))?.node ?? "";
    tab = await person.openTab();
  });
  afterAll(async () => {
    await tab?.close();
  });

  test.each(faults)("%s: every number and every answer is there, in order, once", async (title, fault) => {
    const talk = await Talk.begin(tab);
    await sleep(beforeMs);
    const usualMs = talk.longestSilenceMs;
    const struckMs = performance.now();
    await fault(ground(), node);
    const itself = clusterAnswers(ground(), pod);
    await talk.goesOn(recoveredWithinMs);
    const downMs = (await itself) - struckMs;
    await sleep(afterMs);
    const silentMs = talk.longestSilenceMs;
    const { numbers, answers } = await talk.end();
    expect(numbers).toBeGreaterThan(30);
    figures.note(
      title,
      `${silentMs.toFixed(0)} ms (before: ${usualMs.toFixed(0)} ms; an exec by kubectl failed for ${downMs.toFixed(0)} ms); ${numbers} numbers, ${answers} answers`,
    );
  });
});
