// Owns the few programs that npm has no package for: found, installed by apt when root, or asked for in one message.
// Must not know who needs them.
// @ts-check

import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { runQuietly, SetupError } from "./processes.mjs";

/** @typedef {import("./commands.mjs").Need} Need */

/** The Debian packages that bring a program; a browser without a font shows nothing that is worth a picture. */
export const packages = {
  tmux: ["tmux"],
  git: ["git"],
  jq: ["jq"],
  curl: ["curl", "ca-certificates"],
  ssh: ["openssh-client"],
  vi: ["vim-tiny"],
  chromium: ["chromium", "fonts-dejavu-core", "fonts-noto-color-emoji"],
  containerd: ["containerd"],
  runc: ["runc"],
  iptables: ["iptables"],
  ip: ["iproute2"],
  tini: ["tini"],
  "/usr/lib/cni/ptp": ["containernetworking-plugins"],
  buildah: ["buildah"],
  debootstrap: ["debootstrap"],
  python3: ["python3"],
  pip3: ["python3-pip"],
};

/** @param {readonly Need[]} needs @returns those that this machine has not got */
export function missingPrograms(needs) {
  return needs.filter((need) => !isOnPath(need));
}

/**
 * @param {readonly Need[]} missing at least one
 * @returns {string[]} the Debian packages that bring them
 * @throws {SetupError} with the exact command where it may not install them itself
 */
export function packagesFor(missing) {
  const names = missing.flatMap((need) => packages[need]);
  const what = missing.join(" and ");
  if (!isOnPath("apt-get")) {
    throw new SetupError(`Limpet needs ${what}. Install ${missing.length === 1 ? "it" : "them"}, then run this again.`);
  }
  if (process.getuid?.() !== 0) {
    throw new SetupError(
      `Limpet needs ${what}. Run this, then start again:\n\n  sudo ${installCommand(names).join(" ")}`,
    );
  }
  return names;
}

/** @param {readonly string[]} names of Debian packages */
export async function installPackages(names) {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  await runQuietly("Reading apt's lists", ["apt-get", "update"], { env });
  await runQuietly(`Installing ${names.join(", ")}`, installCommand(names), { env });
}

/** @param {readonly string[]} names */
function installCommand(names) {
  return ["apt-get", "install", "-y", "--no-install-recommends", ...names];
}

/** @param {string} program */
function isOnPath(program) {
  const folders = program.startsWith("/") ? [""] : (process.env["PATH"] ?? "").split(delimiter);
  return folders.some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
