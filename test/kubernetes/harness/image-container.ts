// Owns a look into an image without a cluster: a container of it by buildah, in a chroot, that goes with its folder.
// Must not know what is looked for.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildahIn } from "../../../dev/kubernetes/images/buildah.ts";
import { field } from "./json.ts";

export interface ImageContainer {
  /** Runs a command in it. @param user uid and gid, by default the person's @throws Error with what it said */
  run(command: readonly string[], user?: string): Promise<string>;
  /** The image's own settings (OCI image configuration: User, Entrypoint, Env, WorkingDir). */
  readonly config: unknown;
  remove(): Promise<void>;
}

/** @param archive path of a docker-archive */
export async function containerOf(archive: string): Promise<ImageContainer> {
  const folder = await mkdtemp(join(tmpdir(), "limpet-image-"));
  const buildah = buildahIn(folder);
  const name = (await buildah.ask(["from", `docker-archive:${archive}`])).trim();
  const inspected: unknown = JSON.parse(await buildah.ask(["inspect", name]));
  return {
    run: (command, user = "1000:1000") => buildah.inside(name, user, command),
    config: field(field(inspected, "OCIv1"), "config"),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
