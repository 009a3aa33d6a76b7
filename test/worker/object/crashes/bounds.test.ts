import { describe, expect, it } from "vitest";
import { countRunning } from "../../../../worker/shells/records.ts";
import { CrashWorld } from "./crash-world.ts";
import type { Fault } from "./points.ts";

const lasting: readonly Fault[] = [
  { type: "refused", status: 409 },
  { type: "refused", status: 410 },
  { type: "refused", status: 429 },
  { type: "refused", status: 500 },
  { type: "hangs" },
];
/** A give-up is reached in about half a minute; after it what must not be left behind is tried once a minute. */
const longestMs = 60_000;

describe("a cluster that answers nothing well", () => {
  it.each(lasting.map((fault) => [fault] as const))("to a create (%o): a bound, then a reason", async (fault) => {
    const world = await CrashWorld.begin();
    const begunMs = world.nowMs;
    world.wake({ at: 0, cluster: true, fault });
    await world.ask((shell) => shell.want("any"));
    await world.rest();
    const record = await world.record();
    expect(record).toMatchObject({ desired: "present", phase: "failed", podUid: null });
    expect([record?.reason, record?.detail]).not.toContain(null);
    expect(world.nowMs - begunMs).toBeLessThan(longestMs);
    expect(world.points.names.filter((name) => name === "POST pods").length).toBeLessThanOrEqual(8);
    // It is over: once the cluster is well, asking again is enough.
    world.wake(null);
    await world.ask((shell) => shell.want("any"));
    await world.rest();
    expect(await world.record()).toMatchObject({ phase: "ready", reason: null });
    expect(world.api.created).toBe(1);
  });

  it.each(lasting.map((fault) => [fault] as const))("to an end (%o): said, and tried for good", async (fault) => {
    const world = await CrashWorld.begin();
    await world.ask((shell) => shell.want("any"));
    await world.rest();
    const begunMs = world.nowMs;
    world.wake({ at: 0, cluster: true, fault });
    await world.ask((shell) => shell.end("stopped"));
    await world.rest();
    expect(await world.record()).toMatchObject({ desired: "stopped", phase: "failed" });
    expect(world.nowMs - begunMs).toBeLessThan(longestMs);
    expect(world.api.pod).not.toBeNull();
    // Nobody asks: the object's own alarm does it.
    world.wake(null);
    await world.ask((shell) => shell.tick());
    await world.rest();
    expect(await world.record()).toMatchObject({ phase: "absent" });
    expect(world.api.pod).toBeNull();
  });

  it("to looks: the phase stays, the reason is said, and no spinner is left when it is well", async () => {
    const world = await CrashWorld.begin();
    await world.ask((shell) => shell.want("any"));
    await world.rest();
    world.wake({ at: 0, cluster: true, fault: { type: "refused", status: 500 } });
    await world.ask((shell) => shell.look());
    await world.rest();
    expect(await world.record()).toMatchObject({ phase: "ready" });
    world.wake(null);
    await world.ask((shell) => shell.look());
    await world.rest();
    expect(await world.record()).toMatchObject({ phase: "ready", reason: null, detail: null });
  });
});

describe("the limit of an installation", () => {
  it("refuses one shell more, and leaves those that run", async () => {
    const first = await CrashWorld.begin();
    await first.ask((shell) => shell.want("any"));
    await first.rest();
    const running = await countRunning(first.db, "nobody");
    first.shellLimit = running;
    first.wake(null);
    expect(await first.shell.want("any")).toMatchObject({ ok: true });

    const second = await CrashWorld.begin();
    second.shellLimit = running;
    second.wake(null);
    const refused = await second.shell.want("any");
    expect(refused).toMatchObject({ ok: false, code: "SHELL_LIMIT" });
    expect(await second.record()).toBeNull();
    await first.ask((shell) => shell.end("stopped"));
    await first.rest();
    expect(await second.shell.want("any")).toMatchObject({ ok: true });
    // The place is taken now.
    expect(await first.shell.want("existing")).toMatchObject({ ok: false, code: "SHELL_LIMIT" });
    expect(await first.shell.restart()).toMatchObject({ ok: false, code: "SHELL_LIMIT" });
    expect(await first.record()).toMatchObject({ desired: "stopped", phase: "absent" });
  });

  it("counts none that has failed and has no pod; it needs a place when it is begun again", async () => {
    const lost = await CrashWorld.begin();
    await lost.ask((shell) => shell.want("any"));
    await lost.rest();
    const running = await countRunning(lost.db, "nobody");
    lost.api.vanish();
    await lost.ask((shell) => shell.look());
    await lost.rest();
    expect(await lost.record()).toMatchObject({ desired: "present", phase: "failed", reason: "PodGone" });
    expect(await countRunning(lost.db, "nobody")).toBe(running - 1);

    const other = await CrashWorld.begin();
    other.shellLimit = running;
    other.wake(null);
    expect(await other.shell.want("any")).toMatchObject({ ok: true });
    lost.shellLimit = running;
    lost.wake(null);
    expect(await lost.shell.want("any")).toMatchObject({ ok: false, code: "SHELL_LIMIT" });
    await other.ask((shell) => shell.end("stopped"));
    await other.rest();
    expect(await lost.shell.want("any")).toMatchObject({ ok: true });
  });
});

describe("a set-up that never gives a receipt", () => {
  it("keeps nobody out, and says so", async () => {
    const world = await CrashWorld.begin();
    await world.ask((shell) => shell.want("any"));
    await world.rest();
    const before = await world.record();
    world.wake(null);
    await world.ask((shell) => shell.end("stopped"));
    await world.rest();
    world.setUpFails = true;
    await world.ask((shell) => shell.want("any"));
    await world.rest();
    const record = await world.record();
    expect(record).toMatchObject({ id: before?.id, phase: "ready", setup: [{ step: "edge", code: "SETUP_FAILED" }] });
    expect(world.points.names.filter((name) => name === "setup").length).toBeLessThan(10);
  });
});
