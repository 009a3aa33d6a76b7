// Owns the proof of the network policy, from inside a shell: what it reaches, what it does not, and who reaches it.
// Must not know how the policy is carried out. What a shell must not reach is shown to be there: an ordinary pod reaches it.

import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Installation, openInstallation, podsPath, shells } from "./harness/installation.ts";
import { field, listOf } from "./harness/json.ts";
import { needsOwnKubernetes, type OwnKubernetes, openOwnKubernetes } from "./harness/kubernetes.ts";

const run = randomBytes(3).toString("hex");
const namespace = `limpet-network-${run}`;
const people = [`network1${run}`, `network2${run}`];
const [first = "", second = ""] = people.map((name) => `limpet-${name}`);
/** Of the listeners outside of the cluster. */
const port = 28_080;

let own: OwnKubernetes;
let installation: Installation;
let closeListener = (): void => undefined;
/** Addresses that are known only now, by what they are. */
const found = new Map<string, string>();

beforeAll(async () => {
  const [opened, ours] = [await openInstallation(), await openOwnKubernetes()];
  if (opened === null || ours === null) return;
  installation = opened;
  own = ours;
  const { kubectl, control, file } = own;
  const listener = createServer((_, response) => response.end("reached"));
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  closeListener = () => listener.close();
  const local = (listener.address() as AddressInfo).port;
  await control.outside(port, local);
  for (const address of file.privateAddresses) await control.outside(port, local, address);

  const edge = await installation.as("limpet-edge");
  for (const person of people) {
    const { code, message } = await edge({ method: "POST", path: podsPath, body: installation.shellPod(person) });
    if (code !== 201) throw new Error(message);
  }
  await kubectl.run(["create", "namespace", namespace]);
  const items = [...file.nodes.map(({ name }) => serving(name)), service];
  await kubectl.run(["create", "--filename", "-"], { apiVersion: "v1", kind: "List", items });
  const ready = ["--for=condition=Ready", "--timeout=120s"];
  await kubectl.run(["wait", "pod", "--all", "--namespace", namespace, ...ready]);
  await kubectl.run(["wait", `pod/${first}`, `pod/${second}`, "--namespace", shells, ...ready]);
  for (const where of [namespace, shells]) {
    for (const pod of listOf(await kubectl.json(["get", "pods", "--namespace", where]), "items")) {
      found.set(String(field(field(pod, "metadata"), "name")), String(field(field(pod, "status"), "podIP")));
    }
  }
  const service_ = await kubectl.json(["get", "service", "serving", "--namespace", namespace]);
  found.set("service", String(field(field(service_, "spec"), "clusterIP")));
});
beforeEach(needsOwnKubernetes);
afterAll(async () => {
  closeListener();
  if (own === undefined) return;
  const now = ["--ignore-not-found", "--now", "--wait=false"];
  await own.kubectl.run(["delete", `pod/${first}`, `pod/${second}`, "--namespace", shells, ...now]);
  await own.kubectl.run(["delete", "namespace", namespace, ...now]);
});

const serve = ["python3", "-m", "http.server", "8080", "--bind", "0.0.0.0", "--directory", "/tmp"];

function serving(node: string): object {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: `serving-${node}`, namespace, labels: { app: "serving" } },
    spec: {
      nodeSelector: { "kubernetes.io/hostname": node },
      tolerations: [{ key: "limpet.dev/shells", operator: "Exists", effect: "NoSchedule" }],
      terminationGracePeriodSeconds: 0,
      containers: [{ name: "only", image: installation.images.shell, command: serve }],
    },
  };
}

const service = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "serving", namespace },
  spec: { selector: { app: "serving" }, ports: [{ port: 8080 }] },
};

/** Runs a command in a pod. @returns what it wrote, and its exit code after a line's end */
async function inPod(where: string, pod: string, ...command: readonly string[]): Promise<string> {
  const script = '"$@"; echo "exit $?"';
  return await own.kubectl.run(["exec", "--namespace", where, pod, "--", "sh", "-c", script, "sh", ...command]);
}

/** True where something answers there, whatever it says. What is cut off answers nothing, and waits for all of its time. */
async function reaches(where: string, pod: string, url: string, seconds = "5"): Promise<boolean> {
  const said = await inPod(where, pod, "curl", "-sk", "-o", "/dev/null", "--max-time", seconds, "--noproxy", "*", url);
  return said.trim().endsWith("exit 0");
}

const fromShell = (url: string): Promise<boolean> => reaches(shells, first, url);
const fromPod = (url: string): Promise<boolean> => reaches(namespace, "serving-system-1", url);

describe("a shell", () => {
  test.each<readonly [what: string, url: () => string]>([
    ["the API server by its name", () => "https://kubernetes.default.svc.cluster.local/healthz"],
    ["the API server by its service's address", () => "https://10.96.0.1/healthz"],
    ["the API server by its own address", () => "https://10.77.0.1:6443/healthz"],
    ...["system-1", "shells-1", "shells-2"].flatMap((node): readonly (readonly [string, () => string])[] => [
      [`the kubelet of ${node}`, () => `https://${addressOf(node)}:10250/healthz`],
      [`a pod on ${node}`, () => `http://${found.get(`serving-${node}`)}:8080/`],
    ]),
    ["a service by its name", () => `http://serving.${namespace}.svc.cluster.local:8080/`],
    ["a service by its address", () => `http://${found.get("service")}:8080/`],
    ["the cloud's metadata", () => `http://169.254.169.254:${port}/latest/meta-data/`],
    ["a private network", () => `http://192.168.77.1:${port}/`],
    ["another private network", () => `http://172.16.77.1:${port}/`],
  ])("does not reach %s, which an ordinary pod reaches", async (_, url) => {
    expect(await fromPod(url())).toBe(true);
    expect(await reaches(shells, first, url(), "2")).toBe(false);
  });

  test("asks for names, and gets those of the cluster and of the outside", async () => {
    const { address, domain } = own.file.outside;
    expect(await inPod(shells, first, "getent", "ahostsv4", `git.${domain}`)).toContain(address);
    expect(await inPod(shells, first, "getent", "ahostsv4", "kubernetes.default.svc.cluster.local")).toContain(
      "10.96.0.1",
    );
  });

  test("asks the name servers for names alone", async () => {
    const pods = await own.kubectl.json([
      "get",
      "pods",
      "--namespace",
      "kube-system",
      "--selector",
      "k8s-app=kube-dns",
    ]);
    const address = field(field(listOf(pods, "items")[0], "status"), "podIP");
    const url = `http://${String(address)}:8181/ready`;
    expect(await fromPod(url)).toBe(true);
    expect(await fromShell(url)).toBe(false);
  });

  test("reaches the internet, by name and by address", async () => {
    const { address, domain } = own.file.outside;
    expect(await fromShell(`http://git.${domain}:${port}/`)).toBe(true);
    expect(await fromShell(`http://${address}:${port}/`)).toBe(true);
  });

  test("is reached by nobody: not by an ordinary pod, not by another shell", async () => {
    const start = `nohup ${serve.join(" ")} >/dev/null 2>&1 &`;
    await inPod(shells, second, "sh", "-c", start);
    const url = `http://${found.get(second)}:8080/`;
    await expect.poll(() => reaches(shells, second, url), { timeout: 20_000 }).toBe(true);
    expect(await fromPod(url)).toBe(false);
    expect(await reaches(namespace, "serving-shells-1", url)).toBe(false);
    expect(await reaches(namespace, "serving-shells-2", url)).toBe(false);
    expect(await fromShell(url)).toBe(false);
  });

  test("reaches what one more policy opens, and nothing beside it", async () => {
    const [open, shut] = ["192.168.77.1", "172.16.77.1"].map((address) => `http://${address}:${port}/`);
    await own.kubectl.run(["create", "--filename", "-"], {
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: { name: `company-${run}`, namespace: shells },
      spec: {
        podSelector: {},
        policyTypes: ["Egress"],
        egress: [{ to: [{ ipBlock: { cidr: "192.168.77.1/32" } }], ports: [{ protocol: "TCP", port }] }],
      },
    });
    try {
      await expect.poll(() => fromShell(open ?? ""), { timeout: 20_000 }).toBe(true);
      expect(await fromShell(shut ?? "")).toBe(false);
    } finally {
      await own.kubectl.run(["delete", "networkpolicy", `company-${run}`, "--namespace", shells]);
    }
  });
});

function addressOf(node: string): string {
  return own.file.nodes.find(({ name }) => name === node)?.address ?? "";
}
