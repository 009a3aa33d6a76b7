import { describe, expect, it } from "vitest";
import { parsePod } from "../../../worker/kubernetes/pod.ts";
import { type PodState, podState, startedAgain } from "../../../worker/kubernetes/pod-state.ts";
import { condition, conditions, container, pod, readyPod } from "./build.ts";

function stateOf(value: unknown): PodState {
  const parsed = parsePod(value);
  if (parsed === null) throw new Error("the test's pod is none");
  return podState(parsed);
}

const onNode = ["PodScheduled", "Initialized", "PodReadyToStartContainers"];
const deleting = { deletionTimestamp: "2026-11-01T10:05:00Z", deletionGracePeriodSeconds: 60 };

function waiting(reason: string, message?: string) {
  const state = { waiting: { reason, ...(message === undefined ? {} : { message }) } };
  return pod({ phase: "Pending", conditions: conditions(...onNode), containerStatuses: [container(state)] });
}

interface Row {
  readonly name: string;
  readonly pod: unknown;
  readonly phase: PodState["phase"];
  readonly reason: string | null;
  readonly detail: RegExp | null;
  readonly ended?: boolean;
}

const rows: readonly Row[] = [
  { name: "just created, no status", pod: pod({}), phase: "scheduling", reason: null, detail: /looks for a node/ },
  {
    name: "Pending without conditions",
    pod: pod({ phase: "Pending" }),
    phase: "scheduling",
    reason: null,
    detail: /looks for a node/,
  },
  {
    name: "Unschedulable, in the scheduler's words",
    pod: pod({
      phase: "Pending",
      conditions: [
        condition("PodScheduled", "False", {
          reason: "Unschedulable",
          message: "0/3 nodes are available: 3 Insufficient memory.",
        }),
      ],
    }),
    phase: "scheduling",
    reason: "Unschedulable",
    detail: /No node has room.*tell whoever runs the cluster\. \(0\/3 nodes are available/,
  },
  {
    name: "gated",
    pod: pod({ phase: "Pending", conditions: [condition("PodScheduled", "False", { reason: "SchedulingGated" })] }),
    phase: "scheduling",
    reason: "SchedulingGated",
    detail: /looks for a node/,
  },
  {
    name: "on a node, no container yet",
    pod: pod({ phase: "Pending", conditions: conditions("PodScheduled") }),
    phase: "starting",
    reason: null,
    detail: null,
  },
  {
    name: "ContainerCreating",
    pod: waiting("ContainerCreating"),
    phase: "starting",
    reason: "ContainerCreating",
    detail: /fetches the image/,
  },
  {
    name: "ErrImagePull",
    pod: waiting("ErrImagePull", 'failed to resolve reference "shell:1": not found'),
    phase: "starting",
    reason: "ErrImagePull",
    detail: /cannot be fetched.*not found\)/,
  },
  {
    name: "ImagePullBackOff",
    pod: waiting("ImagePullBackOff", 'Back-off pulling image "shell:1"'),
    phase: "starting",
    reason: "ImagePullBackOff",
    detail: /more and more slowly/,
  },
  {
    name: "InvalidImageName",
    pod: waiting("InvalidImageName"),
    phase: "failed",
    reason: "InvalidImageName",
    detail: /name of the shell's image is wrong/,
  },
  {
    name: "CreateContainerConfigError",
    pod: waiting("CreateContainerConfigError", "container has runAsNonRoot and image will run as root"),
    phase: "failed",
    reason: "CreateContainerConfigError",
    detail: /not allowed as it is.*runAsNonRoot/,
  },
  {
    name: "a reason that is not known is shown as it is",
    pod: waiting("SomethingNew", "words of a later version"),
    phase: "starting",
    reason: "SomethingNew",
    detail: /words of a later version/,
  },
  {
    name: "CrashLoopBackOff says how it ended",
    pod: pod({
      phase: "Running",
      conditions: conditions(...onNode),
      containerStatuses: [
        container(
          { waiting: { reason: "CrashLoopBackOff", message: "back-off 10s" } },
          { lastState: { terminated: { reason: "Error", exitCode: 127 } } },
        ),
      ],
    }),
    phase: "failed",
    reason: "CrashLoopBackOff",
    detail: /last time: exit status 127/,
  },
  {
    name: "CrashLoopBackOff after running out of memory",
    pod: pod({
      phase: "Running",
      conditions: conditions(...onNode),
      containerStatuses: [
        container(
          { waiting: { reason: "CrashLoopBackOff" } },
          { lastState: { terminated: { reason: "OOMKilled", exitCode: 137 } } },
        ),
      ],
    }),
    phase: "failed",
    reason: "CrashLoopBackOff",
    detail: /used more memory than it may/,
  },
  {
    name: "OOMKilled, about to be started again",
    pod: pod({
      phase: "Running",
      conditions: conditions(...onNode),
      containerStatuses: [container({ terminated: { reason: "OOMKilled", exitCode: 137 } })],
    }),
    phase: "starting",
    reason: "OOMKilled",
    detail: /used more memory than it may.*started again/,
  },
  { name: "ready", pod: readyPod(), phase: "ready", reason: null, detail: null },
  {
    name: "Evicted",
    pod: pod({ phase: "Failed", reason: "Evicted", message: "The node was low on resource: memory." }),
    phase: "failed",
    reason: "Evicted",
    detail: /node ran out of something.*without time to save\. \(The node was low on resource/,
    ended: true,
  },
  ...[
    'Usage of EmptyDir volume "home" exceeds the limit "10Gi". ',
    "Pod ephemeral local storage usage exceeds the total limit of containers 10Gi. ",
    'Container shell exceeded its local ephemeral storage limit "10Gi". ',
  ].map(
    (message): Row => ({
      name: `Evicted, by its own doing: ${message}`,
      pod: pod({ phase: "Failed", reason: "Evicted", message }),
      phase: "failed",
      reason: "Evicted",
      detail: /^The shell used more disk than it may/,
      ended: true,
    }),
  ),
  {
    name: "ended with its node, in good order",
    pod: pod({
      phase: "Failed",
      reason: "Terminated",
      message: "Pod was terminated in response to imminent node shutdown.",
      conditions: [condition("DisruptionTarget", "True", { reason: "TerminationByKubelet" })],
    }),
    phase: "failed",
    reason: "Terminated",
    detail: /node was shut down/,
    ended: true,
  },
  {
    name: "NodeShutdown: not let in any more",
    pod: pod({ phase: "Failed", reason: "NodeShutdown", message: "Pod was rejected as the node is shutting down." }),
    phase: "failed",
    reason: "NodeShutdown",
    detail: /node was shut down\. \(Pod was rejected/,
    ended: true,
  },
  {
    name: "Preempting: the kubelet's own need",
    pod: pod({ phase: "Failed", reason: "Preempting", message: "Preempted in order to admit critical pod" }),
    phase: "failed",
    reason: "Preempting",
    detail: /something more urgent/,
    ended: true,
  },
  {
    name: "OOMKilled, and the pod with it",
    pod: pod({
      phase: "Failed",
      containerStatuses: [container({ terminated: { reason: "OOMKilled", exitCode: 137 } })],
    }),
    phase: "failed",
    reason: "OOMKilled",
    detail: /pod ended: it used more memory than it may/,
    ended: true,
  },
  {
    name: "DeadlineExceeded",
    pod: pod({ phase: "Failed", reason: "DeadlineExceeded", message: "Pod was active on the node longer than …" }),
    phase: "failed",
    reason: "DeadlineExceeded",
    detail: /longest life/,
    ended: true,
  },
  {
    name: "ended without a word: the container's",
    pod: pod({
      phase: "Failed",
      containerStatuses: [container({ terminated: { reason: "Error", exitCode: 3 } })],
    }),
    phase: "failed",
    reason: "Error",
    detail: /^The shell's pod ended: exit status 3\.$/,
    ended: true,
  },
  {
    name: "Succeeded",
    pod: pod({ phase: "Succeeded" }),
    phase: "failed",
    reason: "Succeeded",
    detail: /ended/,
    ended: true,
  },
  {
    name: "being deleted, though Ready",
    pod: readyPod(deleting),
    phase: "stopping",
    reason: "Terminating",
    detail: /is ending/,
  },
  {
    name: "being deleted because its node is emptied",
    pod: pod(
      {
        phase: "Running",
        conditions: [
          condition("DisruptionTarget", "True", { reason: "EvictionByEvictionAPI", message: "Eviction API: evicting" }),
        ],
      },
      deleting,
    ),
    phase: "stopping",
    reason: "EvictionByEvictionAPI",
    detail: /node is being emptied\. \(Eviction API: evicting\)/,
  },
  {
    name: "node lost",
    pod: pod({ phase: "Running", reason: "NodeLost", conditions: conditions("PodScheduled", "Ready") }),
    phase: "starting",
    reason: "NodeLost",
    detail: /does not answer/,
  },
  {
    name: "its node silent: only Ready is taken away",
    pod: pod({
      phase: "Running",
      conditions: conditions("PodReadyToStartContainers", "Initialized", "ContainersReady", "PodScheduled"),
      containerStatuses: [container({ running: { startedAt: "2026-11-01T10:00:01Z" } }, { ready: true })],
    }),
    phase: "starting",
    reason: "NodeNotReady",
    detail: /node does not answer/,
  },
  {
    name: "running, and not ready yet",
    pod: pod({
      phase: "Running",
      conditions: conditions(...onNode),
      containerStatuses: [container({ running: { startedAt: "2026-11-01T10:00:01Z" } })],
    }),
    phase: "starting",
    reason: null,
    detail: null,
  },
  {
    name: "preempted by the scheduler",
    pod: pod(
      {
        phase: "Running",
        conditions: [condition("DisruptionTarget", "True", { reason: "PreemptionByScheduler" })],
      },
      deleting,
    ),
    phase: "stopping",
    reason: "PreemptionByScheduler",
    detail: /something more urgent/,
  },
];

describe("podState", () => {
  it.each(rows)("$name", ({ pod: value, phase, reason, detail, ended }) => {
    const state = stateOf(value);
    expect({ phase: state.phase, reason: state.reason, ended: state.ended }).toEqual({
      phase,
      reason,
      ended: ended ?? false,
    });
    if (detail === null) expect(state.detail).toBeNull();
    else expect(state.detail).toMatch(detail);
  });

  it.each([
    [
      { reason: "OOMKilled", exitCode: 137 },
      /it used more memory than it may\. All that ran.*files in its home are there/,
    ],
    [{ reason: "Error", exitCode: 137 }, /it was killed\./],
    [{ reason: "Error", exitCode: 1 }, /exit status 1\./],
    [null, /it ended\./],
  ] as const)("tells how the container before ended: %o", (end, words) => {
    const ends = end === null ? {} : { lastState: { terminated: end } };
    const again = pod({
      phase: "Running",
      conditions: conditions(...onNode, "Ready", "ContainersReady"),
      containerStatuses: [container({ running: {} }, { restartCount: 1, ...ends })],
    });
    const state = stateOf(again);
    expect(state).toMatchObject({ phase: "ready", restarts: 1, lastEnd: end });
    expect(startedAgain(state.lastEnd)).toMatch(words);
  });

  it("reports the conditions one by one", () => {
    expect(stateOf(waiting("ContainerCreating")).conditions).toEqual({
      podScheduled: true,
      initialized: true,
      containersReady: false,
      ready: false,
    });
  });

  it("tells when a pod is to have ended, and of one that stays nothing", () => {
    expect(stateOf(readyPod(deleting)).endsBy).toBe(Date.parse("2026-11-01T10:05:00Z"));
    expect(stateOf(readyPod()).endsBy).toBeNull();
    expect(stateOf(readyPod({ deletionTimestamp: "soon" }))).toMatchObject({ phase: "stopping", endsBy: null });
  });

  it("advises nothing that would cost what was saved where the node is lost", () => {
    const { detail } = stateOf(pod({ phase: "Unknown", conditions: conditions("PodScheduled") }));
    expect(detail).toMatch(/restart the shell/);
    expect(detail).not.toMatch(/delete/);
  });

  it("quotes at most 300 characters of the cluster's", () => {
    const { detail } = stateOf(waiting("ErrImagePull", "x".repeat(5_000)));
    expect(detail?.length).toBeLessThan(500);
    expect(detail).toMatch(/x…\)$/);
  });
});

describe("parsePod", () => {
  it.each([
    ["null", null],
    ["a list", []],
    ["a text", "pod"],
    ["another kind", { ...readyPod(), kind: "Node" }],
    ["no metadata", { kind: "Pod" }],
    ["no uid", readyPod({ uid: undefined })],
    ["an empty name", readyPod({ name: "" })],
    ["a number for a uid", readyPod({ uid: 7 })],
  ])("does not take %s", (_, value) => {
    expect(parsePod(value)).toBeNull();
  });

  it("takes nonsense below for absent, and goes on", () => {
    const nonsense = {
      ...readyPod({ labels: { a: 1, b: "c" }, deletionTimestamp: 5 }),
      status: { phase: 7, conditions: ["x", { type: 3 }], containerStatuses: { not: "a list" } },
    };
    expect(parsePod(nonsense)).toMatchObject({
      labels: { b: "c" },
      deleting: false,
      phase: null,
      conditions: [{ type: "", status: "Unknown" }],
      containers: [],
    });
  });
});
