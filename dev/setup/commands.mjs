// Owns the list of commands: what each needs of the machine, and what is run for it under Node 24.
// Must not know how needs are met.
// @ts-check

import { haproxy } from "./haproxy.mjs";
import { sshd } from "./sshd.mjs";

/**
 * @typedef {keyof typeof import("./debian.mjs").packages} Need a program that npm has no package for
 * @typedef {{
 *   needs: readonly Need[],
 *   needsFor?: (args: readonly string[]) => readonly Need[],
 *   unpacks?: readonly import("./unpack.mjs").Unpacked[],
 *   run: (args: readonly string[]) => readonly string[],
 * }} Command
 *   `needsFor`: what certain arguments need beside that; `unpacks`: servers for its tests, where they can be had
 */

/** @param {string} file @returns {Command["run"]} */
const script = (file) => (args) => ["node", file, ...args];

/** What the scripts of the shell's image use. @type {readonly Need[]} */
const podPrograms = ["tmux", "git", "jq", "curl", "ssh"];

/** What a real Kubernetes is made with, and what its programs and images are built with. @type {readonly Need[]} */
const kubernetesPrograms = [
  "containerd",
  "runc",
  "/usr/lib/cni/ptp",
  "iptables",
  "ip",
  "tini",
  "buildah",
  "debootstrap",
  "python3",
  "pip3",
];

/** Where one is there already, or a person could not start one anyhow: then the proofs are skipped and say why. */
const noOwnKubernetes =
  [process.env["LIMPET_KUBERNETES"], process.env["KUBECONFIG"]].some(Boolean) || process.getuid?.() !== 0;

/** `--kubernetes`: a real one in place of the local cluster. @type {(args: readonly string[]) => readonly Need[]} */
const kubernetesFlag = (args) => {
  const own = args.includes("--kubernetes") && !process.env["LIMPET_KUBERNETES"] && process.getuid?.() === 0;
  return own ? kubernetesPrograms : [];
};

/** @type {Readonly<Record<string, Command>>} */
export const commands = {
  start: { needs: podPrograms, needsFor: kubernetesFlag, run: script("dev/start/main.ts") },
  dev: {
    needs: podPrograms,
    needsFor: kubernetesFlag,
    run: (args) => ["node", "dev/start/main.ts", "--watch", ...args],
  },
  test: { needs: [...podPrograms, "chromium", "vi"], unpacks: [sshd, haproxy], run: script("dev/checks/main.ts") },
  "test:unit": {
    needs: [],
    run: (args) => ["vitest", "run", "--config", "test/vitest.config.ts", "--project", "unit", ...args],
  },
  "test:kubernetes": { needs: noOwnKubernetes ? [] : kubernetesPrograms, run: script("dev/checks/kubernetes.ts") },
  lint: { needs: [], run: (args) => ["biome", "check", "--config-path=dev/tools", ...or(args, ".")] },
  format: { needs: [], run: (args) => ["biome", "check", "--write", "--config-path=dev/tools", ...or(args, ".")] },
  typecheck: { needs: [], run: script("dev/checks/typecheck.ts") },
  bench: { needs: podPrograms, needsFor: kubernetesFlag, run: script("bench/main.ts") },
  build: { needs: [], run: script("dev/build/main.ts") },
  generate: { needs: [], run: script("dev/generate/main.ts") },
  rotate: { needs: [], run: script("dev/rotate/main.ts") },
  "signing-keys": { needs: [], run: script("dev/signing-keys/main.ts") },
  "ingress-keys": { needs: [], run: script("dev/ingress-keys/main.ts") },
  deploy: { needs: [], run: script("dev/deploy/main.ts") },
  doctor: { needs: [], run: script("dev/doctor/main.ts") },
};

/** @param {readonly string[]} args @param {string} otherwise */
function or(args, otherwise) {
  return args.length > 0 ? args : [otherwise];
}
