// Owns putting the parts of the local cluster together, and taking them down.
// Must not know command lines or the rest of the local environment.

import { mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ApiServer } from "./api/api-server.ts";
import { createAuthenticator } from "./api/authenticate.ts";
import { ExecResource } from "./api/exec-resource.ts";
import { FaultRoutes } from "./api/fault-routes.ts";
import { PodsResource } from "./api/pods-resource.ts";
import { ClusterFaults } from "./cluster-faults.ts";
import { FaultBoard } from "./faults.ts";
import type { PodEvent } from "./pods/event-recorder.ts";
import type { Pod } from "./pods/pod.ts";
import { Kubelet } from "./runtime/kubelet.ts";
import { ObjectStore } from "./store/object-store.ts";
import { Revisions } from "./store/revisions.ts";

export interface ClusterOptions {
  /** Loopback only: pods are processes of whoever runs this. Port 0 lets the system choose. */
  readonly listen: { readonly host: "127.0.0.1"; readonly port: number };
  /** Whose tokens are accepted: its `/.well-known/openid-configuration` names the keys. */
  readonly issuer: string;
  readonly audience: string;
  readonly namespaces: readonly string[];
  /** Pods and their homes; they are there again at the next start. */
  readonly stateDir: string;
  /** What a container finds in /usr/local/lib/limpet. */
  readonly imageDir: string;
  /** Where short-lived folders for sockets are made; the system's temporary folder by default. */
  readonly runDir?: string;
  /** Opens `/faults` over HTTP to whoever has it. */
  readonly faultsToken?: string;
  readonly log: (line: string) => void;
}

export interface Cluster {
  readonly url: string;
  readonly faults: ClusterFaults;
  /** Ends every pod gracefully; their objects and homes stay for the next start. */
  close(): Promise<void>;
}

export async function createCluster(options: ClusterOptions): Promise<Cluster> {
  const { listen, issuer, audience, namespaces, stateDir, imageDir, log } = options;
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  const revisions = new Revisions(join(stateDir, "revision"));
  const pods = new ObjectStore<Pod>(revisions);
  const events = new ObjectStore<PodEvent>(revisions);
  const board = new FaultBoard();
  const runDir = options.runDir ?? tmpdir();
  const kubelet = new Kubelet({ pods, events, faults: board, stateDir, runDir, imageDir, log });
  const execs = new ExecResource(kubelet, board, imageDir, log);
  const faults: ClusterFaults = new ClusterFaults({ board, pods, kubelet, execs, api: () => api });
  const api = new ApiServer({
    pods,
    events,
    podsResource: new PodsResource(pods, kubelet, board, log),
    execResource: execs,
    authenticate: createAuthenticator({ issuer, audience, now: () => Date.now() + board.clockOffsetMs(), log }),
    namespaces,
    faults: board,
    faultRoutes: new FaultRoutes(faults, options.faultsToken),
    log,
  });

  // Whoever asks first finds the pods of the last run already there.
  await kubelet.restore();
  const url = await api.listen(listen.host, listen.port).catch(async (error: unknown) => {
    await kubelet.close();
    throw error;
  });
  return {
    url,
    faults,
    close: async () => {
      faults.stop();
      api.drain();
      await kubelet.close();
      await api.down();
    },
  };
}
