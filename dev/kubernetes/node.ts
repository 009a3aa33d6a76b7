// Owns one node: its namespaces, its link, its programs and its images; started, stopped as by a cut of its power, started again.
// Must not know the other nodes' state.

import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Component } from "./components/component.ts";
import { importImage, waitForContainerd } from "./components/images.ts";
import type { NodeFiles } from "./components/node-files.ts";
import { nodePrograms } from "./components/node-programs.ts";
import { copyImageStore } from "./image-store.ts";
import { type NodeLayout, nodeLayouts } from "./layout.ts";
import { Namespace } from "./namespaces/namespace.ts";
import { linkNode } from "./network/links.ts";
import { feedPolicyQueue } from "./network/policy-queue.ts";
import type { Credentials } from "./pki/credentials.ts";

export interface NodeOptions {
  readonly layout: NodeLayout;
  readonly machine: Namespace;
  readonly bin: string;
  readonly folder: string;
  /** Its /var/lib: containers' layers and volumes, so on a disk. */
  readonly lib: string;
  readonly imageStore: string;
  readonly logs: string;
  readonly credentials: Credentials;
  readonly files: NodeFiles;
  /** Makes its control groups where they are not there. */
  joinFiles(): readonly string[];
  tell(line: string): void;
}

export class Node {
  readonly layout: NodeLayout;
  readonly #options: NodeOptions;
  #namespace: Namespace | null = null;
  #components: ReadonlyMap<string, Component> = new Map();

  constructor(options: NodeOptions) {
    this.layout = options.layout;
    this.#options = options;
  }

  get isRunning(): boolean {
    return this.#namespace !== null;
  }

  /** Its namespaces and containerd, while the control plane may still start. */
  async boot(): Promise<void> {
    if (this.#namespace !== null) return;
    const { layout, machine, folder, lib, imageStore, logs, tell } = this.#options;
    await mkdir(folder, { recursive: true });
    const containerd = join(lib, "containerd");
    if (!existsSync(containerd)) await copyImageStore(imageStore, containerd);
    const namespace = await Namespace.start({
      title: layout.name,
      kinds: ["mount", "pid", "net", "uts", "ipc", "cgroup"],
      script: "node.sh",
      args: [layout.name, folder, lib],
      parent: machine,
      joinFiles: this.#options.joinFiles(),
    });
    this.#namespace = namespace;
    await linkNode(machine, namespace, layout, nodeLayouts);
    await feedPolicyQueue(namespace);
    this.#components = new Map(
      nodePrograms(this.#options).map(({ name, ...program }) => {
        const logPath = join(logs, `${layout.name}-${name}.log`);
        return [name, new Component({ name: `${layout.name}/${name}`, namespace, logPath, tell, ...program })];
      }),
    );
    this.component("containerd")?.start();
    await waitForContainerd(namespace);
  }

  /** The rest of its programs. */
  join(): void {
    for (const component of this.#components.values()) component.start();
  }

  component(name: string): Component | undefined {
    return this.#components.get(name);
  }

  all(): readonly Component[] {
    return [...this.#components.values()];
  }

  /** @param archive path */
  async importImages(archive: string): Promise<void> {
    if (this.#namespace !== null) await importImage(this.#namespace, archive);
  }

  /** Nothing on it hears of it. */
  async cut(): Promise<void> {
    const namespace = this.#namespace;
    if (namespace === null) return;
    for (const component of this.#components.values()) component.letGo();
    this.#namespace = null;
    await namespace.end();
  }
}
