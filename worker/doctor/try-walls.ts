// Owns trying what the edge's rights allow and the admission policies refuse of a pod that is there (cluster/base/admission).
// Must not know what is said of what came of it. Only for the doctor's own pod: where a wall is missing, it is done to it.

import { openExec } from "../kubernetes/exec.ts";
import { type ClusterFailure, failure } from "../kubernetes/failure.ts";
import { containerName } from "../kubernetes/pod-manifest.ts";
import { podPath } from "../kubernetes/pods.ts";
import type { ClusterAnswer } from "../kubernetes/request.ts";
import type { Visit } from "./visit.ts";

const timeoutMs = 10_000;

/** Of each try: why it is refused; null: it is not. */
type Refused = Promise<ClusterFailure | null>;

export interface PodAtHand {
  readonly name: string;
  readonly uid: string | null;
}

/** A label that no shell has. */
export async function tryForeignLabel({ cluster }: Visit, { name, uid }: PodAtHand): Refused {
  if (uid === null) return noPod;
  return whyNot(await cluster.pods.mark(name, uid, { labels: { "limpet.dev/doctor": "tried" } }));
}

/** The end of whichever pod has this name. As a dry-run, which the options ask for: the ingress lets no query through. */
export async function tryUnnamedEnding({ cluster }: Visit, { name, uid }: PodAtHand): Refused {
  if (uid === null) return noPod;
  const json = { apiVersion: "v1", kind: "DeleteOptions", dryRun: ["All"] };
  const body = { contentType: "application/json", json };
  return whyNot(await cluster.client.ask({ method: "DELETE", path: podPath(name), pod: name, body, timeoutMs }));
}

/** A command that Limpet never runs, and that does nothing. */
export async function tryForeignCommand({ cluster, world }: Visit, { name, uid }: PodAtHand): Refused {
  if (uid === null) return noPod;
  const wish = { pod: name, container: containerName, command: ["true"], tty: false, timeoutMs };
  const answer = await openExec(cluster.client, wish, world.cancel);
  if (!answer.ok) return answer.failure;
  answer.socket.accept();
  answer.socket.close(1000);
  return null;
}

const noPod = failure("garbled", "the probe pod's uid is not known");

function whyNot(answer: ClusterAnswer<unknown>): ClusterFailure | null {
  return answer.ok ? null : answer.failure;
}
