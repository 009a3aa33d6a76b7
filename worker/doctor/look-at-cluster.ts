// Owns looking at the way to the cluster and at what it lets the edge do, without changing anything there.
// Must not know what is said of what was seen.

import { openExec } from "../kubernetes/exec.ts";
import { type ClusterFailure, failure } from "../kubernetes/failure.ts";
import { isObject, parseJson, stringAt } from "../kubernetes/json.ts";
import { parsePod } from "../kubernetes/pod.ts";
import { containerName, podLabels, podManifest, scripts, shellLabel } from "../kubernetes/pod-manifest.ts";
import { podPath } from "../kubernetes/pods.ts";
import { type ClusterAnswer, readBounded } from "../kubernetes/request.ts";
import type { SeenAnswer, SeenRight } from "./cluster-words.ts";
import { probeLifeMs } from "./patience.ts";
import { type Visit, wordsOf } from "./visit.ts";

const timeoutMs = 10_000;
const maxBodyBytes = 64 * 1024;
/** Of a body that is no Status, in UTF-16 units: proxies answer with whole pages. */
const maxSaidLength = 200;

/** Nobody's: what the edge may do is tried on a pod that is not there. */
const nobody = "limpet-0000000000000000000x";
const noUid = "00000000-0000-4000-8000-000000000000";

/** How our ingress begins each of its own refusals (cluster/ingress/haproxy.cfg). */
const ofIngress = /^The ingress /;

/** Asks for a list of at most one pod, with a token or without. */
export async function askForPods({ cluster, world }: Visit, withToken: boolean): Promise<SeenAnswer> {
  const url = cluster.client.url("/pods", [
    ["labelSelector", `${podLabels.name}=${shellLabel}`],
    ["limit", "1"],
  ]);
  const begunMs = world.now();
  try {
    const response = await fetch(url, {
      headers: {
        accept: "application/json",
        ...(withToken ? { authorization: await cluster.client.authorization("GET", url, null) } : {}),
      },
      redirect: "manual",
      signal: AbortSignal.timeout(timeoutMs),
    });
    const ms = world.now() - begunMs;
    const body = (await readBounded(response, maxBodyBytes)) ?? "";
    const dateMs = Date.parse(response.headers.get("date") ?? "");
    return {
      type: "answer",
      status: response.status,
      message: messageIn(body),
      dateMs: Number.isNaN(dateMs) ? null : dateMs,
      platform: response.headers.get("server") === "cloudflare",
      ms,
    };
  } catch (error) {
    return { type: "unreachable", error: wordsOf(error) };
  }
}

function messageIn(body: string): string {
  const value = parseJson(body);
  const said = isObject(value) ? stringAt(value, "message") : null;
  // A token is never sent back; should a proxy quote the request, `failure` takes it out.
  return failure("refused", said ?? body.replace(/<[^>]*>/g, " ").slice(0, maxSaidLength)).message;
}

/** Each right of the Role, by trying. */
export async function tryRights({ cluster, world }: Visit): Promise<readonly SeenRight[]> {
  const { client, pods } = cluster;
  const allowed = (answer: ClusterAnswer<unknown>): ClusterFailure | null => (answer.ok ? null : answer.failure);
  /** Only Kubernetes' own word: an ingress or a proxy that lets nothing through says 404 as well. */
  const notThere = (why: ClusterFailure | null): ClusterFailure | null =>
    why !== null && why.status === 404 && why.reason === "NotFound" && !ofIngress.test(why.message) ? null : why;
  const tries: readonly (readonly [string, () => Promise<ClusterFailure | null>])[] = [
    ["list pods", async () => allowed(await pods.list(`${podLabels.name}=${shellLabel}`, 1, null))],
    ["get pods", async () => notThere(allowed(await pods.get(nobody)))],
    ["patch pods", async () => notThere(allowed(await patchNobody()))],
    ["delete pods", async () => notThere(allowed(await pods.delete(nobody, noUid, 0)))],
    ["list events", async () => allowed(await pods.events(noUid))],
    ["exec into pods", async () => notThere(await tryExec())],
  ];
  function patchNobody(): Promise<ClusterAnswer<unknown>> {
    const body = { contentType: "application/merge-patch+json", json: { metadata: { uid: noUid } } };
    return client.ask({ method: "PATCH", path: podPath(nobody), pod: nobody, body, timeoutMs });
  }
  async function tryExec(): Promise<ClusterFailure | null> {
    const command = [`${scripts}/setup`];
    const wish = { pod: nobody, container: containerName, command, tty: false, timeoutMs };
    const answer = await openExec(client, wish, world.cancel);
    if (!answer.ok) return answer.failure;
    answer.socket.accept();
    answer.socket.close(1000);
    return null;
  }
  const seen: SeenRight[] = [];
  for (const [right, attempt] of tries) seen.push({ right, failure: await attempt() });
  return seen;
}

/** The pod of a shell that is nobody's, as the edge makes it. */
export function probeManifest({ cluster, world }: Visit, userId: string, name: string) {
  const expiresAtMs = world.now() + probeLifeMs;
  return podManifest(cluster.settings, { name, userId, expiresAtMs, longestLifeMs: probeLifeMs });
}

type ShellPod = ReturnType<typeof probeManifest>;

/** The same with the one field that makes a container the node's master. */
function privileged(manifest: ShellPod) {
  const containers = manifest.spec.containers.map((container) => ({
    ...container,
    // Kubernetes refuses `privileged` without it, before anybody's policy is asked.
    securityContext: { ...container.securityContext, privileged: true, allowPrivilegeEscalation: true },
  }));
  return { ...manifest, spec: { ...manifest.spec, containers } };
}

/** The same with the node's own network and processes: no less, and for API servers that let nobody be privileged. */
function withHost(manifest: ShellPod) {
  return { ...manifest, spec: { ...manifest.spec, hostNetwork: true, hostPID: true } };
}

/** Why a pod that could take its node is refused; null: it is not. */
export async function tryPrivileged(visit: Visit, manifest: ShellPod): Promise<ClusterFailure | null> {
  const why = await dryRun(visit, privileged(manifest));
  // Its own setting (--allow-privileged) stands before Pod Security, and says nothing of it.
  return why !== null && /disallowed by cluster policy/.test(why.message) ? dryRun(visit, withHost(manifest)) : why;
}

/** The same with a field that Pod Security leaves to everybody, and that no shell has. */
export function unlikeShell(manifest: ShellPod) {
  const hostAliases = [{ ip: "203.0.113.1", hostnames: ["doctor.invalid"] }];
  return { ...manifest, spec: { ...manifest.spec, hostAliases } };
}

/** What a create would come to: every check of the cluster runs, and nothing is made (`dryRun=All`). Null: accepted. */
export async function dryRun({ cluster }: Visit, pod: object): Promise<ClusterFailure | null> {
  const answer = await cluster.client.ask({
    method: "POST",
    path: "/pods",
    query: [["dryRun", "All"]],
    pod: null,
    body: { contentType: "application/json", json: pod },
    timeoutMs,
  });
  if (!answer.ok) return answer.failure;
  return parsePod(answer.value) === null ? failure("garbled", "its answer is no pod") : null;
}
