// Owns putting together what a shell's life needs of this installation: database, cluster, keys, set-up, storage.
// Must not know the rules, sockets or who asks.

import type { Config } from "../config.ts";
import { openDatabase } from "../db/database.ts";
import type { ClusterClient } from "../kubernetes/request.ts";
import { removeSnapshotsOf } from "../snapshots/remove.ts";
import type { LifecycleWorld } from "./lifecycle.ts";
import { clusterSide } from "./settings.ts";
import { runSetup } from "./setup-run.ts";
import { makeSetupLine } from "./setup-sources.ts";

/** What the installation does not give: whose shell it is, and who is to hear of it. */
type Host = Pick<LifecycleWorld, "userId" | "attended" | "changed" | "notice" | "touched" | "wake">;

export function lifecycleWorld(
  env: Pick<Env, "DB" | "SNAPSHOTS">,
  config: Config,
  cluster: ClusterClient,
  host: Host,
): LifecycleWorld {
  const db = openDatabase(env);
  return {
    ...host,
    db,
    cluster: clusterSide(config, cluster),
    keys: config.sealKeys,
    shellLimit: config.shellLimit,
    now: Date.now,
    random: Math.random,
    setUp: async (record, heard, cancel) => {
      const { podUid, podName } = record;
      if (podUid === null) throw new Error("set-up of a pod that nobody has seen");
      const made = await makeSetupLine(db, config, { ...record, podUid }, Date.now());
      return runSetup({ cluster, podName, made, now: Date.now, heard, cancel });
    },
    forget: (shellId) => removeSnapshotsOf(env, shellId),
  };
}
