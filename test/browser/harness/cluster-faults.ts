// Owns asking the local cluster to misbehave (docs/local.md, "Faults").
// Must not know how a fault is played or what it leads to.

import { readFileSync } from "node:fs";
import type { FaultAction } from "../../../dev/cluster/cluster-faults.ts";
import type { Fault } from "../../../dev/cluster/faults.ts";

export interface Faults {
  /** Stands until `clear`. */
  add(fault: Fault): Promise<void>;
  act(action: FaultAction): Promise<void>;
  clear(): Promise<void>;
}

export class ClusterFaults implements Faults {
  readonly #runFile: string;

  /** `runFile`: the product's run.json. */
  constructor(runFile: string) {
    this.#runFile = runFile;
  }

  async add(fault: Fault): Promise<void> {
    await this.#ask("POST", fault);
  }

  async act(action: FaultAction): Promise<void> {
    await this.#ask("POST", action);
  }

  async clear(): Promise<void> {
    await this.#ask("DELETE");
  }

  async #ask(method: "POST" | "DELETE", body?: Fault | FaultAction): Promise<void> {
    const { url, token } = this.#door();
    const answer = await fetch(`${url}/faults`, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`The cluster refused a fault with ${answer.status}: ${await answer.text()}`);
  }

  #door(): { readonly url: string; readonly token: string } {
    const text = readFileSync(this.#runFile, "utf8");
    const [, url] = /"url": "([^"]+)",\s*"faultsToken"/.exec(text) ?? [];
    const [, token] = /"faultsToken": "([^"]+)"/.exec(text) ?? [];
    if (url === undefined || token === undefined) throw new Error(`run.json names no faults: ${text}`);
    return { url, token };
  }
}
