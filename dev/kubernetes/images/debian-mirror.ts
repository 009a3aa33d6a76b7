// Owns which Debian mirror the images are made from: the one that this machine's own apt uses, in whatever suite is wanted.
// Must not know what is installed from it.

import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

export interface Mirror {
  /** Address of the archive, without a slash at its end. */
  readonly archive: string;
  /** The same of the security archive; absent where this machine has none. */
  readonly security?: string;
}

/** @throws Error where this is no Debian, or apt knows no archive */
export async function findMirror(): Promise<Mirror> {
  const fields = "$(CREATED_BY) $(ORIGIN) $(CODENAME) $(REPO_URI)";
  const { stdout } = await run("apt-get", ["indextargets", "--format", fields]);
  return parseMirror(stdout);
}

/**
 * @param targets lines of `apt-get indextargets` (apt-get(8)): what made it, origin, codename, address. Other publishers'
 *   sources are left alone.
 */
export function parseMirror(targets: string): Mirror {
  const addressOf = (wanted: RegExp): string | undefined => {
    for (const line of targets.split("\n")) {
      const [kind, origin, codename, address] = line.split(" ");
      if (kind === "Packages" && origin === "Debian" && wanted.test(codename ?? ""))
        return address?.replace(/\/+$/, "");
    }
    return undefined;
  };
  const archive = addressOf(/^[a-z]+$/);
  if (archive === undefined) throw new Error("apt knows no Debian archive: run apt-get update, then this again.");
  const security = addressOf(/^[a-z]+-security$/);
  return security === undefined ? { archive } : { archive, security };
}

/**
 * The lines of a sources.list for one suite, with its updates where it is a stable one. Another's index says that it holds
 * for a week, and a mirror may be further behind than that: its signature counts all the same.
 */
export function sourcesList(mirror: Mirror, suite: string, stable: boolean): string {
  const lines = [`deb ${stable ? "" : "[check-valid-until=no] "}${mirror.archive} ${suite} main`];
  if (stable) lines.push(`deb ${mirror.archive} ${suite}-updates main`);
  if (stable && mirror.security !== undefined) lines.push(`deb ${mirror.security} ${suite}-security main`);
  return `${lines.join("\n")}\n`;
}
