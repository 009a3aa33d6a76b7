// Owns the pods that contract tests work with: restricted ones that any cluster admits.
// Must not know what is tested.

import { randomBytes } from "node:crypto";
import type { Answer } from "./api-client.ts";
import type { KubernetesObject } from "./kubernetes-object.ts";
import type { Target } from "./target.ts";

/** Runs until TERM, and then ends at once. */
export const idle = ["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 3600 & wait $!; done"] as const;

export interface PodWish {
  readonly name?: string;
  readonly command?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly grace?: number;
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly container?: Readonly<Record<string, unknown>>;
}

/** On every pod of one test file, so that files which share a cluster do not end each other's. */
export const fileLabel = { "limpet.dev/contract": randomBytes(5).toString("hex") } as const;

export const newName = (): string => `contract-${randomBytes(5).toString("hex")}`;

/** Admitted by the Pod Security level "restricted". */
export function manifest(target: Target, wish: PodWish = {}) {
  const { name = newName(), command = idle, labels = {}, grace = 5, spec = {}, container = {} } = wish;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, labels: { ...fileLabel, ...labels } },
    spec: {
      restartPolicy: "Always",
      terminationGracePeriodSeconds: grace,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: "RuntimeDefault" } },
      containers: [
        {
          name: "shell",
          image: target.image,
          imagePullPolicy: "IfNotPresent",
          command,
          // A folder of the pod's own that outlives its containers. (The local cluster has a home of its own for each pod.)
          env: [{ name: "HOME", value: "/home/contract" }],
          volumeMounts: [{ name: "home", mountPath: "/home/contract" }],
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
          ...container,
        },
      ],
      volumes: [{ name: "home", emptyDir: {} }],
      ...spec,
    },
  };
}

/** Creates a pod and waits until it is Ready. */
export async function readyPod(target: Target, wish: PodWish = {}): Promise<string> {
  const pod = manifest(target, wish);
  const { name } = pod.metadata;
  const answer = await target.client.call("POST", target.client.pods(), { body: pod });
  if (answer.code !== 201) throw new Error(`create: ${answer.code} ${JSON.stringify(answer.body)}`);
  await untilPod(target, name, (now) => conditionOf(now, "Ready") === "True");
  return name;
}

/** Polls until the pod is there and fits. */
export async function untilPod(
  target: Target,
  name: string,
  fits: (pod: KubernetesObject) => boolean,
  limitMs = 60_000,
): Promise<KubernetesObject> {
  const there = await poll(target, name, ({ code, body }) => code !== 404 && fits(body), limitMs);
  return there.body;
}

/** Polls until there is no such pod. */
export async function untilGone(target: Target, name: string, limitMs = 60_000): Promise<void> {
  await poll(target, name, ({ code }) => code === 404, limitMs);
}

async function poll(target: Target, name: string, fits: (answer: Answer) => boolean, limitMs: number): Promise<Answer> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const answer = await target.client.call("GET", target.client.pods(`/${name}`));
    if (fits(answer)) return answer;
    if (Date.now() > deadline) throw new Error(`pod ${name} did not get there: ${answer.text}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export function conditionOf(pod: KubernetesObject, type: string): string | undefined {
  return pod.status.conditions?.find((condition) => condition.type === type)?.status;
}

/** Deletes with the shortest grace and waits until it is gone. */
export async function removePod(target: Target, name: string): Promise<void> {
  await target.client.call("DELETE", target.client.pods(`/${name}`), { body: { gracePeriodSeconds: 1 } });
  await untilGone(target, name);
}

/** Ends every pod that a test file has left. */
export async function removeAll(target: Target): Promise<void> {
  const selector = encodeURIComponent(`limpet.dev/contract=${fileLabel["limpet.dev/contract"]}`);
  const { body } = await target.client.call("GET", target.client.pods(`?labelSelector=${selector}`));
  const names = body.items.map(({ metadata }) => metadata.name);
  await Promise.all(names.map((name) => removePod(target, name)));
}
