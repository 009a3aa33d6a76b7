// Owns the control groups of the nodes: made below a folder of this cluster's own in every hierarchy, and taken away again.
// Must not know what runs in them. Hierarchies of version 1 and the unified one, as the kernel has them.

import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { isAlive } from "./processes.ts";

/** In names: `limpet-kubernetes-PID-RANDOM`, of the process that a cluster ends with, in its own pid namespace. */
const prefix = "limpet-kubernetes-";
/** What a node's kubelet wants to divide, where the unified hierarchy has it. */
const unifiedControllers = ["cpuset", "cpu", "io", "memory", "pids"];

export interface Cgroups {
  /** All that must go at the end: this cluster's folder in each hierarchy. */
  readonly folders: readonly string[];
  /** The files that take a process's number to put it into a node's group; made where they are not there. */
  joinFiles(node: string): readonly string[];
}

interface Hierarchy {
  /** Mount point. */
  readonly path: string;
  readonly controllers: readonly string[];
  readonly unified: boolean;
}

export function makeCgroups(pid: number): Cgroups {
  const hierarchies = usedHierarchies();
  const name = `${prefix}${pid}-${randomBytes(4).toString("hex")}`;
  const folders = hierarchies.map(({ path }) => join(path, name));
  return {
    folders,
    joinFiles: (node) =>
      hierarchies.map((hierarchy, index) => {
        const folder = folders[index] ?? "";
        make(hierarchy, folder);
        make(hierarchy, join(folder, node));
        return join(folder, node, "cgroup.procs");
      }),
  };
}

function make(hierarchy: Hierarchy, folder: string): void {
  if (hierarchy.unified) divide(dirname(folder));
  mkdirSync(folder, { recursive: true });
  // An empty set takes no process; version 1 copies none from above.
  if (hierarchy.controllers.includes("cpuset") && !hierarchy.unified) {
    for (const file of ["cpuset.cpus", "cpuset.mems"]) {
      writeFileSync(join(folder, file), readFileSync(join(dirname(folder), file), "utf8").trim());
    }
  }
}

/** Groups of clusters that are gone: without a process, here or in any namespace, and the one they ended with is not there. */
export function abandonedCgroups(): readonly string[] {
  return usedHierarchies().flatMap(({ path }) =>
    readdirSync(path)
      .filter((name) => name.startsWith(prefix) && !isAlive(Number.parseInt(name.slice(prefix.length), 10)))
      .map((name) => join(path, name))
      .filter(isEmpty),
  );
}

function isEmpty(folder: string): boolean {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith("cgroup.procs"),
  );
  return files.every((file) => readFileSync(join(folder, file), "utf8") === "");
}

/** @returns why the kernel's control groups cannot be divided here, or `null` */
export function cgroupsFault(): string | null {
  const hierarchies = usedHierarchies();
  const controllers = new Set(hierarchies.flatMap((hierarchy) => hierarchy.controllers));
  for (const needed of ["cpu", "memory", "pids"]) {
    if (!controllers.has(needed)) return `the kernel's control groups here have no "${needed}"`;
  }
  for (const hierarchy of hierarchies) {
    const trial = join(hierarchy.path, `${prefix}${process.pid}-trial`);
    try {
      make(hierarchy, trial);
      rmdirSync(trial);
    } catch (error) {
      return `none can be made in ${hierarchy.path} (${error instanceof Error ? error.message : String(error)})`;
    }
  }
  return null;
}

/**
 * Version 1 as /proc/self/mountinfo shows it; the unified one only where it has the controllers, for beside version 1 it has
 * none and would make the container runtime take the machine for another kind.
 */
function usedHierarchies(): readonly Hierarchy[] {
  return readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .flatMap((line): readonly Hierarchy[] => {
      const [mount = "", system = ""] = line.split(" - ");
      const path = mount.split(" ")[4] ?? "";
      const [type, , options = ""] = system.split(" ");
      if (!path.startsWith("/sys/fs/cgroup")) return [];
      if (type === "cgroup") {
        const controllers = options.split(",").filter((option) => !["rw", "ro", "xattr"].includes(option));
        return [{ path, controllers: controllers.filter((name) => !name.startsWith("release_agent")), unified: false }];
      }
      if (type !== "cgroup2") return [];
      const controllers = readFileSync(join(path, "cgroup.controllers"), "utf8").trim().split(" ");
      return controllers.includes("memory") ? [{ path, controllers, unified: true }] : [];
    });
}

/**
 * Lets the groups below a folder of the unified hierarchy have limits of their own. What is switched on stays on in the
 * hierarchy's root, and costs next to nothing there: somebody else's group may have taken a limit since, which would be gone
 * without a word if it were switched off, and nothing tells who relies on it (cgroup-v2.rst, "Enabling and Disabling").
 */
function divide(folder: string): void {
  const control = join(folder, "cgroup.subtree_control");
  if (!existsSync(control)) return;
  const there = readFileSync(join(folder, "cgroup.controllers"), "utf8").trim().split(" ");
  const divided = readFileSync(control, "utf8").trim().split(" ");
  for (const name of unifiedControllers.filter((one) => there.includes(one) && !divided.includes(one))) {
    writeFileSync(control, `+${name}`);
  }
}
