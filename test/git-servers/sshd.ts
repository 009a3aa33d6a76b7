// Owns finding sshd and what it needs beside it, as dev/setup/sshd.mjs put them into the checkout.
// Must not know how they are used.

import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";

export interface Sshd {
  readonly program: string;
  /** Folders for the dynamic linker, as LD_LIBRARY_PATH has them. */
  readonly libraries: string;
  /** nss_wrapper(1): accounts from a file of ours, for one process. */
  readonly accounts: string;
}

const folder = resolve(import.meta.dirname, "../../node_modules/.cache/limpet-sshd");

/** `missing` says why there is none, as a reason to skip a test. */
export function findSshd(): Sshd | { readonly missing: string } {
  const program = join(folder, "usr/sbin/sshd");
  const lib = join(folder, "usr/lib");
  const triplet = existsSync(lib)
    ? readdirSync(lib).find((name) => existsSync(join(lib, name, "libnss_wrapper.so")))
    : undefined;
  if (!existsSync(program) || triplet === undefined) {
    return { missing: "there is no sshd: `npm test` takes openssh-server's from apt where there is one (Debian)" };
  }
  // Debian's packages put a library into either, whichever it was before the two became one.
  const libraries = [join(lib, triplet), join(folder, "lib", triplet)].join(":");
  return { program, libraries, accounts: join(lib, triplet, "libnss_wrapper.so") };
}
