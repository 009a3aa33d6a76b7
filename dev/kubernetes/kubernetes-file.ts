// Owns kubernetes.json: how a running real Kubernetes says where it is, and how that is read.
// Must not know how the cluster is made or used.

import { readFile, rename, writeFile } from "node:fs/promises";

/** The shape's number: a reader refuses any other. */
const version = 1;

export interface KubernetesFile {
  readonly version: typeof version;
  /** As the API server says it: "v1.34.4". */
  readonly kubernetes: string;
  /** Paths of files. The kubeconfig is the administrator's, and is JSON. */
  readonly kubectl: string;
  readonly kubeconfig: string;
  readonly caPath: string;
  /** The API server through the forwarder: `https://127.0.0.1:PORT`. */
  readonly server: string;
  /** Path of the unix socket that takes control requests (control/control-client.ts). */
  readonly control: string;
  readonly nodes: readonly KubernetesNode[];
  /** Where a port opened by `POST /forward` listens. */
  readonly nodePorts: { readonly host: string };
  /** What stands for the internet; every name below `domain` is its address in the cluster's DNS. */
  readonly outside: { readonly address: string; readonly domain: string };
  /** Private addresses outside the cluster on which `POST /outside` can listen too. */
  readonly privateAddresses: readonly string[];
  /** References of the images that every node has, by what they are: `shell`, `ingress`, `pause`, … */
  readonly images: Readonly<Record<string, string>>;
}

export interface KubernetesNode {
  readonly name: string;
  readonly pool: "system" | "shells";
  readonly address: string;
}

/** Whole or not at all: who waits for the file reads it as soon as it is there. */
export async function writeKubernetesFile(path: string, file: Omit<KubernetesFile, "version">): Promise<void> {
  const whole: KubernetesFile = { version, ...file };
  await writeFile(`${path}.new`, `${JSON.stringify(whole, null, 2)}\n`, { mode: 0o600 });
  await rename(`${path}.new`, path);
}

/** @throws Error with the field that is wrong */
export async function readKubernetesFile(path: string): Promise<KubernetesFile> {
  const value: unknown = JSON.parse(await readFile(path, "utf8"));
  const fault = (field: string): Error =>
    new Error(`${path}: ${field} is missing or wrong; was it written by main.ts up?`);
  const field = (from: unknown, name: string): unknown =>
    typeof from === "object" && from !== null ? Reflect.get(from, name) : undefined;
  const text = (from: unknown, name: string): string => {
    const found = field(from, name);
    if (typeof found !== "string") throw fault(name);
    return found;
  };
  const list = (name: string): readonly unknown[] => {
    const found = field(value, name);
    if (!Array.isArray(found)) throw fault(name);
    return found;
  };
  if (field(value, "version") !== version) throw fault("version");
  const images = field(value, "images");
  if (typeof images !== "object" || images === null) throw fault("images");
  return {
    version,
    kubernetes: text(value, "kubernetes"),
    kubectl: text(value, "kubectl"),
    kubeconfig: text(value, "kubeconfig"),
    caPath: text(value, "caPath"),
    server: text(value, "server"),
    control: text(value, "control"),
    nodes: list("nodes").map((one) => {
      const pool = text(one, "pool");
      if (pool !== "system" && pool !== "shells") throw fault("pool");
      return { name: text(one, "name"), pool, address: text(one, "address") };
    }),
    nodePorts: { host: text(field(value, "nodePorts"), "host") },
    outside: { address: text(field(value, "outside"), "address"), domain: text(field(value, "outside"), "domain") },
    privateAddresses: list("privateAddresses").map((address) => {
      if (typeof address !== "string") throw fault("privateAddresses");
      return address;
    }),
    images: Object.fromEntries(Object.keys(images).map((name) => [name, text(images, name)])),
  };
}
