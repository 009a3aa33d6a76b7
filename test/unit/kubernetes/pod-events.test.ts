import { describe, expect, it } from "vitest";
import { clocksApart, clusterError, refusal } from "../../../worker/kubernetes/failure.ts";
import { parsePod } from "../../../worker/kubernetes/pod.ts";
import { parsePodEvents, scaling, troubles } from "../../../worker/kubernetes/pod-events.ts";
import { eventsMayTell, podState } from "../../../worker/kubernetes/pod-state.ts";
import { condition, conditions, container, pod, readyPod } from "./build.ts";

function event(reason: string, minute: number, more: object = {}) {
  const lastTimestamp = `2026-11-01T10:${String(minute).padStart(2, "0")}:00Z`;
  return { reason, message: `${reason} said`, type: "Warning", lastTimestamp, ...more };
}

function eventsOf(...items: unknown[]) {
  const events = parsePodEvents({ kind: "EventList", items });
  if (events === null) throw new Error("the test's events are none");
  return events;
}

function parsed(value: unknown) {
  const found = parsePod(value);
  if (found === null) throw new Error("the test's pod is none");
  return found;
}

const unschedulable = pod({
  phase: "Pending",
  conditions: [condition("PodScheduled", "False", { reason: "Unschedulable", message: "0/3 nodes are available." })],
});

describe("events of a pod", () => {
  it("are read oldest first, whichever of their times they carry; what is none is passed over", () => {
    const series = { lastTimestamp: null, series: { count: 4, lastObservedTime: "2026-11-01T10:09:00.000000Z" } };
    const micro = { lastTimestamp: null, eventTime: "2026-11-01T10:02:00.123456Z" };
    const events = eventsOf(
      event("Third", 5),
      event("Last", 0, series),
      event("Second", 0, micro),
      event("First", 1),
      7,
      {
        message: "of nothing",
      },
    );
    expect(events.map(({ reason }) => reason)).toEqual(["First", "Second", "Third", "Last"]);
    expect(events.at(-1)?.count).toBe(4);
    expect(parsePodEvents({ kind: "PodList", items: [] })).toBeNull();
    expect(parsePodEvents("EventList")).toBeNull();
  });

  it("tell of a machine that comes, or of none: the newest word of an autoscaler counts", () => {
    expect(scaling(eventsOf(event("FailedScheduling", 1), event("TriggeredScaleUp", 2)))).toMatch(/being added/);
    expect(scaling(eventsOf(event("Nominated", 2)))).toMatch(/being added/);
    expect(scaling(eventsOf(event("TriggeredScaleUp", 2), event("NotTriggerScaleUp", 3)))).toMatch(/does not add one/);
    expect(scaling(eventsOf(event("FailedScheduling", 1)))).toBeNull();
    expect(podState(parsed(unschedulable), eventsOf(event("Nominated", 2)))).toMatchObject({
      phase: "scheduling",
      reason: "Unschedulable",
      detail: "A machine is being added for the shell. That usually takes one to three minutes.",
    });
  });

  it("tell in their own words what goes wrong, the last three of them, within bounds", () => {
    const many = Array.from({ length: 9 }, (_, n) =>
      event(`Reason${n}`, n, { message: "x".repeat(900), count: n + 1 }),
    );
    const told = troubles(eventsOf(...many, event("Pulled", 30, { type: "Normal" })));
    expect(told).toMatch(/^Reason6 \(7 times\): x.*; Reason7 \(8 times\): x.*; Reason8 \(9 times\): x+…$/);
    expect(told?.length).toBeLessThan(600);
    expect(troubles(eventsOf(event("Pulled", 1, { type: "Normal" })))).toBeNull();
  });

  it("are asked for where they may tell more than the pod", () => {
    const onNode = conditions("PodScheduled", "Initialized");
    const creating = { waiting: { reason: "ContainerCreating" } };
    const starting = pod({ phase: "Pending", conditions: onNode, containerStatuses: [container(creating)] });
    expect(eventsMayTell(podState(parsed(unschedulable)), 0)).toBe(true);
    expect(eventsMayTell(podState(parsed(starting)), 1_000)).toBe(false);
    expect(eventsMayTell(podState(parsed(starting)), 31_000)).toBe(true);
    expect(eventsMayTell(podState(parsed(readyPod())), 31_000)).toBe(false);
  });
});

describe("clocks", () => {
  const edgeMs = Date.UTC(2026, 10, 23, 14, 0);
  const at = (offsetMs: number) => new Date(edgeMs + offsetMs).toUTCString();

  it("are apart beyond thirty seconds, either way", () => {
    expect([-30_000, 0, 30_000].map((offset) => clocksApart(at(offset), edgeMs))).toEqual([null, null, null]);
    expect(clocksApart(at(31_000), edgeMs)).toEqual({ clusterMs: edgeMs + 31_000, edgeMs });
    expect(clocksApart(at(-31_000), edgeMs)).toEqual({ clusterMs: edgeMs - 31_000, edgeMs });
    expect([clocksApart(null, edgeMs), clocksApart("yesterday", edgeMs)]).toEqual([null, null]);
  });

  it("that are apart are why a token was refused, and nothing else's reason", () => {
    const headers = new Headers({ date: at(120_000) });
    const error = clusterError(refusal(401, headers, "", edgeMs));
    expect(error.code).toBe("CLUSTER_CLOCK");
    expect(error.message).toContain("there it is 2026-11-23T14:02:00Z, here 2026-11-23T14:00:00Z");
    expect(clusterError(refusal(403, headers, "", edgeMs)).code).toBe("CLUSTER_REFUSED");
    expect(clusterError(refusal(401, new Headers({ date: at(0) }), "", edgeMs)).code).toBe("CLUSTER_REFUSED");
  });
});
