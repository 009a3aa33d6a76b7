// Owns the proof of what the clocks end, with the edge and without it: the edge ends a shell that nobody uses; where the edge
// is gone the cluster ends every shell on time, in good order, and takes away what is left of it.
// Must not know how any of that is done.

import { beforeEach, describe, expect, test } from "vitest";
import { needsKubernetesAlone } from "./harness/kubernetes.ts";
import { useFigures } from "./life/figures.ts";
import { useGround } from "./life/limpet-on-kubernetes.ts";
import { apply, expectRestored, look, stateOf } from "./life/work.ts";

const idleSeconds = 30;
const lifeSeconds = 75;
/** Enough for the job's clean-up and a save. */
const graceSeconds = 50;
/** How late the kubelet may see a deadline (facts of activeDeadlineSeconds: about 2 s), and the end of a container. */
const lateSeconds = 10;
/** The job's state as it was while the job ran. */
const lastSavedState = /^\{"serial": \d+\}$/;
const hours = (seconds: number): string => String(seconds / 3_600);

const ground = useGround({
  SHELL_IDLE_HOURS: hours(idleSeconds),
  SHELL_LIFE_HOURS: hours(lifeSeconds),
  SHELL_GRACE_SECONDS: String(graceSeconds),
  SAVE_EVERY_SECONDS: "15",
  SHELL_REQUESTS: "cpu=50m,memory=64Mi,ephemeral-storage=16Mi",
  SHELL_LIMITS: "cpu=1,memory=256Mi,ephemeral-storage=1Gi",
});
const figures = useFigures("What clocks end");
beforeEach(needsKubernetesAlone);

describe.concurrent("a shell", () => {
  const expired = Promise.withResolvers<void>();

  test("that nobody uses is ended on time by the edge, its work saved", async () => {
    const { newPerson, pods } = ground();
    try {
      const person = await newPerson();
      const readyMs = performance.now();
      const { podName: pod } = await person.shell();
      await pods.run(pod, "echo 'Nobody looked' >~/notes.md");
      const ended = await person.where("ended", ({ phase }) => phase === "ABSENT", {
        withinMs: (idleSeconds + graceSeconds) * 1_000,
      });
      const endedMs = performance.now() - readyMs;
      expect(endedMs).toBeGreaterThan((idleSeconds - lateSeconds) * 1_000);
      figures.note(`expiry: pod gone after (nobody used it for ${idleSeconds} s)`, endedMs);
      expect(ended.detail).toMatch(/^The shell ended because its time was over\. Its work was last saved at /);
      expect((await person.events()).map(({ type }) => type)).toContain("SHELL_EXPIRED");
      await person.wish("createShell");
      await person.ready();
      expect(await pods.read(pod, "notes.md")).toBe("Nobody looked");
    } finally {
      expired.resolve();
    }
  }, 180_000);

  // Not tried again: its edge is gone by then.
  const once = { timeout: 420_000, retry: 0 };
  test(
    "whose edge is gone is ended by the cluster: lock released, work upstream, pod taken away; all back with the edge",
    once,
    async () => {
      const { own, limpet, pods } = ground();
      const applying = await apply(ground());
      const { person, pod, name, lock } = applying;
      const { startedAt } = await pods.times(pod);
      await expired.promise;
      await limpet.kill();
      const { takenMs } = lock();
      expect(lock().releasedMs).toBeNull();
      // Upstream it is saved all the same; what is saved at the edge comes back as it was last saved there.
      await pods.run(pod, `cd ~/${name} && echo 'Nobody was at the edge' >without-edge.tf`);
      const wanted = await look(ground(), pod, name);
      await pods.run(pod, "echo 'Not saved anywhere' >~/notes.md");

      const deadlineAt = startedAt + lifeSeconds * 1_000;
      const failed = await pods.until(pod, "ended", (seen) => seen?.phase === "Failed", {
        withinMs: deadlineAt - Date.now() + (graceSeconds + lateSeconds) * 1_000,
      });
      expect(failed?.reason).toBe("DeadlineExceeded");
      const { endedAt } = await pods.times(pod);
      figures.note("edge gone: from the deadline to the end of all that ran", (endedAt ?? 0) - deadlineAt);
      expect(endedAt).toBeGreaterThanOrEqual(deadlineAt - 1_000);
      expect(lock().releasedMs).toBeGreaterThan(takenMs);
      expect(applying.upstream().filter((ref) => ref.startsWith("refs/limpet/wip/"))).not.toEqual([]);

      // As in the manifests, but every minute.
      const everyMinute = JSON.stringify({ spec: { schedule: "* * * * *" } });
      const cronJob = ["cronjob", "limpet-janitor", "-n", "limpet-system"];
      await own.kubectl.run(["patch", ...cronJob, "--type=merge", "--patch", everyMinute]);
      const leftMs = performance.now();
      await pods.until(pod, "taken away", (seen) => seen === null, { withinMs: 120_000 });
      figures.note("edge gone: until the janitor (here every minute) took the pod away", performance.now() - leftMs);

      await limpet.begin();
      const back = await person.shell();
      figures.note("edge back: what the person is told", `${back.phase} ${back.reason} ${back.detail}`);
      await person.wish("createShell");
      await person.ready();
      await expectRestored(ground(), { ...applying, wanted });
      expect(await stateOf(ground(), applying)).toMatch(lastSavedState);
    },
  );
});
