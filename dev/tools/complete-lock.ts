// Owns making package-lock.json whole after `npm install` from a registry that lacks some platform's packages.
// Must not know the network: what is added has no checksum, so npm takes the registry's own on those platforms.
//
//   npx node dev/tools/complete-lock.ts

import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { missingPackages, readLock } from "./lock.ts";

const systems: readonly (readonly [word: string, os: string])[] = [
  ["android", "android"],
  ["darwin", "darwin"],
  ["freebsd", "freebsd"],
  ["windows", "win32"],
  ["win32", "win32"],
  ["linux", "linux"],
];

const file = resolve(import.meta.dirname, "../../package-lock.json");
const lock = await readLock(file);
const added = missingPackages(lock).map(({ name, version, dev }) => {
  const [, os] = systems.find(([word]) => name.includes(word)) ?? [];
  if (os === undefined) throw new Error(`${name} does not say which system it is for.`);
  const cpu = name.includes("arm64") ? "arm64" : "x64";
  const libc = name.includes("musl") ? { libc: ["musl"] } : {};
  return [
    `node_modules/${name}`,
    { version, cpu: [cpu], ...(dev && { dev }), ...libc, optional: true, os: [os] },
  ] as const;
});
const packages = Object.entries({ ...lock.packages, ...Object.fromEntries(added) });
packages.sort(([a], [b]) => a.localeCompare(b, "en"));
await writeFile(file, `${JSON.stringify({ ...lock, packages: Object.fromEntries(packages) }, null, 2)}\n`);
for (const [path] of added) console.log(`added ${path}`);
