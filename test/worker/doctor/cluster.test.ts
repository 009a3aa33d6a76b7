// Owns the proof that what is wrong at the cluster is found, each fault as itself, and that no probe pod is left by any.
// Must not know the edge's own faults.

import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";
import { clearFaults, fault } from "../object/cluster.ts";
import { eventually } from "../object/eventually.ts";
import { examine, probes, those } from "./examination.ts";

const ofPod = [
  ...["image", "start", "setup", "programs", "network", "pod-to-edge", "git"],
  ...["policy-changes", "policy-endings", "policy-reach"],
];
/** The tests' edge serves its keys alone: no pod reaches the rest of it. */
const notHere = ["pod-to-edge"];

afterEach(async () => {
  await clearFaults();
  expect(await probes()).toEqual([]);
});

describe("the cluster", () => {
  it("is right from the address to the pod's end", async () => {
    const found = await examine();
    expect(those(found, "failed")).toEqual(notHere);
    expect(found["pod-to-edge"].text).toMatch(/does not reach Limpet at http:\/\/localhost:\d+.*status 404/);
    expect(those(found, "skipped")).toEqual(["network", "git"]);
    // Pods of this cluster are processes of this machine.
    expect(found.network.text).toContain("nothing to enforce");
    expect(found["policy-changes"].text).toBe("A foreign label on a shell is refused, by limpet-changes.");
    expect(found["policy-endings"].text).toBe("To end a shell without its uid is refused, by limpet-endings.");
    expect(found["policy-reach"].text).toBe("A command that is none of Limpet's is refused, by limpet-reach.");
    expect(found.rights.text).toBe("It may list pods, get pods, patch pods, delete pods, list events, exec into pods.");
    expect(found.programs.text).toMatch(/tmux 3\.\d+.*git 2\.\d+/);
    expect(found.ending.text).toMatch(/is gone/);
  });

  it("tells an address at which there is no Kubernetes", async () => {
    const found = await examine({ variables: { CLUSTER_URL: env.OIDC_ISSUER } });
    expect(found["cluster-address"]).toMatchObject({ state: "failed", text: expect.stringContaining("no Kubernetes") });
  });

  it("tells clocks that are too far apart, and not the token that suffers of it", async () => {
    await fault({ type: "clock", offsetMs: 70_000 });
    const found = await examine();
    expect(found["cluster-clock"]).toMatchObject({ state: "failed", text: expect.stringMatching(/(69|70) s ahead/) });
    expect(found.token).toMatchObject({ state: "skipped", text: expect.stringContaining("Clocks") });
  });

  it("tells the ingress's own reason why a token is refused", async () => {
    const message = "The ingress refused this: the token is of another issuer.";
    await fault({ type: "answer", status: 401, path: "limit=1", message });
    const found = await examine();
    expect(found.token).toMatchObject({ state: "failed", text: expect.stringContaining("of another issuer") });
    expect(found.rights.state).toBe("skipped");
  });

  it("tells an audience that the cluster does not expect", async () => {
    const found = await examine({ variables: { CLUSTER_AUDIENCE: "another" } });
    expect(found.token).toMatchObject({ state: "failed", todo: expect.stringContaining("“another”") });
  });

  it.each([
    ["/events", "events is forbidden: no", "list events"],
    ["/exec?", 'pods "x" is forbidden: ', "exec into pods"],
  ])("tells the one right that is missing: %s", async (path, message, right) => {
    await fault({ type: "answer", status: 403, path, message });
    const found = await examine();
    expect(found.rights).toMatchObject({ state: "failed", text: expect.stringContaining(`It may not ${right} (`) });
    expect(found.admission.state).toBe("ok");
    expect(those(found, "skipped")).toEqual(["node", ...ofPod, "ending"]);
  });

  it("does not take the ingress's 404 for Kubernetes' own", async () => {
    const message = "The ingress refused this: its path is none of Limpet's.";
    await fault({ type: "answer", status: 404, method: "DELETE", message });
    expect((await examine()).rights).toMatchObject({ state: "failed", text: expect.stringContaining("delete pods") });
  });

  it("tells what the admission policy does not like of a shell", async () => {
    const message =
      "pods \"x\" is forbidden: ValidatingAdmissionPolicy 'limpet-pods' with binding 'limpet-pods' denied request: no shell runs the image x";
    await fault({ type: "answer", status: 403, path: "dryRun=All", message });
    const found = await examine();
    expect(found.admission).toMatchObject({
      state: "failed",
      text: expect.stringContaining("no shell runs the image"),
    });
    expect(found.quota.state).toBe("skipped");
  });

  it("tells a quota that is used up as that, and admission as right", async () => {
    const message =
      'pods "x" is forbidden: exceeded quota: limpet-shells, requested: pods=1, used: pods=9, limited: pods=9';
    await fault({ type: "answer", status: 403, path: "dryRun=All", message });
    const found = await examine();
    expect(found.admission.state).toBe("ok");
    expect(found.quota).toMatchObject({ state: "failed", text: expect.stringContaining("used: pods=9") });
    expect(found.node.state).toBe("skipped");
  });

  it.each([
    ["policy", "THE ADMISSION POLICY IS MISSING"],
    ["pod-security", "not by Pod Security"],
  ] as const)("says loudly that a wall is missing: %s", async (wall, words) => {
    await fault({ type: "no-wall", wall });
    if (wall === "pod-security") {
      await fault({ type: "no-wall", wall: "policy" });
      const found = await examine();
      expect(found["pod-security"]).toMatchObject({ state: "failed", text: expect.stringContaining("PRIVILEGED") });
      return;
    }
    const found = await examine();
    expect(found.policy).toMatchObject({ state: "failed", text: expect.stringContaining(words) });
    expect(found["pod-security"].state).toBe("ok");
    // It is no reason not to look at the rest.
    expect(found.ending.state).toBe("ok");
  });
});

describe("the probe pod", () => {
  it.each([
    ["policy-changes", "limpet-changes"],
    ["policy-endings", "limpet-endings"],
    ["policy-reach", "limpet-reach"],
  ] as const)("tells the wall that is missing around it, and no other: %s", async (id, wall) => {
    await fault({ type: "no-wall", wall });
    const found = await examine();
    expect(those(found, "failed")).toEqual([...notHere, id]);
    expect(found[id]).toMatchObject({
      text: expect.stringContaining(`THE BINDING ${wall} IS MISSING`),
      todo: expect.stringContaining(wall),
    });
    // Nothing was ended by it but at the end.
    expect(found.ending.text).toMatch(/is gone, \d/);
  });

  it("says which wall refused: the ingress stands before the policy", async () => {
    const message = "The ingress refused this: it is none of the requests that Limpet makes.";
    await fault({ type: "answer", status: 403, path: "command=true", message });
    const found = await examine();
    expect(found["policy-reach"]).toMatchObject({ state: "ok", text: expect.stringContaining("by the ingress") });
  });

  it("finds no node: the scheduler's words, and what comes after is not looked at", async () => {
    await fault({ type: "unschedulable", message: "0/3 nodes are available: 3 Insufficient memory." });
    const found = await examine();
    expect(found.node).toMatchObject({ state: "failed", text: expect.stringContaining("3 Insufficient memory") });
    expect(those(found, "skipped")).toEqual(ofPod);
    expect(found.ending.state).toBe("ok");
  });

  it("gives up at once where no machine would help, and waits where one comes", async () => {
    await fault({ type: "unschedulable", autoscaler: "NotTriggerScaleUp" });
    const none = await examine();
    expect(none.node.text).toMatch(/No node took the probe pod: .*does not add one/);
    await clearFaults();
    await fault({ type: "unschedulable", autoscaler: "TriggeredScaleUp" });
    const late = await examine();
    expect(late.node.text).toMatch(/not after 1\.\d s/);
  });

  it.each([
    ["image", { type: "image-pull", message: "manifest unknown" }, "manifest unknown"],
    ["start", { type: "crash-loop" }, "exit status 1"],
    ["setup", { type: "refuse-exec", message: "the node refused", times: 9 }, "the node refused"],
  ] as const)("tells what is wrong with its %s", async (id, what, words) => {
    await fault(what);
    const found = await examine();
    expect(those(found, "failed")).toEqual([id]);
    expect(found[id].text).toContain(words);
    expect(found.ending.state).toBe("ok");
  });

  it("tells whether a repository's host is reached, by setup's own check, without a clone", async () => {
    const found = await examine({ repository: "http://127.0.0.1:1/team/sea.git" });
    expect(found.git).toMatchObject({ state: "failed", text: expect.stringContaining("GIT_HOST_UNREACHABLE") });
  });

  it("is told of by name where it cannot be ended, with when it ends by itself", async () => {
    // The try of an end without a uid, and the three of the end itself.
    await fault({ type: "answer", status: 503, method: "DELETE", path: "limpet-d0ct0r", times: 4 });
    const found = await examine();
    expect(found["policy-endings"]).toMatchObject({ state: "warning", text: expect.stringContaining("not known") });
    expect(found.ending).toMatchObject({
      state: "warning",
      text: expect.stringMatching(/limpet-d0ct0r\w{14} is still there.*ends it by itself at \d{4}-/),
    });
    const [left] = await probes();
    expect(found.ending.todo).toBe(`To end it now: kubectl -n limpet-shells delete pod ${left}`);
    await clearFaults();
    await fault({ type: "lose-pod", pod: left });
    await eventually(probes, (names) => names.length === 0);
  });

  it("is ended where nobody waits any more, and nothing else is begun", async () => {
    const cancel = new AbortController();
    await fault({ type: "slow-start", delayMs: 20_000 });
    const begun: string[] = [];
    const found = await examine({
      cancel: cancel.signal,
      begins: (id) => {
        begun.push(id);
        if (id === "image") setTimeout(() => cancel.abort(), 300);
      },
    });
    expect(found.image.text).toContain("given up");
    expect(found.start.state).toBe("skipped");
    expect(begun.at(-1)).toBe("ending");
    expect(found.ending.state).toBe("ok");
  });
});
