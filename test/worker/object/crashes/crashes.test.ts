import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { ShellLifecycle } from "../../../../worker/shells/lifecycle.ts";
import { CrashWorld } from "./crash-world.ts";
import { type Fault, isOfTheCluster } from "./points.ts";

type From = "nothing" | "ready" | "stopped" | "lost";

interface Mutation {
  readonly from: From;
  /** Somebody looks at it meanwhile. */
  readonly attended?: true;
  readonly act: (shell: ShellLifecycle, world: CrashWorld) => Promise<unknown>;
}

const token = { type: "token", token: "the second token" } as const;

const mutations: Readonly<Record<string, Mutation>> = {
  "create, the first": { from: "nothing", act: (shell) => shell.want("any") },
  "create, after a stop": { from: "stopped", act: (shell) => shell.want("any") },
  "reboot, after a loss": { from: "lost", act: (shell) => shell.want("existing") },
  "loss, while somebody looks": { from: "ready", attended: true, act: (shell, world) => lose(shell, world) },
  "visit, after a loss": { from: "lost", attended: true, act: (shell) => shell.look() },
  restart: { from: "ready", act: (shell) => shell.restart() },
  stop: { from: "ready", act: (shell) => shell.end("stopped") },
  expiry: { from: "ready", act: (shell, world) => expire(shell, world) },
  "delete, of a ready one": { from: "ready", act: (shell) => shell.end("deleted") },
  "delete, of a stopped one": { from: "stopped", act: (shell) => shell.end("deleted") },
  "set-up, of a ready one": { from: "ready", act: (shell) => shell.setUp({ git: { signIn: token } }) },
  "set-up, of a stopped one": { from: "stopped", act: (shell) => shell.setUp({ git: { signIn: token } }) },
  settings: { from: "ready", act: (shell) => shell.settings({ saveUpstream: false, gitBranch: "main" }) },
  extend: { from: "ready", act: (shell) => shell.extend() },
};

/** Once: its second call finds the pod that took the place of the lost one. */
async function lose(shell: ShellLifecycle, world: CrashWorld): Promise<void> {
  if (world.api.created === 1) world.api.vanish();
  await shell.look();
}

async function expire(shell: ShellLifecycle, world: CrashWorld): Promise<void> {
  const record = await world.record();
  world.nowMs = Math.max(world.nowMs, record?.expiresAt ?? 0);
  // What D1 keeps from being done is done when the alarm comes again.
  await shell.tick().catch(() => undefined);
}

/** A world in which a shell stands so, with a secret and a snapshot of its own. */
async function worldFrom(from: From): Promise<{ readonly world: CrashWorld; readonly firstId: string | null }> {
  const world = await CrashWorld.begin();
  if (from === "nothing") return { world, firstId: null };
  await world.ask((shell) => shell.want("any"));
  const first = { type: "token", token: "the first token" } as const;
  await world.ask((shell) => shell.setUp({ git: { url: "https://git.test/a/b.git", signIn: first } }));
  await world.rest();
  const record = await world.record();
  if (record === null) throw new Error("there is no shell to begin with");
  await env.SNAPSHOTS.put(`${record.id}/a-snapshot`, "sealed");
  if (from === "stopped") await world.ask((shell) => shell.end("stopped"));
  if (from === "lost") {
    world.api.vanish();
    await world.ask((shell) => shell.look());
  }
  await world.rest();
  return { world, firstId: record.id };
}

async function undisturbed({ from, attended, act }: Mutation) {
  const { world, firstId } = await worldFrom(from);
  world.wake(null);
  world.attended = attended ?? false;
  await world.ask((shell) => act(shell, world));
  await world.rest();
  return { names: world.points.names, outcome: await world.outcome(firstId), created: world.api.created };
}

/** Nobody asks for anything. */
async function untouched(from: From): Promise<object> {
  const { world, firstId } = await worldFrom(from);
  return world.outcome(firstId);
}

/** The fault strikes, and nobody asks again: what was begun goes on by the object's own alarm. */
async function leftAlone({ from, act }: Mutation, at: number, fault: Fault): Promise<object> {
  const { world, firstId } = await worldFrom(from);
  world.wake({ at, fault });
  await world.ask((shell) => act(shell, world));
  await world.rest();
  if (world.points.killed) world.revive();
  await world.rest();
  return world.outcome(firstId);
}

/** The fault strikes; then the object begins anew and is asked again. */
async function disturbed({ from, attended, act }: Mutation, at: number, fault: Fault): Promise<object> {
  const { world, firstId } = await worldFrom(from);
  world.wake({ at, fault });
  world.attended = attended ?? false;
  await world.ask((shell) => act(shell, world));
  await world.rest();
  if (world.points.killed) world.wake(null);
  await world.ask((shell) => act(shell, world));
  await world.rest();
  return world.outcome(firstId);
}

const everywhere: readonly Fault[] = [
  { type: "killed-before" },
  { type: "killed-after" },
  { type: "answer-lost" },
  { type: "refused", status: 500 },
];
const ofTheCluster: readonly Fault[] = [
  ...everywhere,
  { type: "cut" },
  { type: "hangs" },
  { type: "refused", status: 401 },
  { type: "refused", status: 409 },
  { type: "refused", status: 410 },
  { type: "refused", status: 429 },
];

/** A look that fails is a look that fails, in whatever way (test/unit/shells): only changes have an effect to be in doubt of. */
function faultsAt(name: string): readonly Fault[] {
  if (name.startsWith("GET ")) return [{ type: "killed-before" }, { type: "refused", status: 500 }];
  return isOfTheCluster(name) ? ofTheCluster : everywhere;
}

/** A visitor's page asks again by itself, so what is begun for one is not left alone; settings end with their first write. */
const goesOnAlone = Object.entries(mutations).filter(
  ([name, { attended }]) => !attended && name !== "settings" && name !== "extend",
);

/** Whether a wish was written down before the fault: its first step writes it. What ends by the clock is written by the clock. */
function isWritten(name: string, at: number, { type }: Fault): boolean {
  return name === "expiry" || at > 0 || type === "killed-after" || type === "answer-lost";
}

describe("whatever fails at whatever step, what was written down comes to its end though nobody asks again", () => {
  it.each(goesOnAlone)(
    "%s",
    async (name, mutation) => {
      const [whole, before] = await Promise.all([undisturbed(mutation), untouched(mutation.from)]);
      expect(whole.names[0]).toBe("d1");
      for (const [at, step] of whole.names.entries()) {
        const faults = everywhere.filter(({ type }) => !step.startsWith("GET ") || type === "killed-before");
        const outcomes = faults.map(async (fault) => {
          const expected = isWritten(name, at, fault) ? whole.outcome : before;
          expect(await leftAlone(mutation, at, fault), `${fault.type} at step ${at} (${step})`).toEqual(expected);
        });
        await Promise.all(outcomes);
      }
    },
    120_000,
  );
});

describe("whatever fails at whatever step, asked again it comes to the same end", () => {
  it.each(Object.entries(mutations))(
    "%s",
    async (_, mutation) => {
      const whole = await undisturbed(mutation);
      for (const [at, name] of whole.names.entries()) {
        // Each in a world of its own, so all at once.
        const outcomes = faultsAt(name).map(async (fault) => {
          const what = `${fault.type}${"status" in fault ? ` ${fault.status}` : ""} at step ${at} (${name})`;
          expect(await disturbed(mutation, at, fault), what).toEqual(whole.outcome);
        });
        await Promise.all(outcomes);
      }
    },
    120_000,
  );
});
