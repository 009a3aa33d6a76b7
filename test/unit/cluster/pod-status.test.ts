// Owns the local cluster's pod status as a function of what is known: conditions, phases, transition times.
// Must not know processes.

import { expect, test } from "vitest";
import {
  type ContainerState,
  type ContainerStatus,
  conditionTypes,
  type PodStatus,
} from "../../../dev/cluster/pods/pod.ts";
import { composeStatus, type PodFacts } from "../../../dev/cluster/pods/pod-status.ts";

const nothing: PodStatus = { phase: "Pending", qosClass: "BestEffort" };

function container(state: ContainerState, ready = "running" in state): ContainerStatus {
  return { name: "shell", state, lastState: {}, ready, started: ready, restartCount: 0, image: "i", imageID: "" };
}

const waiting = container({ waiting: { reason: "ContainerCreating" } });
const running = container({ running: { startedAt: "2026-01-01T00:00:00Z" } });
const ended = (exitCode: number) =>
  container({ terminated: { exitCode, reason: "x", startedAt: "", finishedAt: "", containerID: "" } });

const facts = (change: Partial<PodFacts> = {}): PodFacts => ({
  unschedulable: undefined,
  scheduled: true,
  sandbox: true,
  startedAt: "2026-01-01T00:00:00Z",
  containers: [running],
  restartPolicy: "Always",
  failure: undefined,
  deleting: false,
  ...change,
});

const summary = (status: PodStatus) => status.conditions?.map(({ type, status: is }) => `${type}=${is}`);

test("before a node is found: nothing is said, or why there is none", () => {
  const before = { scheduled: false, sandbox: false, startedAt: undefined, containers: [] };
  expect(composeStatus(nothing, facts(before), 0)).toEqual(nothing);
  const unschedulable = { reason: "Unschedulable", message: "no room" };
  const told = composeStatus(nothing, facts({ ...before, unschedulable }), 0);
  expect(told.conditions).toMatchObject([{ type: "PodScheduled", status: "False", ...unschedulable }]);
});

test("conditions come in the kubelet's order, and name what is not ready", () => {
  const creating = composeStatus(nothing, facts({ sandbox: false, containers: [waiting] }), 0);
  expect(creating.conditions?.map(({ type }) => type)).toEqual(conditionTypes);
  expect(summary(creating)?.slice(1)).toEqual([
    "PodReadyToStartContainers=False",
    "Initialized=True",
    "ContainersReady=False",
    "Ready=False",
  ]);
  expect(creating.conditions?.[4]).toMatchObject({
    reason: "ContainersNotReady",
    message: "containers with unready status: [shell]",
  });
  expect(summary(composeStatus(creating, facts(), 0))?.every((condition) => condition.endsWith("=True"))).toBe(true);
});

test("a condition's time is that of its last change of status", () => {
  const first = composeStatus(nothing, facts({ containers: [waiting] }), Date.UTC(2026, 0, 1, 0, 0, 0));
  const second = composeStatus(first, facts(), Date.UTC(2026, 0, 1, 0, 0, 9));
  const times = Object.fromEntries(
    second.conditions?.map(({ type, lastTransitionTime }) => [type, lastTransitionTime]) ?? [],
  );
  expect(times).toMatchObject({ PodScheduled: "2026-01-01T00:00:00Z", Ready: "2026-01-01T00:00:09Z" });
});

test.each<[string, Partial<PodFacts>, PodStatus["phase"]]>([
  ["a container that waits", { containers: [waiting] }, "Pending"],
  ["one that runs", {}, "Running"],
  ["one that ended and starts again", { containers: [ended(1)] }, "Running"],
  ["one that waits after a restart", { containers: [{ ...waiting, restartCount: 1 }] }, "Running"],
  ["Never, ended well", { containers: [ended(0)], restartPolicy: "Never" }, "Succeeded"],
  ["Never, ended badly", { containers: [ended(3)], restartPolicy: "Never" }, "Failed"],
  ["OnFailure, ended well", { containers: [ended(0)], restartPolicy: "OnFailure" }, "Succeeded"],
  ["OnFailure, ended badly", { containers: [ended(3)], restartPolicy: "OnFailure" }, "Running"],
  ["one of two ended", { containers: [running, ended(0)], restartPolicy: "Never" }, "Running"],
  ["ended by a deletion", { containers: [ended(0)], deleting: true }, "Succeeded"],
  ["over its deadline", { failure: { reason: "DeadlineExceeded", message: "m" } }, "Failed"],
])("phase: %s", (_what, change, phase) => {
  expect(composeStatus(nothing, facts(change), 0).phase).toBe(phase);
});
