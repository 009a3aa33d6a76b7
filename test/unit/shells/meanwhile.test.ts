import { describe, expect, it } from "vitest";
import { heard } from "../../../worker/shells/answers.ts";
import type { Life, Moment, ShellCall, ShellHeard } from "../../../worker/shells/life.ts";
import { setUpBegun, setUpEnded, setUpKey } from "../../../worker/shells/setup-lane.ts";
import { lookNow, used } from "../../../worker/shells/wishes.ts";
import { lost, ModelCluster, refused } from "./model-cluster.ts";
import { events, hour, moment, nowMs, settled, start, states } from "./pairs.ts";

const look: ShellCall = { type: "look" };
const remove: ShellCall = { type: "delete", uid: "uid-1" };

/** What may be under way in each state. */
const underWay: Readonly<Record<string, readonly ShellCall[]>> = {
  creating: [{ type: "create" }, look],
  "creating, the one before ends": [look, remove],
  scheduling: [look],
  starting: [look],
  "setting-up": [look],
  ready: [look, { type: "mark", uid: "uid-1", busy: false }],
  "stopping, by somebody else": [look],
  "stopping, to be restarted": [look, remove],
  "failed, its pod lost": [look],
  "failed, never there": [look],
  "stopping, to be stopped": [look, remove],
  "failed, to be stopped": [look, remove],
  "stopping, to be deleted": [look, remove, { type: "forget" }],
  "failed, to be deleted": [look, remove],
};
const wishes = ["create", "stop", "delete", "restart", "time over"] as const;
const answers = ["heard", "lost on its way back", "lost on its way there", "refused"] as const;

interface Case {
  readonly name: string;
  readonly state: string;
  readonly call: ShellCall;
  readonly wish: (typeof wishes)[number];
  readonly answer: (typeof answers)[number];
  readonly hasPod: boolean;
}

const cases: readonly Case[] = Object.entries(underWay).flatMap(([state, calls]) =>
  calls.flatMap((call) =>
    wishes.flatMap((wish) =>
      answers.flatMap((answer) =>
        [true, false]
          // The saves of a shell are forgotten only once its pod is gone.
          .filter((hasPod) => !(call.type === "forget" && hasPod))
          .map((hasPod) => {
            const name = `${state}; ${call.type} under way, ${answer}; ${wish}; ${hasPod ? "a pod" : "no pod"}`;
            return { name, state, call, wish, answer, hasPod };
          }),
      ),
    ),
  ),
);

function clusterWith(hasPod: boolean): ModelCluster {
  const cluster = new ModelCluster();
  if (hasPod) cluster.answer({ type: "create" }, start + 6 * hour, start);
  return cluster;
}

/** What the object hears of `call`, and what the cluster did for it. */
function answerOf(cluster: ModelCluster, { call, answer }: Case): ShellHeard {
  if (call.type === "forget") return { type: answer === "heard" ? "forgotten" : "remembered" };
  if (answer === "refused") return refused(403, "Forbidden");
  const truth = answer === "lost on its way there" ? lost : cluster.answer(call, start + 6 * hour, nowMs);
  return answer === "heard" ? truth : lost;
}

/** Nothing goes wrong any more, and nobody asks for anything: all that is due is done, until nothing is. */
function settle(life: Life, cluster: ModelCluster): Life {
  let now: Moment = moment;
  let left = life;
  for (let steps = 0; steps < 200; steps += 1) {
    const { next, record, setUp, restarts } = left;
    const key = record === null ? null : setUpKey(record, restarts);
    if (record !== null && key !== null && setUp.dueMs !== null) {
      now = { ...now, nowMs: Math.max(now.nowMs, setUp.dueMs) };
      left = setUpEnded(setUpBegun(left, key), key, { type: "receipt", checks: [] }, now).life;
    } else if (record !== null && next !== null) {
      now = { ...now, nowMs: Math.max(now.nowMs, next.atMs) };
      const what = cluster.answer(next.call, record.expiresAt, now.nowMs);
      left = heard({ ...left, next: null }, next.call, what, now).life;
    } else return left;
  }
  throw new Error("it does not come to rest");
}

describe("a wish that comes while a call is under way", () => {
  it.each(cases)("$name", (one) => {
    const { state, call, wish, answer, hasPod } = one;
    const cluster = clusterWith(hasPod);
    const before = settled(states[state] ?? null);
    const what = answerOf(cluster, one);
    const wished = events[wish]?.(before);
    // No shell, to this wish: nothing to be kept.
    if (wished === null || wished === undefined || "refused" in wished) return;
    const { life } = heard(wished.life, call, what, moment);
    const { record } = settle(life, cluster);
    const pod = cluster.look(nowMs + hour);
    const ask = wished.life.record;
    if (ask?.desired === "deleted") expect([record, pod]).toEqual([null, null]);
    else if (ask?.desired === "stopped") expect([record?.phase, pod]).toEqual(["absent", null]);
    else if (wished.life.next === null && answer === "refused" && record?.phase === "failed") {
      // What was asked for was under way already, and that is what was refused.
      expect([before.record?.phase, record.reason]).toEqual(["creating", "Forbidden"]);
    } else {
      expect(record).toMatchObject({ phase: "ready", podUid: pod?.uid, replacing: null, reason: null });
      const fromAnew = wish === "restart" && before.record?.podUid === "uid-1";
      if (fromAnew) expect(cluster.created, "another pod").toBe(hasPod ? 2 : 1);
    }
  });

  it.each(answers)("use, while a mark that was %s is under way, is written on the pod", (answer) => {
    const cluster = clusterWith(true);
    const before = settled(states["ready"] ?? null);
    const call = { type: "mark", uid: "uid-1", busy: false } as const;
    const what = answerOf(cluster, { name: "", state: "ready", call, wish: "create", answer, hasPod: true });
    const { life } = heard(used(before, moment.rules, nowMs), call, what, moment);
    const { record } = settle(life, cluster);
    expect(record?.expiresAt).toBe(nowMs + 6 * hour);
    expect(cluster.look(nowMs)?.expiresAt).toBe(record?.expiresAt);
  });

  it("is a look, and is not lost with a mark that fails", () => {
    const wished = lookNow(settled(states["ready"] ?? null), nowMs);
    const { life } = heard(wished, { type: "mark", uid: "uid-1", busy: false }, lost, moment);
    expect(life.next).toEqual({ call: look, atMs: nowMs });
  });

  it("does not make a cluster that asks for patience be asked sooner", () => {
    const busy: ShellHeard = {
      type: "failed",
      failure: { kind: "refused", status: 429, reason: "TooManyRequests", message: "later", retryAfterMs: 7_000 },
    };
    const wished = lookNow(settled(states["creating"] ?? null), nowMs);
    expect(heard(wished, { type: "create" }, busy, moment).life.next?.atMs).toBe(nowMs + 7_000);
  });
});
