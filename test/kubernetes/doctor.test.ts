// Owns the proof that the doctor finds a real Kubernetes right, and each thing that is wrong with it for its own reason; and that
// its probe pod is gone after every run.
// Must not know how any check is looked at.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { connect } from "node:tls";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import type { CheckReport } from "../../worker/doctor/check.ts";
import { until } from "../browser/harness/until.ts";
import { untilEach } from "./harness/each-replica.ts";
import { shells, system } from "./harness/installation.ts";
import { needsKubernetesAlone, needsOwnKubernetes } from "./harness/kubernetes.ts";
import { useGround } from "./life/limpet-on-kubernetes.ts";

const root = resolve(import.meta.dirname, "../..");
const ground = useGround({});
beforeEach(needsOwnKubernetes);

/** `npm run doctor -- --json`, on the Limpet of this proof. */
async function examine(...args: readonly string[]): Promise<Readonly<Record<string, CheckReport>>> {
  const env = { ...process.env, LIMPET_STATE: ground().limpet.stateDir };
  const stdio = ["ignore", "pipe", "inherit"] as const;
  const child = spawn("node", ["dev/doctor/main.ts", "--json", ...args], { cwd: root, stdio: [...stdio], env });
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  await once(child, "close");
  const { checks }: { readonly checks: readonly CheckReport[] } = JSON.parse(said);
  return Object.fromEntries(checks.map((check) => [check.id, check]));
}

function those(checks: Readonly<Record<string, CheckReport>>, state: CheckReport["state"]): readonly string[] {
  return Object.values(checks).flatMap((check) => (check.state === state ? [`${check.id}: ${check.text}`] : []));
}

async function probes(): Promise<readonly string[]> {
  const said = await ground().own.kubectl.run(["-n", shells, "get", "pods", "--output", "name"]);
  return said.split("\n").filter((name) => name.includes("d0ct0r"));
}

const kubectl = (...args: readonly string[]): Promise<string> => ground().own.kubectl.run(args);

/** One thing taken away or changed, and put back. `back` may be the object itself. */
async function whileSo(
  wrong: readonly string[],
  back: readonly string[] | object,
  work: () => Promise<void>,
): Promise<void> {
  await kubectl(...wrong);
  try {
    await work();
  } finally {
    if (Array.isArray(back)) await kubectl(...back);
    else await ground().own.kubectl.run(["apply", "--filename", "-"], back);
  }
}

/** Whether somebody shakes hands there, with whatever certificate. */
async function answersTls(host: string, port: number): Promise<boolean> {
  const socket = connect({ host, port, rejectUnauthorized: false });
  return await new Promise<boolean>((resolve) => {
    socket.once("secureConnect", () => resolve(true)).once("close", () => resolve(false));
    socket.once("error", () => {});
  }).finally(() => socket.destroy());
}

/** What it is without what the server itself writes. */
async function objectOf(...what: readonly string[]): Promise<object> {
  const { apiVersion, kind, metadata, ...rest } = JSON.parse(await kubectl("get", ...what, "--output", "json"));
  const { name, namespace, labels } = metadata;
  const { status: _, ...own } = rest;
  return { apiVersion, kind, metadata: { name, ...(namespace === undefined ? {} : { namespace }), labels }, ...own };
}

afterAll(async () => {
  await expect(probes()).resolves.toEqual([]);
});

describe("the doctor on a real Kubernetes", () => {
  test("finds every link right, from the edge to a pod and back", async () => {
    const checks = await examine();
    expect(those(checks, "failed")).toEqual([]);
    expect(those(checks, "warning").filter((each) => !each.startsWith("reaper"))).toEqual([]);
    expect(checks["pod-security"]?.text).toBe("A privileged pod is refused, by Pod Security.");
    expect(checks["policy"]?.text).toBe("A pod that is no shell is refused, by the admission policy.");
    expect(checks["pod-to-edge"]?.state).toBe("ok");
    expect(checks["network"]).toMatchObject({
      state: "ok",
      text: "A shell reaches neither the API server (10.96.0.1:443) nor the cloud's metadata (169.254.169.254:80).",
    });
    expect(checks["policy-changes"]?.text).toContain("is refused, by limpet-changes.");
    expect(checks["policy-endings"]?.text).toContain("is refused, by limpet-endings.");
    // The ingress stands before that wall, and refuses first.
    expect(checks["policy-reach"]?.text).toContain("is refused, by the ingress.");
    for (const id of ["node", "image", "start", "setup", "programs", "ending"]) {
      console.log(`· Doctor, ${id}: ${checks[id]?.text}`);
    }
    expect(await probes()).toEqual([]);
  });

  test("finds a repository that shells cannot reach, by setup's own check", async () => {
    const checks = await examine("--repository", "https://10.96.0.1/team/sea.git");
    expect(checks["git"]).toMatchObject({
      state: "failed",
      text: expect.stringMatching(/GIT_(HOST_UNREACHABLE|TIMEOUT)/),
    });
    expect(await probes()).toEqual([]);
  }, 180_000);

  describe("says what is wrong with it", () => {
    beforeEach(needsKubernetesAlone);

    test("the admission policy holds for other namespaces only", async () => {
      const binding = ["validatingadmissionpolicybinding", "limpet-pods"] as const;
      // Taken away, even for a second, it would leave the API server with parameters that it never reads again
      // (kubernetes/kubernetes #130887), and the proofs after this one with them.
      const elsewhere = { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "nowhere" } } };
      const change = JSON.stringify({ spec: { matchResources: elsewhere } });
      await whileSo(["patch", ...binding, "--type=merge", "--patch", change], await objectOf(...binding), async () => {
        const missing = await until(
          "its absence to be known",
          () => examine(),
          ({ policy }) => policy?.state !== "ok",
          {
            withinMs: 60_000,
          },
        );
        expect(missing["policy"]).toMatchObject({
          state: "failed",
          text: expect.stringContaining("POLICY IS MISSING"),
        });
        expect(missing["pod-security"]?.state).toBe("ok");
      });
    });

    test.each([
      ["policy-changes", "limpet-changes"],
      ["policy-endings", "limpet-endings"],
    ])(
      "one wall around a pod is missing, and no other: %s",
      async (id, name) => {
        const binding = ["validatingadmissionpolicybinding", name] as const;
        await whileSo(["delete", ...binding], await objectOf(...binding), async () => {
          const missing = await until(
            "its absence to be known",
            () => examine(),
            // The one that was put back before is known again a moment later too.
            (checks) => checks[id]?.state !== "ok" && those(checks, "failed").length === 1,
            { withinMs: 90_000 },
          );
          expect(those(missing, "failed")).toEqual([expect.stringContaining(`THE BINDING ${name} IS MISSING`)]);
          expect(missing[id]?.todo).toContain(name);
          // What was tried did nothing to the pod but what is its end.
          expect(missing["ending"]?.state).toBe("ok");
        });
      },
      180_000,
    );

    test("the wall behind the ingress is missing: who refuses is told, and what cannot be seen", async () => {
      const binding = ["validatingadmissionpolicybinding", "limpet-reach"] as const;
      await whileSo(["delete", ...binding], await objectOf(...binding), async () => {
        const { "policy-reach": reach } = await examine();
        expect(reach).toMatchObject({
          state: "ok",
          text: expect.stringMatching(/by the ingress\. Whether limpet-reach/),
        });
      });
    }, 120_000);

    test("the network policy is missing, as where nobody enforces it", async () => {
      const policy = ["--namespace", shells, "networkpolicy", "limpet-shells"] as const;
      await whileSo(["delete", ...policy], await objectOf(...policy), async () => {
        const open = await until(
          "its absence to be known",
          () => examine(),
          (checks) => checks["network"]?.state !== "ok",
          { withinMs: 90_000 },
        );
        expect(open["network"]).toMatchObject({
          state: "failed",
          text: expect.stringMatching(/A shell reaches the API server \(10\.96\.0\.1:443\)|DOES NOT ENFORCE/),
          todo: expect.stringContaining("Flannel"),
        });
      });
      const shut = await until(
        "the policy to be known again",
        () => examine(),
        (checks) => checks["network"]?.state === "ok",
        { withinMs: 90_000 },
      );
      expect(those(shut, "failed")).toEqual([]);
    }, 300_000);

    test("a right is missing", async () => {
      const binding = ["--namespace", shells, "rolebinding", "limpet-edge"] as const;
      await whileSo(["delete", ...binding], await objectOf(...binding), async () => {
        const checks = await examine();
        expect(checks["token"]).toMatchObject({ state: "ok", text: expect.stringContaining("limpet-edge") });
        expect(checks["rights"]).toMatchObject({
          state: "failed",
          text: expect.stringContaining("It may not list pods"),
        });
        expect(checks["admission"]).toMatchObject({ state: "failed", text: expect.stringContaining("may not create") });
      });
    });

    test("there is no room in the quota", async () => {
      const full = {
        apiVersion: "v1",
        kind: "ResourceQuota",
        metadata: { name: "full", namespace: shells },
        spec: { hard: { pods: "0" } },
      };
      await ground().own.kubectl.run(["apply", "--filename", "-"], full);
      try {
        const checks = await until(
          "the quota to count",
          () => examine(),
          ({ quota }) => quota?.state !== "ok",
        );
        expect(checks["admission"]?.state).toBe("ok");
        expect(checks["quota"]).toMatchObject({
          state: "failed",
          text: expect.stringContaining("exceeded quota: full"),
        });
      } finally {
        await kubectl("--namespace", shells, "delete", "resourcequota", "full");
      }
    });

    test("no node takes shells", async () => {
      const nodes = ground()
        .own.file.nodes.filter(({ pool }) => pool === "shells")
        .map(({ name }) => name);
      await whileSo(["cordon", ...nodes], ["uncordon", ...nodes], async () => {
        const checks = await examine();
        expect(checks["node"]).toMatchObject({ state: "failed", text: expect.stringContaining("nodes are available") });
        expect(checks["ending"]?.state).toBe("ok");
      });
    }, 120_000);

    test("the ingress is not there", async () => {
      const scale = (to: number) => ["--namespace", system, "scale", "deployment/limpet-ingress", `--replicas=${to}`];
      const [address = ""] = /https:\S+?:\d+/.exec((await examine())["cluster-address"]?.text ?? "") ?? [];
      const { hostname, port } = new URL(address);
      await whileSo(scale(0), scale(2), async () => {
        // What is told to end lets its tunnels end first.
        await kubectl("--namespace", system, "delete", "pods", "--all", "--force", "--grace-period=0");
        // The doctor that begins while it ends has a pod that it cannot take away.
        await untilEach("nobody to answer", async () => !(await answersTls(hostname, Number(port))));
        const checks = await examine();
        expect(checks["cluster-address"]).toMatchObject({
          state: "failed",
          text: expect.stringContaining("cannot be reached"),
        });
        expect(checks["rights"]?.state).toBe("skipped");
      });
      await kubectl("--namespace", system, "rollout", "status", "deployment/limpet-ingress", "--timeout=120s");
      // A node learns a moment later where the new ones are.
      await untilEach("an answer", () => answersTls(hostname, Number(port)));
      expect(those(await examine(), "failed")).toEqual([]);
    }, 300_000);
  });
});
