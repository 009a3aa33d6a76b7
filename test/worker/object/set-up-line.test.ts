import { env } from "cloudflare:workers";
import { and, eq } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { configOf } from "../../../worker/config.ts";
import { secrets } from "../../../worker/db/schema.ts";
import { putSecret } from "../../../worker/db/secrets.ts";
import { sealSecret } from "../../../worker/sealing/secrets.ts";
import { findShell } from "../../../worker/shells/records.ts";
import { makeSetupLine } from "../../../worker/shells/setup-sources.ts";
import type { SecretName } from "../../../worker/shells/shell-setup.ts";
import { PodCaller, someBytes } from "../pod-api/pod-caller.ts";
import { eventually } from "./eventually.ts";
import { db, Person } from "./person.ts";

const config = configOf(env);
const gone = [{ kty: "oct", kid: "gone", k: "A".repeat(43) }] as const;

async function give(userId: string, name: SecretName, text: string, keys = config.sealKeys): Promise<void> {
  await putSecret(db, await sealSecret(keys, userId, name, text), Date.now());
}

async function makeLineFor({ userId }: { readonly userId: string }) {
  const record = await findShell(db, userId);
  if (record === null || record.podUid === null) throw new Error("there is no pod to set up");
  return makeSetupLine(db, config, { ...record, podUid: record.podUid }, Date.now());
}

describe("the line for a set-up", () => {
  it("has the snapshot each time, also where this pod was set up before: only it knows whether its home came back", async () => {
    const pod = await PodCaller.runs();
    const saved = await pod.saves(someBytes(10));
    await pod.changeRecord({ startedAt: new Date(Date.now() + 60_000), setUpFor: `${pod.podUid}/0/0` });
    expect((await makeLineFor(pod)).line.snapshot?.url).toContain(saved);
  });

  it("has the newest one of before the pod, not what the pod saved while its home lacked it", async () => {
    const pod = await PodCaller.runs();
    await pod.saves(someBytes(10, 1));
    const last = await pod.saves(someBytes(10, 2));
    await scheduler.wait(5);
    await pod.changeRecord({ startedAt: new Date() });
    await scheduler.wait(5);
    const own = await pod.saves(someBytes(10, 3));
    expect((await makeLineFor(pod)).line.snapshot?.url).toContain(last);
    // Where none is older, its own is better than none.
    await pod.changeRecord({ startedAt: new Date(0) });
    expect((await makeLineFor(pod)).line.snapshot?.url).toContain(own);
  });

  it("goes without a secret that does not open, and says of which step it is", async () => {
    const pod = await PodCaller.runs();
    await pod.changeRecord({ gitUrl: "https://git.test/a/b.git", gitSignIn: "token" });
    await give(pod.userId, "git-token", JSON.stringify({ user: "u", token: "a token of git" }));
    await give(pod.userId, "kubeconfig", "kind: Config");
    await give(pod.userId, "aws", "{}", gone);
    // Of a sign-in that is not used.
    await give(pod.userId, "git-key", "k", gone);
    const { line, unreadable } = await makeLineFor(pod);
    expect(line).toMatchObject({ git: { token: { token: "a token of git" } }, kubeconfig: "kind: Config", aws: null });
    expect([...unreadable].map(([step, { code }]) => [step, code])).toEqual([["aws", "SECRET_UNREADABLE"]]);
    await give(pod.userId, "git-token", "{}", gone);
    expect([...(await makeLineFor(pod)).unreadable.keys()].toSorted()).toEqual(["aws", "git"]);
  });

  it("is not made without the key of the saves: a new one would make all of them look forged", async () => {
    const pod = await PodCaller.runs();
    await give(pod.userId, "save-key", "5a", gone);
    const before = await db.select().from(secrets).where(eq(secrets.userId, pod.userId));
    await expect(makeLineFor(pod)).rejects.toMatchObject({
      code: "SECRET_UNREADABLE",
      message: expect.stringMatching(/key of its saves does not open.*SEAL_KEYS/),
    });
    expect(await db.select().from(secrets).where(eq(secrets.userId, pod.userId))).toEqual(before);
  });
});

describe("a shell one of whose secrets does not open", () => {
  it("is set up with all the others, and that one's step says why it failed", async () => {
    const person = await Person.arrives();
    const aws = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" };
    await person.object.createShell(person.id);
    await person.object.setupShell(person.id, { aws });
    const { sealed, kid } = await sealSecret(gone, person.id, "aws", JSON.stringify(aws));
    await db
      .update(secrets)
      .set({ sealed, kid })
      .where(and(eq(secrets.userId, person.id), eq(secrets.name, "aws")));
    await person.object.setupShell(person.id, {});
    const record = await eventually(
      () => person.record(),
      (found) => found?.phase === "ready" && found.setUpFor?.split("/").at(-1) === String(found.setupVersion),
    );
    const checks = new Map(record?.setup.map((check) => [check.step, check]));
    expect(checks.get("aws")).toMatchObject({
      state: "failed",
      code: "SECRET_UNREADABLE",
      text: expect.stringContaining(`"aws" is sealed under the key "gone"`),
    });
    // Said by the script itself: it ran to its end. (Nothing here listens for the pod's calls, so not all went well.)
    expect(checks.get("work")).toMatchObject({ state: "skipped" });
    expect(record?.setup.some(({ code }) => code === "SETUP_FAILED")).toBe(false);
    await person.leaves();
  });
});

describe("two changes of the set-up at once", () => {
  it("that do not fit together are not both taken", async () => {
    const person = await Person.arrives();
    await person.object.createShell(person.id);
    await person.object.setupShell(person.id, { git: { url: "https://git.test/a/b.git", signIn: null } });
    // Each was checked against the record as it was before.
    const answers = await Promise.all([
      person.object.setupShell(person.id, { git: { signIn: { type: "token", token: "a token of git" } } }),
      person.object.setupShell(person.id, { git: { url: "ssh://git@git.test/a/b.git" } }),
    ]);
    expect(answers.map((answer) => (answer.ok ? "ok" : answer.code)).toSorted()).toEqual(["INVALID_GIT_TOKEN", "ok"]);
    await person.leaves();
  });
});
