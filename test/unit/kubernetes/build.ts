// Owns pods as a cluster would send them, for tests: a plain one, changed where a test needs it.
// Must not know how they are read.

export const uid = "0f1e2d3c-0000-4000-8000-000000000001";
export const userId = "0123456789abcdefghjk";
export const podName = `limpet-${userId}`;

type Part = Readonly<Record<string, unknown>>;

export function condition(type: string, status: "True" | "False" | "Unknown", more: Part = {}): Part {
  return { type, status, lastProbeTime: null, lastTransitionTime: "2026-11-01T10:00:00Z", ...more };
}

export function conditions(...held: readonly string[]): readonly Part[] {
  return ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"].map((type) =>
    condition(type, held.includes(type) ? "True" : "False"),
  );
}

/** The one container, in this state. */
export function container(state: Part, more: Part = {}): Part {
  return { name: "shell", image: "shell:1", ready: false, restartCount: 0, state, lastState: {}, ...more };
}

/** A pod as the API server gives it; `status` replaces the whole status. */
export function pod(status: Part, metadata: Part = {}): Part {
  return {
    kind: "Pod",
    apiVersion: "v1",
    metadata: {
      name: podName,
      namespace: "shells",
      uid,
      resourceVersion: "41",
      creationTimestamp: "2026-11-01T10:00:00Z",
      labels: {
        "app.kubernetes.io/name": "limpet-shell",
        "limpet.dev/install": "here",
        "limpet.dev/user": userId,
        "limpet.dev/expires-at": "1793527200",
      },
      ...metadata,
    },
    spec: { containers: [{ name: "shell" }] },
    status,
  };
}

export function readyPod(metadata: Part = {}): Part {
  return pod(
    {
      phase: "Running",
      conditions: conditions("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"),
      containerStatuses: [container({ running: { startedAt: "2026-11-01T10:00:01Z" } }, { ready: true })],
    },
    metadata,
  );
}
