// Owns what an installation's configuration means for its shells: the cluster's address, the pod, the times.
// Must not know where the configuration comes from.

import type { Config } from "../config.ts";
import { PodClient } from "../kubernetes/pods.ts";
import type { ClusterClient } from "../kubernetes/request.ts";
import type { ClusterSettings } from "../kubernetes/settings.ts";
import type { ClusterSide } from "./cluster-calls.ts";

export function clusterSettings(config: Config): ClusterSettings {
  const [signingKey] = config.signingKeys;
  return { ...config.cluster, issuer: config.publicUrl, signingKey };
}

export function clusterSide(config: Config, cluster: ClusterClient): ClusterSide {
  return {
    pods: new PodClient(cluster),
    settings: {
      image: config.shellImage,
      installId: config.installId,
      resources: config.shellResources,
      nodeSelector: config.shellNodeSelector,
      priorityClass: config.shellPriorityClass,
      graceSeconds: config.graceSeconds,
    },
    rules: { idleMs: config.shellIdleMs, lifeMs: config.shellLifeMs },
  };
}
