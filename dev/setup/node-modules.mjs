// Owns node_modules: complete and as the lock says, with npm's own Node in it, whatever was there before.
// Must not know what the packages are for.
// @ts-check

import { createHash } from "node:crypto";
import { existsSync, lstatSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runQuietly, SetupError } from "./processes.mjs";

/** How long another set-up in the same folder is waited for. */
const otherSetupMs = 10 * 60_000;

/**
 * Nothing is read from the network where all is there already. No package's install script is run but the one of `node`
 * (it fetches the binary for this machine): esbuild and workerd find theirs by themselves, and npm 12 runs none unasked.
 * @param {string} root
 * @throws {SetupError}
 */
export async function ensureNodeModules(root) {
  if (isComplete(root)) return;
  const release = await lock(root);
  try {
    if (isComplete(root)) return;
    if (!isInstalled(root)) {
      refuseLink(root);
      const npm = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
      await runQuietly("Installing npm packages", npmCommand(npm), { cwd: root, env: npmEnvironment() });
    }
    if (!existsSync(fetchedNode(root))) {
      const cwd = join(root, "node_modules", "node");
      // By name: this very process may run under the Node that npm has just taken away.
      const fetchNode = ["node", "installArchSpecificPackage.js"];
      await runQuietly("Fetching Node 24", fetchNode, { cwd, env: npmEnvironment() });
    }
    if (!existsSync(linkedNode(root))) {
      // npm links no program that is not there yet when it looks.
      rmSync(linkedNode(root), { force: true });
      symlinkSync("../node/bin/node", linkedNode(root));
    }
    if (!isComplete(root)) {
      throw new SetupError(
        "npm says it is done, but node_modules is not as package-lock.json says: run npm ci by hand.",
      );
    }
  } finally {
    release();
  }
}

/**
 * npm would empty the folder that a link leads to, which somebody else may be using.
 * @param {string} root
 * @throws {SetupError}
 */
function refuseLink(root) {
  const folder = join(root, "node_modules");
  if (!lstatSync(folder, { throwIfNoEntry: false })?.isSymbolicLink()) return;
  throw new SetupError(`${folder} is a link, and what it leads to does not fit package-lock.json: remove the link.`);
}

/** @param {string} root */
export function isComplete(root) {
  return isInstalled(root) && existsSync(linkedNode(root));
}

/** @param {string} root */
function fetchedNode(root) {
  return join(root, "node_modules", "node", "bin", "node");
}

/** Where every command finds it. @param {string} root */
function linkedNode(root) {
  return join(root, "node_modules", ".bin", "node");
}

/**
 * True where npm finished an install of just this lock: it writes what it installed as its last act
 * (node_modules/.package-lock.json), so a half-finished install or an older one does not pass. Nor does a package that
 * somebody deleted.
 * @param {string} root
 */
function isInstalled(root) {
  const wanted = lockedPackages(join(root, "package-lock.json"));
  const present = lockedPackages(join(root, "node_modules", ".package-lock.json"));
  if (wanted === null)
    throw new SetupError("package-lock.json is missing or broken: take it from the repository again.");
  if (present === null) return false;
  for (const [path, entry] of wanted) {
    if (path === "") continue;
    const found = present.get(path);
    if (found === undefined) {
      if (!entry.optional) return false;
    } else if (found.identity !== entry.identity || !existsSync(join(root, path, "package.json"))) return false;
  }
  return true;
}

/**
 * @param {string} file a lock file of npm (version 3)
 * @returns {Map<string, { identity: string, optional: boolean }> | null} by path; `null` where there is none to read
 */
function lockedPackages(file) {
  try {
    const { packages } = JSON.parse(readFileSync(file, "utf8"));
    return new Map(
      Object.entries(packages).map(([path, entry]) => [
        path,
        {
          identity: `${entry.version} ${entry.integrity}`,
          optional: entry.optional === true,
        },
      ]),
    );
  } catch {
    return null;
  }
}

/** npm as it was called, or the one on the path. @param {readonly string[]} args */
function npmCommand(args) {
  const running = process.env["npm_execpath"];
  return running?.endsWith(".js") ? [process.execPath, running, ...args] : ["npm", ...args];
}

/** Without what npm tells its scripts of the package they belong to: an npm inside must find its own folder. */
function npmEnvironment() {
  const env = { ...process.env };
  for (const name of Object.keys(env)) {
    if (/^npm_(package|lifecycle)_|^npm_config_local_prefix$|^npm_command$/.test(name)) delete env[name];
  }
  return env;
}

/**
 * Two commands at once in a fresh checkout: the second waits for the first.
 * @param {string} root
 * @returns {Promise<() => void>} lets go
 */
async function lock(root) {
  const name = createHash("sha256").update(`${process.getuid?.()} ${root}`).digest("hex").slice(0, 16);
  const file = join(tmpdir(), `limpet-setup-${name}.pid`);
  const untilMs = Date.now() + otherSetupMs;
  for (let told = false; ; ) {
    try {
      writeFileSync(file, `${process.pid}\n`, { flag: "wx" });
      return () => rmSync(file, { force: true });
    } catch {
      const pid = holder(file);
      if (pid === null || !isAlive(pid)) rmSync(file, { force: true });
      else if (Date.now() > untilMs) throw new SetupError(`Another set-up of this folder does not end (pid ${pid}).`);
      else {
        if (!told) console.log(`· Waiting for another set-up of this folder (pid ${pid}) …`);
        told = true;
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
    }
  }
}

/** @param {string} file */
function holder(file) {
  try {
    const pid = Number.parseInt(readFileSync(file, "utf8"), 10);
    return Number.isInteger(pid) ? pid : null;
  } catch {
    return null;
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
