// Owns the one way in: `node dev/run.mjs COMMAND` makes a bare machine ready, then runs the command under npm's own Node.
// Must not know how a command does its work. Plain JavaScript for Node 20 without packages: it is what installs them.
// @ts-check

import { constants } from "node:os";
import { fileURLToPath } from "node:url";
import { commands } from "./setup/commands.mjs";
import { installPackages, missingPrograms, packagesFor } from "./setup/debian.mjs";
import { ensureNodeModules, isComplete } from "./setup/node-modules.mjs";
import { runInherited, SetupError } from "./setup/processes.mjs";
import { ensureUnpacked } from "./setup/unpack.mjs";

const root = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");

/**
 * @param {string[]} argv what follows the script's own path
 * @returns {Promise<number>} the exit code
 */
async function main(argv) {
  const [name, ...args] = argv;
  const command = name === undefined ? undefined : commands[name];
  if (command === undefined) {
    console.error(`Say which: node dev/run.mjs ${Object.keys(commands).join(" | ")}`);
    return 64;
  }
  if (Number(process.versions.node.split(".")[0]) < 20) {
    console.error(`Limpet's set-up needs Node 20 or newer; this is ${process.version}.`);
    return 69;
  }
  const missing = missingPrograms([...command.needs, ...(command.needsFor?.(args) ?? [])]);
  // First, so that whoever has to install something by hand learns it before the long part.
  const debian = missing.length === 0 ? [] : packagesFor(missing);
  const complete = isComplete(root);
  if (!complete || debian.length > 0) {
    const npm = complete ? [] : ["npm's packages (into node_modules, 700 MB, Node 24 among them)"];
    console.log(`Limpet installs ${[...npm, ...debian.map((name) => `${name} (with apt)`)].join(", ")}.`);
  }
  if (!complete) await ensureNodeModules(root);
  if (debian.length > 0) await installPackages(debian);
  for (const wanted of command.unpacks ?? []) await ensureUnpacked(root, wanted);
  const end = await runInherited(root, command.run(args));
  return end.code ?? 128 + (end.signal === null ? 0 : constants.signals[end.signal]);
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error) => {
    console.error(error instanceof SetupError ? `\n${error.message}` : error);
    process.exitCode = 1;
  },
);
