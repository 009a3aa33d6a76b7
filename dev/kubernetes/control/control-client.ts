// Owns asking a running cluster for something through its control socket (kubernetes.json names it).
// Must not know how it is done there.

import { request } from "node:http";
import { text } from "node:stream/consumers";
import type { ComponentAction } from "./requests.ts";

export class ControlClient {
  readonly #socketPath: string;

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  /**
   * @param name `etcd`, `kube-apiserver`, `kube-controller-manager`, `kube-scheduler`, or one of a node's: `NODE/kubelet`,
   *   `NODE/containerd`, `NODE/kube-proxy`, `NODE/kube-network-policies`
   */
  async component(name: string, action: ComponentAction): Promise<void> {
    await this.#ask("POST", `/components/${name}/${action}`);
  }

  /** Stopped at once, as by a cut of its power; started until its kubelet runs (not until it is Ready). */
  async node(name: string, action: "stop" | "start"): Promise<void> {
    await this.#ask("POST", `/nodes/${name}/${action}`);
  }

  /**
   * A port of the outside leads to one of 127.0.0.1 here; asked again, it leads elsewhere.
   * @param address another one outside the cluster (`privateAddresses` of kubernetes.json)
   */
  async outside(port: number, localPort: number, address?: string): Promise<void> {
    const body = { port, to: `127.0.0.1:${localPort}`, ...(address === undefined ? {} : { address }) };
    await this.#ask("POST", "/outside", body);
  }

  /** @param to `10.77.0.11:30443` @returns a port on 127.0.0.1 that leads there */
  async forward(to: string): Promise<number> {
    const answer = await this.#ask("POST", "/forward", { to });
    const port: unknown = typeof answer === "object" && answer !== null ? Reflect.get(answer, "port") : undefined;
    if (typeof port !== "number") throw new Error("the control socket did not say a port");
    return port;
  }

  /** @param archive path of an OCI or Docker archive, which every node gets */
  async importImages(archive: string): Promise<void> {
    await this.#ask("POST", "/images", { archive });
  }

  /** @param configuration an AuthenticationConfiguration, `null` for none: the API server reads it within seconds */
  async authentication(configuration: object | null): Promise<void> {
    await this.#ask("PUT", "/authentication", configuration ?? undefined);
  }

  /** @throws Error with what the cluster said */
  async #ask(method: string, path: string, body?: object): Promise<unknown> {
    const said = body === undefined ? "" : JSON.stringify(body);
    return await new Promise((resolve, reject) => {
      const asked = request({
        socketPath: this.#socketPath,
        method,
        path,
        headers: { "content-length": Buffer.byteLength(said) },
      });
      asked.once("error", reject);
      asked.once("response", (response) => {
        text(response)
          .then((answer) => {
            if (response.statusCode !== 200) throw new Error(`${method} ${path}: ${answer.trim()}`);
            resolve(JSON.parse(answer));
          })
          .catch(reject);
      });
      asked.end(said);
    });
  }
}
