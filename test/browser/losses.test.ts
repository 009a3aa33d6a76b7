// Owns a person's work over losses and ends: what they edited is back in the next pod, as it was, and the page says so.
// Must not know how work is saved.

import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { keepPicture } from "./harness/artefacts.ts";
import { goodToken, useForge } from "./harness/forge.ts";
import { PodTmux } from "./harness/pod-tmux.ts";
import type { ShellPage } from "./harness/shell-page.ts";
import { until } from "./harness/until.ts";
import { useWorld } from "./harness/world.ts";

const world = useWorld({ SAVE_EVERY_SECONDS: "5" });
const forge = useForge();

/** A shell with a clone of a new repository, by the API: how a person does it is settings.test.ts. */
async function withClone() {
  const person = await world().withShell();
  const { name, url } = forge().newRepository();
  const signIn = `signIn: { token: { token: "${goodToken}" } }`;
  await person.shell.graphql(`mutation { setupShell(input: { git: { url: "${url}", ${signIn} } }) { id } }`);
  await until(
    "the clone",
    () => person.tmux.read(`${name}/tides.txt`),
    (text) => text === "low\nhigh\n",
  );
  if (await person.shell.panel.isVisible()) await person.shell.closePanel();
  return { ...person, name };
}

/** Waits for a save that ended later. @returns when it did, in unix milliseconds of the edge's clock */
async function savedAfter(shell: ShellPage, ms: number): Promise<number> {
  return await until(
    "a later save",
    async () => {
      const answer = JSON.stringify(await shell.graphql("{ shell { lastSavedAt } }"));
      return Date.parse(/"lastSavedAt":"([^"]+)"/.exec(answer)?.[1] ?? "");
    },
    (at) => at > ms,
    { withinMs: 60_000, everyMs: 500 },
  );
}

/** Staged, unstaged and new at once; a commit that nobody else has. @returns what git says of it */
async function work(tmux: PodTmux, folder: string): Promise<string> {
  await tmux.write(`${folder}/tides.txt`, "low\nhigh\nspring\n");
  await tmux.git(folder, "commit", "-qam", "Spring tides");
  await tmux.write(`${folder}/tides.txt`, "low\nhigh\nspring\nneap\n");
  await tmux.git(folder, "add", "tides.txt");
  await tmux.write(`${folder}/tides.txt`, "low\nhigh\nspring\nneap\nking\n");
  await tmux.write(`${folder}/notes, unsaved.txt`, "the moon\n");
  return await statusOf(tmux, folder);
}

async function statusOf(tmux: PodTmux, folder: string): Promise<string> {
  const asked = [["status", "--porcelain=v2", "--branch"], ["diff"], ["diff", "--cached"]];
  return (await Promise.all(asked.map((args) => tmux.git(folder, ...args)))).join("\n");
}

test("the pod is lost in the middle of an edit: everything is back, the page says as of when", async () => {
  const { shell, name, tmux } = await withClone();
  const before = await work(tmux, name);
  const first = await savedAfter(shell, Date.now());
  // That save may have begun before the last edit: the one after it did not.
  await tmux.write("letter.txt", "Dear sea,\n");
  await savedAfter(shell, first);
  await shell.page.locator(".bar-saved").waitFor();
  await keepPicture(shell.page, "90-saved");

  const podName = await shell.podName();
  await world().product.faults.act({ type: "lose-pod", pod: podName });
  await until(
    "the lost pod's tmux to end",
    () => tmux.isThere(),
    (there) => !there,
  );
  await shell.page.locator(".toast", { hasText: /started again/ }).waitFor();
  await keepPicture(shell.page, "91-lost");
  await shell.page.locator(".toast", { hasText: /is back in/ }).waitFor({ timeout: 60_000 });
  await shell.prompt();
  await keepPicture(shell.page, "92-put-back");

  const next = await PodTmux.of(podName);
  expect(await statusOf(next, name)).toBe(before);
  expect(await next.read(`${name}/notes, unsaved.txt`)).toBe("the moon\n");
  await shell.choose("Activity");
  await shell.panel.getByText(/It is being started again/).waitFor();
  await keepPicture(shell.page, "93-activity");
  await shell.closePanel();
  await shell.openSettings();
  const snapshot = shell.panel.locator(".snapshots a").first();
  await snapshot.waitFor();
  await snapshot.hover();
  await keepPicture(shell.page, "94-settings-after");
  const [download] = await Promise.all([shell.page.waitForEvent("download"), snapshot.click()]);
  const names = execFileSync("tar", ["-tzf", await download.path()], { encoding: "utf8" });
  expect(names).toContain("letter.txt");
});

test("stop and start: it is asked, what it waits for is said, and the work comes back", async () => {
  const { shell, name, tmux } = await withClone();
  const before = await work(tmux, name);
  await shell.choose("Stop…");
  await keepPicture(shell.page, "95-stop-question");
  await shell.page.getByRole("button", { name: "Keep it going" }).click();
  // A program that takes its time to end well, as terraform does.
  await shell.enter("sh -c 'trap \"sleep 4; echo released; exit 0\" INT; while :; do sleep 1; done'");
  await shell.choose("Stop…");
  await shell.page.getByRole("button", { name: "Stop the shell" }).click();
  await shell.page.getByText("Ending the shell").waitFor();
  await shell.page.locator(".cover p", { hasText: /waits? for|Waiting for/i }).waitFor();
  await keepPicture(shell.page, "96-stopping");
  await shell.page.getByRole("heading", { name: "Your shell is stopped" }).waitFor({ timeout: 60_000 });
  await shell.page.getByText(/Your work was saved just now/).waitFor();
  await keepPicture(shell.page, "97-stopped");
  await shell.page.getByRole("button", { name: "Start it again" }).click();
  await shell.prompt();
  await shell.page.locator(".toast", { hasText: /is back in/ }).waitFor();
  const next = await shell.tmux();
  expect(await statusOf(next, name)).toBe(before);
  await keepPicture(shell.page, "98-started-again");
});

test("restart: a new pod by itself, with the work", async () => {
  const { shell, name, tmux } = await withClone();
  const before = await work(tmux, name);
  const podName = await shell.podName();
  await shell.choose("Restart…");
  await shell.page.getByRole("button", { name: "Restart", exact: true }).click();
  await until(
    "the pod to end",
    () => tmux.isThere(),
    (there) => !there,
    { withinMs: 60_000 },
  );
  await shell.page.locator(".toast", { hasText: /is back in/ }).waitFor({ timeout: 60_000 });
  await shell.prompt();
  expect(await statusOf(await PodTmux.of(podName), name)).toBe(before);
});
