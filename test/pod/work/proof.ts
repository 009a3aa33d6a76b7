// Owns the proof that a save brings all of it back: random repositories, saved, lost, cloned, restored, compared.
// Must not know how a save is made. Each one can be repeated by its seed: LIMPET_SEED=N runs that one alone.

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { Random } from "../../unit/bridge/world/random.ts";
import { Pod } from "./pod.ts";
import { makeRandomRepository } from "./random-repository.ts";
import { readEveryByte, readState } from "./repository-state.ts";

/** Seeds `from` to below `from + count`, `atOnce` of them at a time. @returns how many repositories came back. */
export async function proveAll(from: number, count: number, atOnce = 2): Promise<number> {
  const only = process.env["LIMPET_SEED"];
  const seeds = only === undefined ? Array.from({ length: count }, (_, at) => from + at) : [Number(only)];
  let proved = 0;
  const worker = async (): Promise<void> => {
    for (let seed = seeds.shift(); seed !== undefined; seed = seeds.shift()) {
      await proveOne(seed);
      proved += 1;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return proved;
}

export async function proveOne(seed: number): Promise<void> {
  const random = new Random(seed);
  const way = random.chance(0.7) ? "push" : "bundle";
  const shell = { id: `s${random.hex()}`, key: random.hex() + random.hex(), url: "" };
  const pod = await Pod.start(shell);
  const upstream = join(pod.root, "upstream.git");
  Object.assign(shell, { url: upstream });
  await pod.writeHome();
  const name = random.pick(["work", "work", "with space/réseau", "-dash"]);
  await mkdir(join(pod.home, name, ".."), { recursive: true });
  const story = await makeRandomRepository(pod, name, upstream, random);
  const told = `seed ${seed}, ${way}: ${story.join("; ")}`;
  try {
    const before = await readState(pod, name);
    const bytesBefore = await readEveryByte(pod.path(name));
    const branchesBefore = await upstreamBranches(pod, upstream);

    const bundle = join(pod.root, "saved.bundle");
    const save = (): ReturnType<Pod["push"]> =>
      way === "push" ? pod.push(name) : pod.script("save-repository", ["bundle", pod.path(name), bundle]);
    const saved = await save();
    expect(saved, told).toMatchObject({ code: null, skipped: [] });
    expect(["saved", "clean"], told).toContain(saved.state);
    const again = await save();
    expect(again.state, `${told}: saved again`).toBe(saved.state === "clean" ? "clean" : "unchanged");
    expect(await readEveryByte(pod.path(name)), `${told}: a save touched the repository`).toEqual(bytesBefore);
    expect(await upstreamBranches(pod, upstream), `${told}: upstream's branches`).toEqual(branchesBefore);
    const ignored = await listNames(pod, pod.path(name), "ls-files", "-o", "-i", "--exclude-standard");
    const tree = `${pod.ref(name)}:worktree`;
    const upThere =
      saved.state === "saved" && way === "push"
        ? await listNames(pod, upstream, "ls-tree", "-r", "--name-only", tree)
        : [];
    expect(
      ignored.filter((each) => upThere.includes(each)),
      `${told}: an ignored file went upstream`,
    ).toEqual([]);

    await pod.lose();
    if (way === "push" || random.chance(0.5)) {
      const cloned = await pod.run(["git", "clone", "-q", "--template=", upstream, pod.path(name)]);
      expect(cloned.code, `${told}: ${cloned.stderr}`).toBe(0);
    }
    const restore = (): ReturnType<Pod["pull"]> =>
      way === "push" ? pod.pull(name) : pod.script("restore-repository", ["bundle", bundle, pod.path(name)]);
    const restored = await restore();
    expect(restored, `${told} ${restored.text}`).toMatchObject({
      state: saved.state === "clean" ? "nothing" : "restored",
      code: null,
      skipped: [],
    });
    const after = await readState(pod, name);
    expect(after, told).toEqual(before);
    // A part of them, for they cost as much as all before.
    if (random.chance(0.3)) {
      expect((await restore()).state, `${told}: restored again`).toBe("nothing");
      expect(await readState(pod, name), `${told}: restored again`).toEqual(before);
      const next = await save();
      expect(["clean", "unchanged", "saved"], told).toContain(next.state);
    }
    expect(await upstreamBranches(pod, upstream), `${told}: upstream's branches`).toEqual(branchesBefore);
  } finally {
    await pod.end();
  }
}

async function upstreamBranches(pod: Pod, upstream: string): Promise<string> {
  const listed = await pod.run(["git", `--git-dir=${upstream}`, "for-each-ref", "refs/heads", "refs/tags"]);
  return listed.stdout.toString();
}

async function listNames(pod: Pod, folder: string, ...args: readonly string[]): Promise<string[]> {
  const listed = await pod.run(["git", "-C", folder, ...args, "-z"]);
  return listed.stdout.toString().split("\0").slice(0, -1);
}
