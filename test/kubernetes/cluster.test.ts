// Owns the proof that the cluster of the proofs is one: three nodes, DNS, services and policies across them, and a control plane
// whose parts come back. Must not know Limpet's manifests.

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { field, listOf } from "./harness/json.ts";
import {
  needsKubernetesAlone,
  needsOwnKubernetes,
  type OwnKubernetes,
  openOwnKubernetes,
} from "./harness/kubernetes.ts";

const namespace = "limpet-cluster-test";

describe("the real Kubernetes", () => {
  let own: OwnKubernetes | null = null;
  const open = (): OwnKubernetes => {
    if (own === null) throw new Error("a test that needs a cluster began without one");
    return own;
  };
  /** Runs a command in the pod `caller`. @returns what it wrote */
  const call = async (...command: readonly string[]): Promise<string> =>
    await open().kubectl.run(["exec", "-n", namespace, "caller", "--", ...command]);
  const curl = async (url: string): Promise<string> => await call("curl", "-sS", "--max-time", "4", url);

  beforeAll(async () => {
    own = await openOwnKubernetes();
    if (own === null) return;
    const { kubectl, file } = own;
    await kubectl.run(["delete", "namespace", namespace, "--ignore-not-found", "--wait"]);
    const image = file.images["shell"] ?? "";
    const objects = [
      { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } },
      pod("caller", "shells-1", { image, command: ["sleep", "infinity"] }),
      pod("far", "shells-2", { image, command: server, readinessProbe: answers }),
      pod("near", "shells-1", { image, command: server, readinessProbe: answers }),
      service("far"),
      service("near"),
    ];
    await kubectl.run(["apply", "-f", "-"], { apiVersion: "v1", kind: "List", items: objects });
    await kubectl.run(["wait", "-n", namespace, "--for=condition=Ready", "pod", "--all", "--timeout=120s"]);
  });
  afterAll(async () => {
    await own?.kubectl.run(["delete", "namespace", namespace, "--ignore-not-found", "--wait=false"]);
  });
  beforeEach(needsOwnKubernetes);

  test("has three nodes that are ready, those for shells tainted and in two zones", async () => {
    const nodes = listOf(await open().kubectl.json(["get", "nodes"]), "items");
    const seen = nodes.map((node) => {
      const labels = field(field(node, "metadata"), "labels");
      const ready = listOf(field(node, "status"), "conditions").find((one) => field(one, "type") === "Ready");
      return {
        name: field(field(node, "metadata"), "name"),
        ready: field(ready, "status"),
        pool: field(labels, "limpet.dev/pool"),
        zone: field(labels, "topology.kubernetes.io/zone"),
        taints: (field(field(node, "spec"), "taints") === undefined ? [] : listOf(field(node, "spec"), "taints")).map(
          (taint) => `${String(field(taint, "key"))}:${String(field(taint, "effect"))}`,
        ),
      };
    });
    const taints = ["limpet.dev/shells:NoSchedule"];
    expect(seen).toEqual([
      { name: "shells-1", ready: "True", pool: "shells", zone: "zone-a", taints },
      { name: "shells-2", ready: "True", pool: "shells", zone: "zone-b", taints },
      { name: "system-1", ready: "True", pool: "system", zone: "zone-a", taints: [] },
    ]);
  });

  test("answers names of services, and of the outside; others do not exist", async () => {
    const { address, domain } = open().file.outside;
    expect(await call("getent", "hosts", `far.${namespace}.svc.cluster.local`)).toMatch(/^10\.96\./);
    expect(await call("getent", "hosts", `git.${domain}`)).toContain(address);
    await expect(call("getent", "hosts", "example.com")).rejects.toThrow();
  });

  test("carries a service to a pod of the same node and to one of another", async () => {
    for (const name of ["near", "far"]) {
      // Each node's kube-proxy hears of a ready pod a moment later.
      await expect.poll(() => curl(`http://${name}:8080/`).catch(() => ""), { timeout: 10_000 }).toBe(name);
    }
  });

  test("leads a port of the outside, and of a private address, to a program of this machine", async () => {
    const [outside, metadata] = [await serve("the outside"), await serve("metadata")];
    const { control, file } = open();
    const privateAddress = file.privateAddresses[0] ?? "";
    await control.outside(18_080, outside.port);
    await control.outside(18_080, metadata.port, privateAddress);
    expect(await curl(`http://www.${file.outside.domain}:18080/`)).toBe("the outside");
    expect(await curl(`http://${privateAddress}:18080/`)).toBe("metadata");
    outside.close();
    metadata.close();
  });

  test("forwards a port of this machine's loopback to an address inside", async () => {
    const { control, kubectl } = open();
    const address = (
      await kubectl.run(["get", "pod", "-n", namespace, "far", "-o", "jsonpath={.status.podIP}"])
    ).trim();
    const port = await control.forward(`${address}:8080`);
    expect(await (await fetch(`http://127.0.0.1:${port}/name`)).text()).toBe("far");
  });

  test("enforces a policy on connections between pods, on one node and across two, and to the outside", async () => {
    const { kubectl, control, file } = open();
    const outside = await serve("the outside");
    await control.outside(18_081, outside.port);
    const outsideUrl = `http://${file.outside.address}:18081/`;
    const urls = ["http://near:8080/name", "http://far:8080/name", outsideUrl];
    for (const url of urls) await curl(url);
    const policy = {
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: { name: "far-only", namespace },
      spec: {
        podSelector: { matchLabels: { app: "caller" } },
        policyTypes: ["Egress"],
        egress: [
          { to: [{ podSelector: { matchLabels: { app: "far" } } }] },
          {
            ports: [
              { protocol: "UDP", port: 53 },
              { protocol: "TCP", port: 53 },
            ],
          },
        ],
      },
    };
    await kubectl.run(["apply", "-f", "-"], policy);
    await expect.poll(() => curl("http://near:8080/name").catch(() => "refused"), { timeout: 20_000 }).toBe("refused");
    expect(await curl("http://far:8080/name")).toBe("far");
    await expect(curl(outsideUrl)).rejects.toThrow();
    await kubectl.run(["delete", "networkpolicy", "-n", namespace, "far-only"]);
    await expect.poll(() => curl("http://near:8080/name").catch(() => "refused"), { timeout: 20_000 }).toBe("near");
    outside.close();
  });

  test("brings the API server, etcd, a kubelet and containerd back after a kill, and the pods go on", async (context) => {
    needsKubernetesAlone(context);
    const { control, kubectl } = open();
    const started = await call("cat", "/proc/1/stat");
    for (const name of ["kube-apiserver", "etcd", "shells-1/kubelet", "shells-1/containerd"]) {
      await control.component(name, "kill");
      await control.component(name, "start");
      const get = ["get", "--raw", "/readyz"];
      await expect.poll(() => kubectl.run(get).catch(() => "down"), { timeout: 60_000, interval: 500 }).toBe("ok");
    }
    await expect
      .poll(() => call("cat", "/proc/1/stat").catch(() => ""), { timeout: 60_000, interval: 500 })
      .toBe(started);
  });

  test("brings a node back that was cut off, with its pods and its network", async (context) => {
    needsKubernetesAlone(context);
    const { control, kubectl } = open();
    await control.node("shells-2", "stop");
    await expect(curl("http://far:8080/")).rejects.toThrow();
    await control.node("shells-2", "start");
    const get = (): Promise<string> => curl("http://far:8080/").catch(() => "");
    await expect.poll(get, { timeout: 120_000, interval: 1_000 }).toBe("far");
    const status = ["get", "pod", "-n", namespace, "far", "-o", "jsonpath={.status.containerStatuses[0].restartCount}"];
    expect(await kubectl.run(status)).toBe("1");
  });

  test("refuses what it does not know, in a sentence", async () => {
    const { control } = open();
    await expect(control.component("nonsense", "kill")).rejects.toThrow(/nonsense is not there: a component is etcd/);
    await expect(control.node("nowhere", "stop")).rejects.toThrow(/no node nowhere; there is system-1/);
    await expect(control.outside(80, 80, "8.8.8.8")).rejects.toThrow(/not 8\.8\.8\.8/);
  });
});

/** Answers with its pod's name. */
const server = [
  "python3",
  "-c",
  `import http.server, os, socketserver
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = os.environ["NAME"].encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
http.server.ThreadingHTTPServer(("", 8080), Answer).serve_forever()`,
];

const answers = { httpGet: { path: "/", port: 8080 }, periodSeconds: 1 };

function pod(name: string, node: string, container: object): object {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace, labels: { app: name } },
    spec: {
      nodeSelector: { "kubernetes.io/hostname": node },
      tolerations: [{ key: "limpet.dev/shells", operator: "Exists", effect: "NoSchedule" }],
      terminationGracePeriodSeconds: 0,
      containers: [{ name: "only", imagePullPolicy: "Never", env: [{ name: "NAME", value: name }], ...container }],
    },
  };
}

function service(name: string): object {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace },
    spec: { selector: { app: name }, ports: [{ port: 8080 }] },
  };
}

async function serve(answer: string): Promise<{ port: number; close(): void }> {
  const http = createServer((_, response) => response.end(answer));
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const address = http.address() as AddressInfo;
  return { port: address.port, close: () => http.close() };
}
