// Owns sshd for the tests: Debian's own, unpacked into node_modules/.cache, so that no daemon is installed or started.
// Must not know what the tests do with it.
// @ts-check

import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { runQuietly, SetupError } from "./processes.mjs";

/** sshd, the libraries of it that a bare Debian lacks (libwrap, and what that wants), and accounts from a file (nss_wrapper). */
const packages = ["openssh-server", "libwrap0", "libnsl2", "libtirpc3", "libnss-wrapper"];

/**
 * Where it cannot be had, the tests that need it are skipped and say so: nothing fails here.
 * @param {string} root
 */
export async function ensureSshd(root) {
  const cache = join(root, "node_modules", ".cache");
  const folder = join(cache, "limpet-sshd");
  if (existsSync(join(folder, "usr", "sbin", "sshd")) || !existsSync("/usr/bin/dpkg-deb")) return;
  mkdirSync(cache, { recursive: true });
  const place = mkdtempSync(join(cache, "limpet-sshd-"));
  try {
    await download(place);
    for (const name of readdirSync(place).filter((file) => file.endsWith(".deb"))) {
      await runQuietly(`Unpacking ${name}`, ["dpkg-deb", "-x", join(place, name), join(place, "root")]);
    }
    renameSync(join(place, "root"), folder);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.log(`· The tests over ssh are skipped: ${error.message.split("\n")[0]}`);
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

/**
 * The lists that apt has may be missing or too old; only root may read new ones.
 * @param {string} place
 */
async function download(place) {
  // By the account itself: apt's own, `_apt`, may not write here.
  const command = ["apt-get", "-o", "APT::Sandbox::User=", "download", ...packages];
  try {
    await runQuietly("Fetching sshd for the tests", command, { cwd: place });
  } catch (error) {
    if (process.getuid?.() !== 0) throw error;
    await runQuietly("Reading apt's lists", ["apt-get", "update"]);
    await runQuietly("Fetching sshd for the tests", command, { cwd: place });
  }
}
