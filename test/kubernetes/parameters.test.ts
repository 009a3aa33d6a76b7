// Owns the proof of what an installation may set of the admission policy: each setting opens what it names and no more.
// Must not know the rules that are the same everywhere.

import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { PodManifest } from "../../worker/kubernetes/pod-manifest.ts";
import type { Ask } from "./harness/api-server.ts";
import { apply, type Installation, openInstallation, podsPath, system } from "./harness/installation.ts";
import { needsKubernetes } from "./harness/kubernetes.ts";

const digest = `sha256:${"0123456789abcdef".repeat(4)}`;
const repository = "registry.example.com/limpet-shell";
/** An API server has a changed ConfigMap within moments. */
const soon = { timeout: 15_000, interval: 100 };

let installation: Installation;
let edge: Ask;
beforeAll(async () => {
  const opened = await openInstallation();
  if (opened === null) return;
  installation = opened;
  edge = await installation.as("limpet-edge");
});
beforeEach(needsKubernetes);
afterEach(async () => {
  if (installation === undefined) return;
  await apply(installation, "base");
  await expect.poll(() => codeOf(installation.shellPod()), soon).toBe(201);
});

async function set(data: Readonly<Record<string, string | null>>): Promise<void> {
  const patch = ["--type=merge", "--patch", JSON.stringify({ data })];
  await installation.kubectl.run(["patch", "configmap", "limpet-admission", "--namespace", system, ...patch]);
}

const create = (body: object) => edge({ method: "POST", path: `${podsPath}?dryRun=All`, body });
const codeOf = async (body: object): Promise<number> => (await create(body)).code;
const messageOf = async (body: object): Promise<string> => (await create(body)).message;

function running(image: string): object {
  const { spec, ...pod }: PodManifest = installation.shellPod();
  return { ...pod, spec: { ...spec, containers: [{ ...spec.containers[0], image }] } };
}

function withHome(claimName: string): object {
  const { spec, ...pod }: PodManifest = installation.shellPod();
  return { ...pod, spec: { ...spec, volumes: [{ name: "home", persistentVolumeClaim: { claimName } }] } };
}

describe("images", () => {
  test("a whole reference is that one", async () => {
    await set({ images: `${repository}:1\n` });
    await expect.poll(() => codeOf(running(`${repository}:1`)), soon).toBe(201);
    for (const other of [`${repository}:12`, `${repository}:1@${digest}`, repository, installation.images.shell]) {
      expect(await messageOf(running(other))).toContain("no shell runs the image");
    }
  });

  test("a repository and a colon are each of its tags, pinned by a digest or not", async () => {
    await set({ images: `\n  ${repository}:  \nregistry.example.com:\n` });
    await expect.poll(() => codeOf(running(`${repository}:2`)), soon).toBe(201);
    expect(await codeOf(running(`${repository}:2@${digest}`))).toBe(201);
    // A host with a port only looks like a repository with a tag.
    for (const other of [`${repository}-evil:1`, `${repository}@${digest}`, "registry.example.com:5000/evil:1"]) {
      expect(await messageOf(running(other))).toContain("no shell runs the image");
    }
  });

  test("a repository and an at sign are each of its digests", async () => {
    await set({ images: `${repository}@\n` });
    await expect.poll(() => codeOf(running(`${repository}@${digest}`)), soon).toBe(201);
    for (const other of [`${repository}:1`, `${repository}:1@${digest}`, `${repository}-evil@${digest}`]) {
      expect(await messageOf(running(other))).toContain("no shell runs the image");
    }
  });
});

test("a claim that is listed may be the home, and no other", async () => {
  await set({ claims: "homes\n" });
  await expect.poll(() => codeOf(withHome("homes")), soon).toBe(201);
  expect(await messageOf(withHome("other"))).toContain("a shell's one volume is");
  const pod = installation.shellPod();
  const both = [...pod.spec.volumes, { name: "more", persistentVolumeClaim: { claimName: "homes" } }];
  expect(await messageOf({ ...pod, spec: { ...pod.spec, volumes: both } })).toContain("a shell's one volume is");
});

test("no labels of nodes: then a shell asks for none", async () => {
  await set({ nodeSelector: "" });
  const { spec, ...pod } = installation.shellPod();
  await expect.poll(() => codeOf({ ...pod, spec: { ...spec, nodeSelector: {} } }), soon).toBe(201);
  expect(await codeOf(installation.shellPod())).toBe(403);
});

describe("nobody is admitted", () => {
  test("where a value cannot be read", async () => {
    await set({ longestLifeSeconds: "a day" });
    await expect.poll(() => messageOf(installation.shellPod()), soon).toContain("limpet-pods");
  });

  test("where a value is missing", async () => {
    await set({ images: null });
    await expect.poll(() => messageOf(installation.shellPod()), soon).toContain("no such key: images");
  });

  test("where there are no parameters", async () => {
    await installation.kubectl.run(["delete", "configmap", "limpet-admission", "--namespace", system]);
    await expect.poll(() => messageOf(installation.shellPod()), soon).toContain("limpet-pods");
  });
});
