// Owns the production build: page and Worker, made once for the same sources, never too large unseen.
// Must not know who asks for it.

import { mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { hashInputs } from "./inputs.ts";
import { maxFirstLoadBytes, measureFirstLoad } from "./page-size.ts";
import { runTool } from "./tool.ts";
import { buildWorker } from "./worker.ts";

export interface Build {
  /** True where an earlier build of the same sources was there. */
  readonly fresh: boolean;
  readonly firstLoadBytes: number;
  readonly workerCompressedBytes: number;
}

/** The page's first load is above its limit. The message lists its files. */
export class PageTooLargeError extends Error {}

/** Where the build lies; the page alone lies in web/dist, where wrangler.toml looks for it. */
export function buildDirOf(root: string): string {
  return join(root, "dev/dist");
}

/** @throws ToolError, PageTooLargeError */
export async function build(root: string): Promise<Build> {
  const buildDir = buildDirOf(root);
  const stampFile = join(buildDir, "stamp.json");
  const hash = await hashInputs(root);
  const stamp = parseStamp(await readFile(stampFile, "utf8").catch(() => ""));
  if (stamp?.hash === hash && (await isThere(join(root, "web/dist/index.html")))) return { ...stamp, fresh: false };

  await rm(stampFile, { force: true });
  await mkdir(buildDir, { recursive: true });
  await runTool(root, ["vite", "build", "--config", "web/vite.config.ts", "--logLevel", "warn"]);
  // wrangler refuses a folder of assets that is not there, so the Worker comes second.
  const worker = await buildWorker(root, buildDir);
  const firstLoad = await measureFirstLoad(join(root, "web/dist"));
  if (firstLoad.bytes > maxFirstLoadBytes) {
    const files = firstLoad.files.map(({ file, bytes }) => `  ${kilobytes(bytes).padStart(9)}  ${file}`);
    throw new PageTooLargeError(
      `The page's first load is ${kilobytes(firstLoad.bytes)} compressed; at most ${kilobytes(maxFirstLoadBytes)} are allowed:\n${files.join("\n")}`,
    );
  }
  const made = { hash, firstLoadBytes: firstLoad.bytes, workerCompressedBytes: worker.compressedBytes };
  await writeFile(stampFile, JSON.stringify(made));
  return { ...made, fresh: true };
}

/** The Worker alone, after a change of it. The next build begins anew: this one is of no known sources. @throws ToolError */
export async function rebuildWorker(root: string): Promise<void> {
  const buildDir = buildDirOf(root);
  await rm(join(buildDir, "stamp.json"), { force: true });
  await buildWorker(root, buildDir);
}

export function describeBuild(made: Build): string {
  return `page ${kilobytes(made.firstLoadBytes)} of ${kilobytes(maxFirstLoadBytes)}, Worker ${kilobytes(made.workerCompressedBytes)}, compressed`;
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(0)} kB`;
}

interface Stamp {
  readonly hash: string;
  readonly firstLoadBytes: number;
  readonly workerCompressedBytes: number;
}

function parseStamp(text: string): Stamp | null {
  const value = parseJson(text);
  if (typeof value !== "object" || value === null) return null;
  if (!("hash" in value && "firstLoadBytes" in value && "workerCompressedBytes" in value)) return null;
  const { hash, firstLoadBytes, workerCompressedBytes } = value;
  if (typeof hash !== "string" || typeof firstLoadBytes !== "number" || typeof workerCompressedBytes !== "number") {
    return null;
  }
  return { hash, firstLoadBytes, workerCompressedBytes };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

async function isThere(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}
