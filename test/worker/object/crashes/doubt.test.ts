import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { parseConfig } from "../../../../worker/config.ts";
import { readSecrets } from "../../../../worker/db/secrets.ts";
import { openSecrets } from "../../../../worker/sealing/secrets.ts";
import { readSshKey } from "../../../../worker/shells/ssh-key.ts";
import { CrashWorld } from "./crash-world.ts";

const { sealKeys } = parseConfig(env);

async function readyWorld(): Promise<CrashWorld> {
  const world = await CrashWorld.begin();
  await world.ask((shell) => shell.want("any"));
  await world.rest();
  return world;
}

describe("a wish that was written down although nobody heard so", () => {
  it("is not written over: the key that is shown is the key that is kept", async () => {
    const world = await readyWorld();
    const git = { url: "ssh://git@git.test/a/b.git", signIn: { type: "deploy-key", renew: true } } as const;
    await world.ask((shell) => shell.setUp({ git }));
    await world.rest();
    world.wake({ at: 0, fault: { type: "answer-lost" } });
    const answer = await world.shell.setUp({ git: { signIn: { type: "deploy-key", renew: true } } });
    expect(answer).toMatchObject({ ok: false, code: "INTERNAL" });
    // Not asked again; something else is.
    await world.ask((shell) => shell.extend());
    await world.rest();
    const record = await world.record();
    const { opened } = await openSecrets(sealKeys, await readSecrets(world.db, world.userId));
    expect((await readSshKey(opened.get("git-key") ?? "")).publicKey).toBe(record?.gitPublicKey);
    expect(record?.setUpFor?.split("/").at(-1)).toBe(String(record?.setupVersion));
  });

  it("is carried out, though nobody asks again", async () => {
    const world = await readyWorld();
    world.wake({ at: 0, fault: { type: "answer-lost" } });
    expect(await world.shell.end("stopped")).toMatchObject({ ok: false });
    await world.rest();
    expect(await world.record()).toMatchObject({ desired: "stopped", phase: "absent" });
    expect(world.api.pod).toBeNull();
  });

  it("was not written down: the shell goes on as it was", async () => {
    const world = await readyWorld();
    const before = await world.record();
    world.wake({ at: 0, fault: { type: "refused", status: 500 } });
    expect(await world.shell.end("stopped")).toMatchObject({ ok: false });
    await world.rest();
    expect(await world.record()).toEqual(before);
    expect(world.api.pod).not.toBeNull();
  });
});

describe("a look that finds what was known", () => {
  it("writes nothing, however often", async () => {
    const world = await readyWorld();
    world.wake(null);
    for (let looks = 0; looks < 5; looks += 1) {
      await world.ask((shell) => shell.look());
      await world.rest();
      world.nowMs += 30_000;
    }
    expect(world.points.names.filter((name) => name === "GET pods").length).toBeGreaterThanOrEqual(5);
    expect(world.points.names.filter((name) => name === "d1")).toEqual([]);
  });
});
