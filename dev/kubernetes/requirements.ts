// Owns whether a real Kubernetes can run here at all: by trying, in a second, before anything is built.
// Must not know how it is run.

import { execFileSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { cgroupsFault } from "./namespaces/cgroups.ts";

/** Programs of Debian packages (dev/setup/debian.mjs brings them), beside those that are built. */
const programs = ["containerd", "runc", "ip", "iptables", "tini", "unshare", "nsenter", "setpriv"];
const cniPlugins = ["ptp", "host-local", "portmap", "loopback"];
export const cniFolder = "/usr/lib/cni";

/** @returns why none can be had here, as a sentence for a person; `null` where one can */
export function whyNoKubernetes(): string | null {
  if (process.platform !== "linux") return `A real Kubernetes needs Linux; this is ${process.platform}.`;
  if (process.getuid?.() !== 0)
    return "A real Kubernetes needs root: its nodes get namespaces and control groups of their own.";
  const missing = [
    ...programs.filter((name) => !isOnPath(name)),
    ...cniPlugins.map((name) => join(cniFolder, name)).filter((path) => !isExecutable(path)),
  ];
  if (missing.length > 0) return `A real Kubernetes needs ${missing.join(", ")}, which this machine has not got.`;
  const groups = cgroupsFault();
  if (groups !== null) return `A real Kubernetes needs control groups: ${groups}.`;
  return namespacesFault();
}

/** What a node needs of the kernel, in namespaces that end with the command. */
function namespacesFault(): string | null {
  const rules = [
    "mount --make-private /sys && mount -t sysfs sysfs /sys",
    "ip link add one type veth peer name two",
    "ip link add three type bridge",
    "iptables -w -t nat -A POSTROUTING -j MASQUERADE",
    "iptables -w -t mangle -A POSTROUTING -m owner --uid-owner 1 -m conntrack --ctstate NEW -j NFQUEUE --queue-num 100",
  ];
  const kinds = ["--mount", "--propagation=unchanged", "--pid", "--net", "--uts", "--ipc", "--cgroup"];
  for (const rule of rules) {
    try {
      execFileSync("unshare", ["--fork", ...kinds, "sh", "-c", rule], { stdio: ["ignore", "ignore", "pipe"] });
    } catch (error) {
      const said = error instanceof Error && "stderr" in error ? String(error.stderr).trim() : String(error);
      return `A real Kubernetes cannot run here: "${rule}" in namespaces of its own failed: ${said.split("\n").at(-1)}`;
    }
  }
  return null;
}

function isOnPath(program: string): boolean {
  return (process.env["PATH"] ?? "").split(delimiter).some((folder) => isExecutable(join(folder, program)));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
