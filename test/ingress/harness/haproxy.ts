// Owns finding HAProxy: the one that HAPROXY names, or Debian's as dev/setup/haproxy.mjs put it into the checkout.
// Must not know how it is used.

import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";

export interface Haproxy {
  readonly program: string;
  /** A folder for the dynamic linker. */
  readonly libraries: string | null;
}

const folder = resolve(import.meta.dirname, "../../../node_modules/.cache/limpet-haproxy");

/** `missing` says why there is none, as a reason to skip a test. */
export function findHaproxy(): Haproxy | { readonly missing: string } {
  const { HAPROXY: given, HAPROXY_LIBRARIES: libraries = null } = process.env;
  if (given !== undefined && given !== "") return { program: given, libraries };
  const program = join(folder, "usr/sbin/haproxy");
  const lib = join(folder, "usr/lib");
  const triplet = existsSync(lib)
    ? readdirSync(lib).find((name) => readdirSync(join(lib, name)).some((file) => file.startsWith("liblua5.3.so")))
    : undefined;
  if (!existsSync(program) || triplet === undefined) {
    return { missing: "there is no HAProxy: `npm test` takes it from apt where there is one (Debian); or set HAPROXY" };
  }
  return { program, libraries: join(lib, triplet) };
}
