// Owns pods on disk: `stateDir/pods/UID/pod.json` beside the pod's own folders.
// Must not know how pods run.

import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Refusal } from "../api/status.ts";
import { isObject, type JsonObject, parseJson } from "../json.ts";
import { parsePod } from "../pods/parse-pod.ts";
import type { Pod, PodStatus } from "../pods/pod.ts";

/** Written whole or not at all. */
export function savePod(stateDir: string, pod: Pod): void {
  const directory = join(stateDir, "pods", pod.metadata.uid);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  writeFileSync(join(directory, "pod.json.new"), JSON.stringify(pod, null, 2), { mode: 0o600 });
  renameSync(join(directory, "pod.json.new"), join(directory, "pod.json"));
}

/** The pod will not come back, though its folders may still be in use. */
export function unsavePod(stateDir: string, uid: string): void {
  rmSync(join(stateDir, "pods", uid, "pod.json"), { force: true });
}

/** Removes the pod and its folders. */
export function forgetPod(stateDir: string, uid: string): void {
  rmSync(join(stateDir, "pods", uid), { recursive: true, force: true });
}

/** Every pod that was saved whole; what cannot be read is removed. */
export function loadPods(stateDir: string): readonly Pod[] {
  const root = join(stateDir, "pods");
  mkdirSync(root, { recursive: true, mode: 0o700 });
  return readdirSync(root).flatMap((uid) => {
    const pod = loadPod(join(root, uid, "pod.json"));
    if (pod?.metadata.uid === uid) return [pod];
    forgetPod(stateDir, uid);
    return [];
  });
}

function loadPod(file: string): Pod | undefined {
  const saved = parseJson(readText(file));
  if (!isObject(saved) || !isObject(saved["metadata"])) return undefined;
  const { namespace, uid, creationTimestamp, deletionTimestamp, resourceVersion } = saved["metadata"];
  if (typeof namespace !== "string" || typeof uid !== "string" || typeof creationTimestamp !== "string") {
    return undefined;
  }
  const pod = parsePod(saved, namespace);
  if (pod instanceof Refusal || typeof resourceVersion !== "string") return undefined;
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      uid,
      creationTimestamp,
      ...(typeof deletionTimestamp === "string" ? { deletionTimestamp } : {}),
    },
    status: loadStatus(saved["status"]),
  };
}

/** What must outlive a restart; the rest of the status is found out anew. */
function loadStatus(status: unknown): PodStatus {
  const saved: JsonObject = isObject(status) ? status : {};
  const { phase, startTime, reason, message } = saved;
  const containers = Array.isArray(saved["containerStatuses"]) ? saved["containerStatuses"] : [];
  return {
    phase: phase === "Running" || phase === "Succeeded" || phase === "Failed" ? phase : "Pending",
    ...(typeof reason === "string" ? { reason } : {}),
    ...(typeof message === "string" ? { message } : {}),
    ...(typeof startTime === "string" ? { startTime } : {}),
    containerStatuses: containers.flatMap((container) => {
      if (!isObject(container)) return [];
      const { name, image, restartCount } = container;
      if (typeof name !== "string" || typeof image !== "string" || typeof restartCount !== "number") return [];
      const state = { waiting: { reason: "ContainerCreating" } };
      return [{ name, image, imageID: "", restartCount, state, lastState: {}, ready: false, started: false }];
    }),
    qosClass: "BestEffort",
  };
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
