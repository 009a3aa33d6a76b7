// Owns what a pod's process finds around it: environment, programs, the image's scripts.
// Must not know when anything is started.

import { accessSync, constants, existsSync, statSync } from "node:fs";
import { userInfo } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import type { Pod } from "../pods/pod.ts";
import type { ContainerPlan } from "../pods/pod-plan.ts";
import type { PodPlaces } from "./pod-places.ts";
import { podUidVariable } from "./pod-processes.ts";

/** Where the image keeps Limpet's scripts; a word of a command that begins so means the same file of `imageDir`. */
const scriptsPrefix = "/usr/local/lib/limpet/";
const path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * A clean environment: nothing of this server's own, and none of the `KUBERNETES_*` that a cluster adds. Home, shell and
 * Limpet's own variables are this machine's, whatever the manifest says of the image.
 */
export function containerEnvironment(
  pod: Pod,
  container: ContainerPlan,
  places: PodPlaces,
): Readonly<Record<string, string>> {
  const fromManifest = Object.fromEntries(
    container.env.map(({ name, value, fieldPath }) => [name, fieldPath === undefined ? value : field(pod, fieldPath)]),
  );
  return {
    PATH: path,
    LANG: "C.UTF-8",
    HOSTNAME: pod.metadata.name,
    SHELL: "/bin/bash",
    ...imageEnvironment(container.image),
    ...fromManifest,
    HOME: places.home,
    USER: userInfo().username,
    LOGNAME: userInfo().username,
    LIMPET_RUN: places.run,
    LIMPET_LOCAL: "1",
    [podUidVariable]: pod.metadata.uid,
  };
}

/** What an image sets by itself. `NAME:plain` stands for one without tmux: its shells have no session behind them. */
function imageEnvironment(image: string): Readonly<Record<string, string>> {
  return image.endsWith(":plain") ? { LIMPET_MULTIPLEXER: "none" } : {};
}

/** The downward API's fields that a shell's manifest may name. */
function field(pod: Pod, fieldPath: string): string {
  const { name, namespace, uid, labels, annotations } = pod.metadata;
  const [, map, key] = /^metadata\.(labels|annotations)\['([^']+)'\]$/.exec(fieldPath) ?? [];
  if (key !== undefined) return (map === "labels" ? labels : annotations)?.[key] ?? "";
  const fields: Readonly<Record<string, string>> = {
    "metadata.name": name,
    "metadata.namespace": namespace,
    "metadata.uid": uid,
    "spec.nodeName": String(pod.spec["nodeName"] ?? ""),
    "spec.serviceAccountName": String(pod.spec["serviceAccountName"] ?? ""),
    "status.podIP": pod.status.podIP ?? "",
    "status.hostIP": pod.status.hostIP ?? "",
  };
  return fields[fieldPath] ?? "";
}

/** The command with the image's scripts where they are on this machine. */
export function localCommand(argv: readonly string[], imageDir: string): readonly string[] {
  return argv.map((word) => (word.startsWith(scriptsPrefix) ? join(imageDir, word.slice(scriptsPrefix.length)) : word));
}

/** Where the container starts its commands: its own working directory where this machine has it, else the home. */
export function workingDirectory(container: ContainerPlan, home: string): string {
  const { workingDir } = container;
  return workingDir !== undefined && existsSync(workingDir) && statSync(workingDir).isDirectory() ? workingDir : home;
}

/** Undefined where `name` can be executed; else why not, in the words of runc. */
export function whyNotExecutable(name: string, searchPath: string, cwd: string): string | undefined {
  const lookUp = !name.includes("/");
  const files = lookUp
    ? searchPath.split(":").map((directory) => join(directory, name))
    : [isAbsolute(name) ? name : resolve(cwd, name)];
  const present = files.filter((file) => existsSync(file) && statSync(file).isFile());
  if (present.some(isExecutable)) return undefined;
  if (lookUp) return `exec: "${name}": executable file not found in $PATH`;
  return `exec: "${name}": ${present.length > 0 ? "permission denied" : `stat ${name}: no such file or directory`}`;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
