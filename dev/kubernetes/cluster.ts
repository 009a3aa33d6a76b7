// Owns a whole cluster: the machine, its nodes and the outside, in the order in which they can start, and their one end.
// Must not know who wants it, nor where its programs and images come from.

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { addonObjects } from "./addons.ts";
import { Api } from "./api.ts";
import { writeAuthentication } from "./components/authentication.ts";
import { Component } from "./components/component.ts";
import { controlPlanePrograms } from "./components/control-plane.ts";
import { writeNodeFiles } from "./components/node-files.ts";
import { carryOut } from "./control/carry-out.ts";
import { listenForControl } from "./control/control-server.ts";
import type { KubernetesFile } from "./kubernetes-file.ts";
import {
  apiPort,
  machineAddress,
  nodeLayouts,
  outsideAddress,
  outsideDomain,
  outsideGateway,
  privateAddresses,
} from "./layout.ts";
import { makeCgroups } from "./namespaces/cgroups.ts";
import { Namespace } from "./namespaces/namespace.ts";
import { linkOutside } from "./network/links.ts";
import { loopback, Relay } from "./network/relay.ts";
import { Node } from "./node.ts";
import { makeCredentials } from "./pki/credentials.ts";

export interface Image {
  readonly reference: string;
  /** Path. */
  readonly archive: string;
}

export interface ClusterOptions {
  /** Of the programs. */
  readonly bin: string;
  /** As `v1.34.4`. */
  readonly kubernetes: string;
  /** By what they are; every node gets all of them. */
  readonly images: Readonly<Record<string, Image>> & { readonly pause: Image };
  /** Its own: what it writes goes there, on a disk on which overlayfs can be. */
  readonly folder: string;
  /** One line for the person. */
  tell(line: string): void;
}

export interface Cluster {
  readonly file: Omit<KubernetesFile, "version">;
  /** At once, with all that runs in it. */
  end(): Promise<void>;
}

const apiReadyMs = 90_000;
const nodesReadyMs = 120_000;

export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const { bin, folder, images, tell } = options;
  const path = (...names: readonly string[]): string => join(folder, ...names);
  const logs = path("logs");
  await mkdir(logs, { recursive: true });
  const credentials = await makeCredentials(path("pki"), nodeLayouts);
  const authenticationPath = path("authentication.json");
  await writeAuthentication(authenticationPath);

  const machine = await Namespace.start({
    title: "the machine",
    kinds: ["mount", "pid", "net", "uts", "ipc"],
    script: "machine.sh",
    args: [`${machineAddress}/24`, `${outsideGateway}/24`, ...privateAddresses],
  });
  try {
    const cgroups = makeCgroups(process.pid);
    const components = new Map(
      controlPlanePrograms({ bin, credentials, etcdFolder: path("etcd"), authenticationPath }).map(
        ({ name, ...program }) => [
          name,
          new Component({ name, namespace: machine, logPath: join(logs, `${name}.log`), tell, ...program }),
        ],
      ),
    );
    for (const component of components.values()) component.start();
    const relay = await Relay.start(machine);
    const server = `https://${loopback}:${await relay.forward({ host: machineAddress, port: apiPort })}`;
    const kubeconfig = path("admin.kubeconfig");
    await credentials.writeAdmin(kubeconfig, server);
    const kubectl = join(bin, "kubectl");
    const api = new Api({ server, admin: credentials.admin, kubectl, kubeconfig });

    const outside = await Namespace.start({
      title: "the outside",
      kinds: ["mount", "pid", "net"],
      script: "outside.sh",
      args: [],
      parent: machine,
    });
    await linkOutside(machine, outside);
    const outsideRelay = await Relay.start(outside);

    const nodes = await Promise.all(
      nodeLayouts.map(async (layout) => {
        const files = await writeNodeFiles({
          folder: path("nodes", layout.name),
          layout,
          credentials,
          pauseImage: images.pause.reference,
        });
        const joinFiles = (): readonly string[] => cgroups.joinFiles(layout.name);
        const own = { layout, machine, bin, folder: path("nodes", layout.name), logs, credentials, files };
        return new Node({ ...own, joinFiles, tell });
      }),
    );
    const apiReady = api.until("The API server", apiReadyMs, "/readyz", (body) => body === "ok");
    await Promise.all([
      apiReady.then(() => api.apply(addonObjects({ image: images.pause.reference, coredns: join(bin, "coredns") }))),
      ...nodes.map(async (node) => {
        await node.boot();
        await node.importImages(images.pause.archive);
        await apiReady;
        node.join();
        const others = Object.entries(images).filter(([name]) => name !== "pause");
        for (const [, image] of others) await node.importImages(image.archive);
      }),
    ]);
    await api.until("Every node", nodesReadyMs, "/api/v1/nodes", (body) => readyItems(body) === nodes.length);
    const dnsPath = "/api/v1/namespaces/kube-system/pods?labelSelector=k8s-app%3Dkube-dns";
    await api.until("DNS", nodesReadyMs, dnsPath, (body) => readyItems(body) > 0);
    api.close();

    const control = path("control.sock");
    const parts = { components, nodes, relay, outsideRelay, authenticationPath };
    const controlServer = await listenForControl(control, (request) => carryOut(parts, request));
    return {
      file: {
        kubernetes: options.kubernetes,
        kubectl,
        kubeconfig,
        caPath: credentials.caPath,
        server,
        control,
        nodes: nodeLayouts.map(({ name, pool, address }) => ({ name, pool, address })),
        nodePorts: { host: loopback },
        outside: { address: outsideAddress, domain: outsideDomain },
        privateAddresses,
        images: Object.fromEntries(Object.entries(images).map(([name, { reference }]) => [name, reference])),
      },
      end: async () => {
        controlServer.close();
        for (const component of components.values()) component.letGo();
        for (const node of nodes) await node.cut();
        await machine.end();
      },
    };
  } catch (error) {
    await machine.end();
    throw error;
  }
}

/** @returns how many items of a list have the condition Ready */
function readyItems(list: unknown): number {
  const field = (from: unknown, name: string): unknown =>
    typeof from === "object" && from !== null ? Reflect.get(from, name) : undefined;
  const items = field(list, "items");
  if (!Array.isArray(items)) return 0;
  return items.filter((item) => {
    const conditions = field(field(item, "status"), "conditions");
    return (
      Array.isArray(conditions) &&
      conditions.some((one) => field(one, "type") === "Ready" && field(one, "status") === "True")
    );
  }).length;
}
