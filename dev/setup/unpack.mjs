// Owns Debian packages that are unpacked into node_modules/.cache instead of installed: no daemon is started, no root needed.
// Must not know what is in them, nor who uses it.
// @ts-check

import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { runQuietly, SetupError } from "./processes.mjs";

/**
 * @typedef {{ name: string, program: string, packages: readonly string[], loses: string }} Unpacked
 *   `name`: of the folder, behind `limpet-`; `program`: below it, there when it is whole; `loses`: which tests are skipped
 *   without it
 */

/**
 * Where it cannot be had, the tests that need it are skipped and say so: nothing fails here.
 * @param {string} root
 * @param {Unpacked} wanted
 */
export async function ensureUnpacked(root, { name, program, packages, loses }) {
  const cache = join(root, "node_modules", ".cache");
  const folder = join(cache, `limpet-${name}`);
  if (existsSync(join(folder, program)) || !existsSync("/usr/bin/dpkg-deb")) return;
  mkdirSync(cache, { recursive: true });
  const place = mkdtempSync(join(cache, `limpet-${name}-`));
  try {
    await download(place, name, packages);
    for (const file of readdirSync(place).filter((entry) => entry.endsWith(".deb"))) {
      await runQuietly(`Unpacking ${file}`, ["dpkg-deb", "-x", join(place, file), join(place, "root")]);
    }
    renameSync(join(place, "root"), folder);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.log(`· ${loses} are skipped: ${error.message.split("\n")[0]}`);
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

/**
 * The lists that apt has may be missing or too old; only root may read new ones.
 * @param {string} place
 * @param {string} name
 * @param {readonly string[]} packages
 */
async function download(place, name, packages) {
  // By the account itself: apt's own, `_apt`, may not write here.
  const command = ["apt-get", "-o", "APT::Sandbox::User=", "download", ...packages];
  try {
    await runQuietly(`Fetching ${name} for the tests`, command, { cwd: place });
  } catch (error) {
    if (process.getuid?.() !== 0) throw error;
    await runQuietly("Reading apt's lists", ["apt-get", "update"]);
    await runQuietly(`Fetching ${name} for the tests`, command, { cwd: place });
  }
}
