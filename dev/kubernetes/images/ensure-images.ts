// Owns the images of the real Kubernetes: built from this checkout once for each state of it, then found in the cache.
// Must not know how a node gets them.

import { readdir, readFile, stat } from "node:fs/promises";
import { join, relative } from "node:path";
import { SetupError } from "../../setup/processes.mjs";
import { ensureBinaries } from "../binaries/ensure-binaries.ts";
import { contentKey } from "../cache/cache-folder.ts";
import { madeOnce } from "../cache/made-once.ts";
import { baseKey, ensureBase, type Suite } from "./base-image.ts";
import { type Buildah, buildahIn } from "./buildah.ts";
import { kubePrograms, kubeProgramsKey } from "./kube-programs.ts";

export interface Image {
  /** What pods call it; a new one for each content. No registry answers to it. */
  readonly reference: string;
  /** Path of a docker-archive that has it under that reference. */
  readonly archive: string;
}

export interface Images {
  /** The shells', variant `slim`. */
  readonly shell: Image;
  /** HAProxy as Debian 12 has it (2.6). */
  readonly ingress: Image;
  /** HAProxy of the newest branch with long-term support that Debian carries (3.2); absent where its suite is out of reach. */
  readonly ingressNewest?: Image;
  readonly pause: Image;
}

const root = join(import.meta.dirname, "../../..");
const imageFolder = join(root, "cluster/image");
const ingressFolder = join(root, "cluster/ingress");

/** What no package registry carries: the tests' image goes without. */
const outOfReach = ["tofu", "aws", "gcloud"];

/**
 * Two minutes the first time, nothing where nothing that goes into an image has changed.
 * @throws SetupError when something cannot be fetched or built; its message has the end of what the tool said
 */
export async function ensureImages(): Promise<Images> {
  // One after the other: each build keeps a core busy, and apt's mirror is asked politely.
  const pause = await ensurePause();
  const ingress = await ensureIngress("bookworm");
  const shell = await ensureShell();
  const ingressNewest = await ensureNewestIngress();
  return { shell, ingress, pause, ...(ingressNewest !== null && { ingressNewest }) };
}

/** @returns `null`, and says why, where it cannot be had: that suite changes daily, and not every mirror carries it */
async function ensureNewestIngress(): Promise<Image | null> {
  try {
    return await ensureIngress("forky");
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.log(`· No image with a newer HAProxy: ${error.message.split("\n")[0]}`);
    return null;
  }
}

/**
 * The shells' image as cluster/image/Dockerfile makes it.
 * @param variant `full` has the Azure CLI too, and takes two minutes more
 */
export async function ensureShell(variant: "slim" | "full" = "slim"): Promise<Image> {
  const parts = [await baseKey("bookworm"), kubeProgramsKey, variant, ...(await filesOf(imageFolder))];
  return await ensureImage(`shell-${variant}`, parts, async (buildah, name) => {
    const options = [
      ...["--build-context", `offered=${await kubePrograms()}`],
      ...["--build-arg", `VARIANT=${variant}`],
      ...["--build-arg", `LEAVE_OUT=${outOfReach.join(" ")}`],
      ...(await certificates()),
    ];
    await bud(buildah, { name, folder: imageFolder, suite: "bookworm", options });
  });
}

async function ensureIngress(suite: Suite): Promise<Image> {
  const dockerfile = await readFile(join(ingressFolder, "Dockerfile"), "utf8");
  return await ensureImage(`ingress-${suite}`, [await baseKey(suite), dockerfile], (buildah, name) =>
    bud(buildah, { name, folder: ingressFolder, suite, options: [] }),
  );
}

async function ensurePause(): Promise<Image> {
  const { dir } = await ensureBinaries();
  return await ensureImage("pause", [await readFile(join(dir, "pause"))], async (buildah, name) => {
    const container = (await buildah.ask(["from", "scratch"])).trim();
    await buildah.ask(["copy", "--chmod", "755", container, join(dir, "pause"), "/pause"]);
    await buildah.ask(["config", "--entrypoint", '["/pause"]', "--user", "65535:65535", container]);
    await buildah.step("Building the image pause", ["commit", container, name]);
  });
}

async function ensureImage(
  kind: string,
  parts: readonly (string | Uint8Array)[],
  build: (buildah: Buildah, name: string) => Promise<void>,
): Promise<Image> {
  const key = contentKey([kind, ...parts, await readFile(import.meta.filename)]);
  const reference = `limpet.test/${kind}:${key}`;
  const folder = await madeOnce(`image-${kind}-`, key, async (making) => {
    const buildah = buildahIn(making);
    await build(buildah, reference);
    const archive = join(making, "image.tar");
    await buildah.step(`Packing the image ${kind}`, ["push", reference, `docker-archive:${archive}:${reference}`]);
    const { size } = await stat(archive);
    console.log(`  ${kind}: ${Math.ceil(size / 2 ** 20)} MiB`);
    await buildah.remove();
  });
  return { reference, archive: join(folder, "image.tar") };
}

interface Build {
  readonly name: string;
  readonly folder: string;
  readonly suite: Suite;
  readonly options: readonly string[];
}

/** A Dockerfile over our own base, without any registry. */
async function bud(buildah: Buildah, build: Build): Promise<void> {
  const base = "limpet.test/base";
  const container = (await buildah.ask(["from", "scratch"])).trim();
  await buildah.ask(["add", container, await ensureBase(build.suite), "/"]);
  await buildah.ask(["commit", "--rm", container, base]);
  const fixed = ["--isolation", "chroot", "--pull-never", "--build-arg", `BASE=${base}`, "--tag", build.name];
  const args = ["bud", ...fixed, ...build.options, "--file", join(build.folder, "Dockerfile"), build.folder];
  const said = await buildah.step(`Building the image ${build.name.replace(/^.*\//, "").replace(/:.*/, "")}`, args);
  // What the build itself says of what is in the image and what is not.
  for (const [line] of said.matchAll(/^(?:Left out: |[0-9]+ packages, ).*$/gm)) console.log(`  ${line}`);
}

/** Where this machine trusts certificates of its own network, the build has to as well. */
async function certificates(): Promise<readonly string[]> {
  const file = process.env["SSL_CERT_FILE"] ?? "/etc/ssl/certs/ca-certificates.crt";
  const there = await stat(file).then(
    () => true,
    () => false,
  );
  return there ? ["--secret", `id=ca,src=${file}`] : [];
}

/** Paths and contents of all files below a folder, in order, and who may execute them. */
async function filesOf(folder: string): Promise<readonly (string | Uint8Array)[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const parts = paths.toSorted().map(async (path) => {
    const { mode } = await stat(path);
    return [`${relative(folder, path)} ${mode & 0o111}`, await readFile(path)];
  });
  return (await Promise.all(parts)).flat();
}
