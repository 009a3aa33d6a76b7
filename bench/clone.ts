// Owns the time from the click to the prompt where the shell is set up with a repository: cloned from a real git server.
// Must not know how set-up works, nor the other figures.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startHttpGitServer } from "../test/git-servers/http-git-server.ts";
import { makeRepository } from "../test/git-servers/repositories.ts";
import { median } from "./measure.ts";
import type { Row } from "./report.ts";
import { openViewer, runLine, type Shell, startShell } from "./shell.ts";

const files = 1_000;
const token = "a-token-of-the-benchmark";
/** The API answers a session a hundred times in ten seconds. */
const askEveryMs = 150;

/** `url`: a local Limpet. Each round is a person of its own. */
export async function measureClone(url: string, rounds: number): Promise<readonly Row[]> {
  const root = await mkdtemp(join(tmpdir(), "limpet-bench-forge-"));
  const tree = Object.fromEntries(Array.from({ length: files }, (_, n) => [`folder-${n % 20}/file-${n}.tf`, `${n}\n`]));
  makeRepository(root, "infra", { files: tree });
  const server = await startHttpGitServer({ root, users: [{ name: "x-access-token", password: token, write: true }] });
  try {
    const times: number[] = [];
    for (let round = 1; round <= rounds; round += 1) times.push(await once(url, server.url("infra"), `Clone ${round}`));
    const way = `with a clone of ${files} files`;
    return [{ what: "click to prompt", way, value: median(times), unit: "ms" }];
  } finally {
    await server.close();
    await rm(root, { recursive: true });
  }
}

async function once(url: string, repository: string, name: string): Promise<number> {
  const shell = await startShell(url, name);
  const git = `{ url: ${JSON.stringify(repository)}, signIn: { token: { token: "${token}" } } }`;
  await shell.session.graphql(`mutation { setupShell(input: { git: ${git} }) { id } }`);
  await untilAsked(shell, '"phase":"READY","setupPending":false');
  await shell.session.graphql("mutation { stopShell { id } }");
  await untilAsked(shell, '"phase":"ABSENT"');
  const startedMs = performance.now();
  await shell.session.graphql("mutation { createShell { id } }");
  const viewer = await openViewer(shell, name);
  await runLine(viewer, "cd infra && git status --short");
  const tookMs = performance.now() - startedMs;
  await viewer.close();
  await shell.session.graphql("mutation { deleteShell { id } }");
  return tookMs;
}

async function untilAsked(shell: Shell, wanted: string): Promise<void> {
  for (let tries = 0; tries < 400; tries += 1) {
    const answer = JSON.stringify(await shell.session.graphql("{ shell { phase setupPending } }"));
    if (answer.includes(wanted)) return;
    await sleep(askEveryMs);
  }
  throw new Error(`The shell never said ${wanted}.`);
}
