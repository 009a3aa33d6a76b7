// Owns the proof that no credential which set-up put into a home gets into a snapshot of it, wherever the person's own files
// and links made it lie.
// Must not know how it is kept out: it sets up and saves as a pod does, and reads the archive.

import { execFile, execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { SetupLine } from "../../../worker/shells/setup-line.ts";
import { startHttpGitServer } from "../../git-servers/http-git-server.ts";
import { makeRepository } from "../../git-servers/repositories.ts";
import { capability, PodEdge } from "../home/pod-edge.ts";
import { makeLine, Pod } from "./pod.ts";

const execute = promisify(execFile);
let pod: Pod;
let edge: PodEdge;

beforeEach(async () => {
  pod = new Pod();
  edge = await PodEdge.start();
});
afterEach(async () => {
  pod.close();
  await edge.close();
});

const given = {
  aws: { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "GIVEN-to-aws-0123456789" },
  google: {
    serviceAccountKey: JSON.stringify({
      type: "service_account",
      client_email: "a@b.iam.gserviceaccount.com",
      private_key: "-----BEGIN PRIVATE KEY-----\nGIVEN-to-google\n-----END PRIVATE KEY-----\n",
    }),
  },
  azure: { tenantId: "1111-aaaa", clientId: "2222-bbbb", clientSecret: "GIVEN-to-azure" },
  kubeconfig: "apiVersion: v1\nkind: Config\nclusters: []\nusers: [{name: me, user: {token: GIVEN-to-kubernetes}}]\n",
} satisfies Partial<SetupLine>;

function makeGiven(more: Partial<SetupLine> = {}): SetupLine {
  const plain = makeLine(edge.url, { ...given, ...more });
  return {
    ...plain,
    edge: { url: edge.url, capability },
    save: { ...plain.save, fileLimitBytes: 50_000_000, homeLimitBytes: 50_000_000 },
  };
}

/** Saves, and reads everything of the newest snapshot: its names and its files. */
async function save(): Promise<{ names: readonly string[]; content: string }> {
  await execute(join(pod.image, "save"), { env: pod.env, cwd: pod.home, timeout: 60_000 });
  const tar = (...args: readonly string[]): string =>
    execFileSync("tar", args, { input: edge.newest, encoding: "utf8" });
  return { names: tar("-tz").split("\n"), content: tar("-xzO") };
}

test("beside a person's own files", async () => {
  pod.write(".kube/config", "mine: MINE-1\n");
  pod.write(".config/gcloud/application_default_credentials.json", '{"type":"authorized_user","of":"MINE-2"}');
  pod.write(".aws/credentials", "[default]\naws_access_key_id = MINE-3\n");
  const run = await pod.setup(makeGiven());
  expect(run.checks.kubeconfig).toMatchObject({ state: "conflict" });
  expect(pod.read(".kube/config.limpet")).toContain("GIVEN");
  const { names, content } = await save();
  expect(content).not.toContain("GIVEN");
  for (const mine of ["MINE-1", "MINE-2", "MINE-3"]) expect(content).toContain(mine);
  expect(names).not.toContain("home/.kube/config.limpet");
});

test("behind links of the person's: of a file, and of a folder", async () => {
  pod.write("dot/aws", "[work]\naws_access_key_id = MINE-1\n");
  for (const folder of [".aws", ".config", "dot/gcloud", "dot/azure", "dot/kube"])
    mkdirSync(pod.path(folder), { recursive: true });
  symlinkSync("../dot/aws", pod.path(".aws/credentials"));
  symlinkSync("../dot/gcloud", pod.path(".config/gcloud"));
  symlinkSync("dot/azure", pod.path(".azure"));
  symlinkSync("dot/kube", pod.path(".kube"));
  const run = await pod.setup(makeGiven());
  expect(run.checks).toMatchObject({
    kubeconfig: { state: "done" },
    google: { state: "done" },
    azure: { state: "done" },
  });
  for (const name of ["dot/aws", "dot/kube/config", "dot/azure/service_principal_entries.json"])
    expect(pod.read(name)).toContain("GIVEN");
  const { names, content } = await save();
  expect(content).not.toContain("GIVEN");
  expect(content).toContain("MINE-1");
  for (const link of [".aws/credentials", ".config/gcloud", ".azure", ".kube"]) expect(names).toContain(`home/${link}`);
});

test("in what git's own helper stores of it", async () => {
  const token = "GIVEN/to git+%=";
  const root = mkdtempSync(join(tmpdir(), "limpet-git-"));
  makeRepository(root, "team/infra");
  const server = await startHttpGitServer({ root, users: [{ name: "person", password: token, write: true }] });
  try {
    pod.write(".gitconfig", "[credential]\n\thelper = store\n");
    pod.write(".git-credentials", "https://me:MINE-1@forge.example\n", 0o600);
    const git = {
      url: server.url("team/infra"),
      branch: null,
      workspace: "infra",
      key: null,
      token: { user: "person", token },
      saveUpstream: false,
    };
    await pod.setup(makeGiven({ git }));
    const push = ["-C", "infra", "push", "-q", "origin", "HEAD:refs/heads/stored"];
    await execute("git", push, { cwd: pod.home, env: pod.env, timeout: 20_000 });
    // git did keep it.
    expect(pod.read(".git-credentials")).toContain("GIVEN");
    const { content } = await save();
    expect(content).not.toContain("GIVEN");
    expect(content).toContain("https://me:MINE-1@forge.example\n");
  } finally {
    await server.close();
    rmSync(root, { recursive: true });
  }
});
