// Owns what the administrator of a real Kubernetes asks for a figure: an exec straight to its API server, and a pod as it changes.
// Must not know Limpet's way there, nor what is measured.

import { readFile } from "node:fs/promises";
import { request } from "node:https";
import { createInterface } from "node:readline";
import type { KubernetesFile } from "../../dev/kubernetes/kubernetes-file.ts";
import { type Link, openExec } from "../link.ts";

export interface ExecWish {
  readonly name: string;
  readonly pod: string;
  readonly command: readonly string[];
  readonly cols: number;
  readonly rows: number;
}

/** A pod (core/v1) as a watch gives it; `status` is read where it is used. */
export type PodSeen = { readonly name: string; readonly uid: string; readonly status: unknown };

/** PEM. */
interface Credentials {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

export class Administrator {
  readonly #server: string;
  readonly #namespace: string;
  readonly #tls: Credentials;

  private constructor(server: string, namespace: string, tls: Credentials) {
    this.#server = server;
    this.#namespace = namespace;
    this.#tls = tls;
  }

  static async of(kubernetes: KubernetesFile, namespace: string): Promise<Administrator> {
    const config: unknown = JSON.parse(await readFile(kubernetes.kubeconfig, "utf8"));
    const cluster = field(first(field(config, "clusters")), "cluster");
    const user = field(first(field(config, "users")), "user");
    return new Administrator(kubernetes.server, namespace, {
      ca: decoded(cluster, "certificate-authority-data"),
      cert: decoded(user, "client-certificate-data"),
      key: decoded(user, "client-key-data"),
    });
  }

  /** v4 of the channel protocol with a tty, as `kubectl exec -it` has it. */
  exec({ name, pod, command, cols, rows }: ExecWish): Promise<Link> {
    const url = new URL(`/api/v1/namespaces/${this.#namespace}/pods/${pod}/exec`, this.#server);
    url.protocol = "wss:";
    url.searchParams.set("container", "shell");
    for (const word of command) url.searchParams.append("command", word);
    for (const stream of ["stdin", "stdout", "tty"]) url.searchParams.set(stream, "true");
    return openExec({ name, url: url.href, token: null, tls: this.#tls, cols, rows, tty: true });
  }

  /** Calls `seen` with each state of the namespace's pods from now on, as it arrives. @returns ends the watch */
  async watch(seen: (pod: PodSeen) => void): Promise<() => void> {
    const url = `${this.#server}/api/v1/namespaces/${this.#namespace}/pods?watch=true`;
    return await new Promise((resolve, reject) => {
      const asked = request(url, this.#tls);
      asked.once("error", reject);
      asked.once("response", (response) => {
        if (response.statusCode !== 200) {
          reject(new Error(`The API server answered a watch with ${response.statusCode}.`));
          return;
        }
        // Ended by us, it breaks off.
        response.on("error", () => undefined);
        const lines = createInterface({ input: response });
        // It passes on what its input says.
        lines.on("error", () => undefined);
        lines.on("line", (line) => {
          const object = field(JSON.parse(line), "object");
          const metadata = field(object, "metadata");
          const [name, uid] = [field(metadata, "name"), field(metadata, "uid")];
          if (typeof name === "string" && typeof uid === "string") seen({ name, uid, status: field(object, "status") });
        });
        resolve(() => asked.destroy());
      });
      asked.end();
    });
  }
}

export function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}

function first(value: unknown): unknown {
  return Array.isArray(value) ? value[0] : undefined;
}

function decoded(value: unknown, name: string): string {
  const found = field(value, name);
  if (typeof found !== "string") throw new Error(`The administrator's kubeconfig has no ${name}.`);
  return Buffer.from(found, "base64").toString("utf8");
}
