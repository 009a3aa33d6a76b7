// Owns the pod of a shell as it is asked of the cluster: restricted, bounded, without an identity in the cluster.
// Must not know when it is created, nor what its scripts do.

/** Labels by which Limpet knows its pods again. */
export const podLabels = {
  name: "app.kubernetes.io/name",
  /** This installation: two never touch each other's pods. */
  install: "limpet.dev/install",
  user: "limpet.dev/user",
  /** Unix seconds. */
  expiresAt: "limpet.dev/expires-at",
} as const;

/**
 * Annotations by which a pod asks those who empty nodes to let it be: Karpenter ("Pod-Level Controls" of its page on
 * disruption) and Cluster Autoscaler (its FAQ, "What types of pods can prevent CA from removing a node").
 */
const peace = {
  "karpenter.sh/do-not-disrupt": "true",
  "cluster-autoscaler.kubernetes.io/safe-to-evict": "false",
} as const;

/** For a merge patch: the annotations, or null for each, which takes it away. */
export function askForPeace(asks: boolean): Readonly<Record<string, string | null>> {
  return Object.fromEntries(Object.entries(peace).map(([name, value]) => [name, asks ? value : null]));
}

/** True where a pod carries them all. */
export function asksForPeace(annotations: Readonly<Record<string, string>>): boolean {
  return Object.entries(peace).every(([name, value]) => annotations[name] === value);
}

/** The value of `app.kubernetes.io/name`. */
export const shellLabel = "limpet-shell";
export const containerName = "shell";
/** Where the image keeps Limpet's scripts. */
export const scripts = "/usr/local/lib/limpet";
/** Uid and gid of the person in the image. */
const personId = 1000;
const homePath = "/home/limpet";

/** Kubernetes quantities. All three are always asked for: a request that is left out is as large as its limit. */
export type PodResources = {
  readonly cpu: string;
  readonly memory: string;
  readonly "ephemeral-storage": string;
};

/** What an installation may choose. */
export interface PodSettings {
  readonly image: string;
  readonly installId: string;
  /** The requests are what a node keeps free, the limits what the shell may take. */
  readonly resources: { readonly requests: PodResources; readonly limits: PodResources };
  /** Labels of the nodes that may run shells; empty: any node that the shells' toleration lets them on. */
  readonly nodeSelector: Readonly<Record<string, string>>;
  /** The PriorityClass of shells; null: the cluster's default. */
  readonly priorityClass: string | null;
  /** From the wish to end to the kill: preStop (an interrupt, a save) is a part of it. */
  readonly graceSeconds: number;
}

export interface PodWish {
  readonly name: string;
  readonly userId: string;
  /** Unix milliseconds. */
  readonly expiresAtMs: number;
  /** The longest that this pod may live, in milliseconds from its start: the cluster's own last resort. */
  readonly longestLifeMs: number;
}

export type PodManifest = ReturnType<typeof podManifest>;

/** A pod (core/v1) that the Pod Security Standard "restricted" admits. */
export function podManifest(settings: PodSettings, wish: PodWish) {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: wish.name,
      labels: {
        [podLabels.name]: shellLabel,
        [podLabels.install]: settings.installId,
        [podLabels.user]: wish.userId,
        [podLabels.expiresAt]: unixSeconds(wish.expiresAtMs),
      },
    },
    spec: {
      restartPolicy: "Always",
      // It can be lowered later, never raised: so it is the longest life, and `expires-at` is the one that moves.
      activeDeadlineSeconds: Math.max(1, Math.ceil(wish.longestLifeMs / 1000)),
      terminationGracePeriodSeconds: settings.graceSeconds,
      // Without these kubectl in the shell would act as the pod, and every service would fill the environment.
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: personId,
        runAsGroup: personId,
        fsGroup: personId,
        fsGroupChangePolicy: "OnRootMismatch",
        seccompProfile: { type: "RuntimeDefault" },
      },
      ...(settings.priorityClass === null ? {} : { priorityClassName: settings.priorityClass }),
      nodeSelector: settings.nodeSelector,
      tolerations: [{ key: "limpet.dev/shells", operator: "Exists", effect: "NoSchedule" }],
      containers: [
        {
          name: containerName,
          image: settings.image,
          command: [`${scripts}/shell`],
          env: [
            { name: "HOME", value: homePath },
            { name: "LIMPET_RUN", value: `/tmp/limpet-${personId}` },
            { name: "LIMPET_GRACE_SECONDS", value: String(settings.graceSeconds) },
          ],
          workingDir: homePath,
          resources: settings.resources,
          securityContext: {
            privileged: false,
            allowPrivilegeEscalation: false,
            capabilities: { drop: ["ALL"] },
          },
          lifecycle: { preStop: { exec: { command: [`${scripts}/shutdown`] } } },
          volumeMounts: [{ name: "home", mountPath: homePath }],
        },
      ],
      volumes: [{ name: "home", emptyDir: { sizeLimit: settings.resources.limits["ephemeral-storage"] } }],
    },
  } as const;
}

/** A label's value for a moment: unix seconds. */
export function unixSeconds(ms: number): string {
  return String(Math.floor(ms / 1000));
}
