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
import { type ClusterParts, carryOut } from "./control/carry-out.ts";
import { listenForControl } from "./control/control-server.ts";
import type { KubernetesFile } from "./kubernetes-file.ts";
import {
  apiPort,
  machineAddress,
  type NodeLayout,
  nodeLayouts,
  outsideAddress,
  outsideDomain,
  outsideGateway,
  privateAddresses,
} from "./layout.ts";
import type { Cgroups } from "./namespaces/cgroups.ts";
import { Namespace } from "./namespaces/namespace.ts";
import { linkOutside } from "./network/links.ts";
import { loopback, Relay } from "./network/relay.ts";
import { Node } from "./node.ts";
import { type Credentials, makeCredentials } from "./pki/credentials.ts";
import { readyItems } from "./ready-items.ts";

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
  /** By what they are; every node has all of them. */
  readonly images: Readonly<Record<string, Image>> & { readonly pause: Image };
  /** Where they are unpacked (image-store.ts). */
  readonly imageStore: string;
  /** Its own: what it writes goes there, but what the nodes store. */
  readonly folder: string;
  /** Its own: the nodes' layers and volumes, on the disk of the image store, on which overlayfs can be. */
  readonly disk: string;
  readonly cgroups: Cgroups;
  /** One line for the person. */
  tell(line: string): void;
  /** Ends a start that has not come to its end. */
  readonly signal: AbortSignal;
}

export interface Cluster {
  readonly file: Omit<KubernetesFile, "version">;
  /** At once, with all that runs in it. */
  end(): Promise<void>;
}

/** In a cluster's folder. */
export const controlSocket = "control.sock";
const apiReadyMs = 90_000;
const readyMs = 120_000;

/** @throws Error where a part of it does not come up; nothing of it runs then */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const path = (...names: readonly string[]): string => join(options.folder, ...names);
  for (const name of ["logs", "root"]) await mkdir(path(name), { recursive: true });
  const credentials = await makeCredentials(path("pki"), nodeLayouts);
  const authenticationPath = path("authentication.json");
  await writeAuthentication(authenticationPath);
  const machine = await Namespace.start({
    title: "the machine",
    kinds: ["mount", "pid", "net", "uts", "ipc"],
    script: "machine.sh",
    args: [path("root"), `${machineAddress}/24`, `${outsideGateway}/24`, ...privateAddresses],
  });
  const components = makeControlPlane(options, machine, credentials, authenticationPath);
  const nodes: Node[] = [];
  const end = async (): Promise<void> => {
    for (const component of components.values()) component.letGo();
    for (const node of nodes) await node.cut();
    await machine.end();
  };
  try {
    for (const component of components.values()) component.start();
    const relay = await Relay.start(machine);
    const server = `https://${loopback}:${await relay.forward({ host: machineAddress, port: apiPort })}`;
    const kubeconfig = path("admin.kubeconfig");
    await credentials.writeAdmin(kubeconfig, server);
    const kubectl = join(options.bin, "kubectl");
    const api = new Api({ server, admin: credentials.admin, kubectl, kubeconfig, signal: options.signal });
    const outsideRelay = await startOutside(machine);
    for (const layout of nodeLayouts) nodes.push(await makeNode(options, layout, machine, credentials));
    await becomeReady(options, api, nodes);
    const parts: ClusterParts = { components, nodes, relay, outsideRelay, authenticationPath };
    const control = path(controlSocket);
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
        images: Object.fromEntries(Object.entries(options.images).map(([name, { reference }]) => [name, reference])),
      },
      end: async () => {
        controlServer.close();
        await end();
      },
    };
  } catch (error) {
    if (!options.signal.aborted)
      sayLastWords(options, [...components.values(), ...nodes.flatMap((node) => node.all())]);
    await end();
    throw error;
  }
}

/** The logs go with the cluster. */
function sayLastWords(options: ClusterOptions, components: readonly Component[]): void {
  for (const component of components) options.tell(`${component.name} said: ${component.lastWords()}`);
}

function makeControlPlane(
  options: ClusterOptions,
  machine: Namespace,
  credentials: Credentials,
  authenticationPath: string,
): ReadonlyMap<string, Component> {
  const { bin, folder, tell } = options;
  const programs = controlPlanePrograms({ bin, credentials, etcdFolder: join(folder, "etcd"), authenticationPath });
  return new Map(
    programs.map(({ name, ...program }) => {
      const logPath = join(folder, "logs", `${name}.log`);
      return [name, new Component({ name, namespace: machine, logPath, tell, ...program })];
    }),
  );
}

async function startOutside(machine: Namespace): Promise<Relay> {
  const outside = await Namespace.start({
    title: "the outside",
    kinds: ["mount", "pid", "net"],
    script: "outside.sh",
    args: [],
    parent: machine,
  });
  await linkOutside(machine, outside);
  return await Relay.start(outside);
}

async function makeNode(
  options: ClusterOptions,
  layout: NodeLayout,
  machine: Namespace,
  credentials: Credentials,
): Promise<Node> {
  const folder = join(options.folder, "nodes", layout.name);
  const files = await writeNodeFiles({ folder, layout, credentials, pauseImage: options.images.pause.reference });
  const { bin, cgroups, disk, imageStore, tell } = options;
  const [lib, logs] = [join(disk, layout.name), join(options.folder, "logs")];
  const joinFiles = (): readonly string[] => cgroups.joinFiles(layout.name);
  return new Node({ layout, machine, bin, folder, lib, imageStore, logs, credentials, files, joinFiles, tell });
}

/** Nodes boot while the API server still starts. */
async function becomeReady(options: ClusterOptions, api: Api, nodes: readonly Node[]): Promise<void> {
  const apiReady = api.until("The API server", apiReadyMs, "/readyz", (body) => body === "ok");
  const image = options.images.pause.reference;
  const addons = addonObjects({ image, coredns: join(options.bin, "coredns") });
  await Promise.all([
    apiReady.then(() => api.apply(addons)),
    ...nodes.map(async (node) => {
      await node.boot();
      await apiReady;
      node.join();
    }),
  ]);
  await api.until("Every node", readyMs, "/api/v1/nodes", (body) => readyItems(body) === nodes.length);
  const dns = "/api/v1/namespaces/kube-system/pods?labelSelector=k8s-app%3Dkube-dns";
  await api.until("DNS", readyMs, dns, (body) => readyItems(body) > 0);
  api.close();
}
