// Owns what a person of a proof works on: a repository with edits of every kind, a job that holds a lock, notes in the home;
// and a look at what of it is there.
// Must not know how the shell ends.

import { expect } from "vitest";
import { applyScript } from "./apply-job.ts";
import type { Ground } from "./limpet-on-kubernetes.ts";
import { goodToken, type Lock } from "./outside.ts";
import type { Person } from "./person.ts";
import type { Tab } from "./tab.ts";

/** A lock is taken, and a resource made, within this. */
const begunWithin = { withinMs: 30_000 };

/** Uncommitted edits in a repository of the name, and notes beside it. */
export async function edit({ pods }: Ground, pod: string, name: string): Promise<void> {
  const lines = [
    "set -e",
    `echo 'Notes on ${name}' >~/notes.md`,
    `cd ~/${name}`,
    "echo staged >>main.tf",
    "git add main.tf",
    "echo 'in the middle of an ed' >>main.tf",
    "echo untracked >new.tf",
  ];
  await pods.run(pod, lines.join("\n"));
}

/** What must be the same in the next pod. */
export async function look({ pods }: Ground, pod: string, name: string): Promise<object> {
  const say = async (script: string): Promise<string> => await pods.run(pod, `cd ~/${name} && ${script}`);
  return {
    status: await say("git status --porcelain=v2 --branch"),
    staged: await say("git diff --cached"),
    unstaged: await say("git diff"),
    untracked: await say("cat new.tf"),
    notes: await say("cat ~/notes.md"),
  };
}

export interface Applying {
  readonly person: Person;
  readonly tab: Tab;
  readonly pod: string;
  /** Of the repository, and of its lock. */
  readonly name: string;
  /** The repository as it was edited. */
  readonly wanted: object;
  /** The one that the job holds. */
  lock(): Lock;
  /** The repository's refs. */
  upstream(): readonly string[];
}

let applied = 0;

/** A person whose shell has a repository, edited, and in whose terminal the job that holds its lock runs. */
export async function apply(ground: Ground): Promise<Applying> {
  const { outside } = ground;
  applied += 1;
  const name = `infra-${applied}`;
  const files = { "main.tf": 'resource "sea" "salt" {}\n', apply: applyScript, ".gitignore": "*.tfstate\n" };
  const repository = outside.newRepository(name, files);
  const person = await ground.newPerson();
  await person.connect(repository.url, goodToken);
  const { podName: pod } = await person.where("cloned", ({ setup, setupPending }) => {
    const clone = setup.find(({ step }) => step === "CLONE");
    return !setupPending && clone?.state === "DONE";
  });
  await edit(ground, pod, name);
  const wanted = await look(ground, pod, name);
  const tab = await person.openTab();
  tab.type(`cd ~/${name} && sh apply ${outside.lockUrl(name)}\r`);
  await tab.shows(/^resource 2: created$/, begunWithin);
  return {
    person,
    tab,
    pod,
    name,
    wanted,
    upstream: () => repository.refs(),
    lock() {
      const lock = outside.locks.find((one) => one.name === name);
      if (lock === undefined) throw new Error(`nobody took the lock ${name}`);
      return lock;
    },
  };
}

/** Repository and notes are there as they were. */
export async function expectRestored(ground: Ground, { person, name, wanted }: Applying): Promise<void> {
  const { podName, setup } = await person.shell();
  expect(setup.find(({ step }) => step === "WORK")).toMatchObject({ state: "DONE" });
  expect(await look(ground, podName, name)).toEqual(wanted);
}

/** The state that the job wrote, which git ignores: it comes back with the home. */
export async function stateOf({ pods }: Ground, { pod, name }: Applying): Promise<string> {
  return await pods.read(pod, `${name}/terraform.tfstate`);
}
