// Owns a shell on its way: the phases and the cluster's own reasons reach the page as they happen.
// Must not know how the cluster comes to them.

import { expect, test } from "vitest";
import { keepPicture } from "./harness/artefacts.ts";
import { kubernetes, onlyLocal } from "./harness/cluster-target.ts";
import { isPrompt } from "./harness/shell-page.ts";
import { until } from "./harness/until.ts";
import { useWorld } from "./harness/world.ts";

const world = useWorld();

test("no node is free: the page says so in the cluster's own words, and goes on by itself when one is", async () => {
  const { shell } = await world().signedIn();
  const message = "0/3 nodes are available: 3 Insufficient memory.";
  await world().product.faults.add({ type: "unschedulable", message });
  await shell.startButton.click();
  await shell.page.getByText(kubernetes === null ? message : /0\/3 nodes are available: .*unschedulable/).waitFor();
  expect(await shell.page.locator("[aria-current=step]").textContent()).toBe("Finding a machine");
  await keepPicture(shell.page, "04-unschedulable");
  await world().product.faults.clear();
  await shell.prompt();
});

test("the image cannot be pulled: the reason is on the page", async (context) => {
  onlyLocal(context, "admission lets no other image in");
  const { shell } = await world().signedIn();
  await world().product.faults.add({ type: "image-pull" });
  await shell.startButton.click();
  await shell.page.getByText(/ImagePullBackOff|ErrImagePull/).waitFor();
  await keepPicture(shell.page, "04-image-pull");
});

test("a pod that vanishes is made again for whoever looks at its shell", async () => {
  const { shell, tmux } = await world().withShell();
  await shell.enter("echo in the pod that will be lost");
  await shell.row("in the pod that will be lost");
  const podName = await shell.podName();
  await world().product.faults.act({ type: "lose-pod", pod: podName });
  await until(
    "the lost pod's tmux to end",
    () => tmux.isThere(),
    (there) => !there,
  );
  await shell.rowsUntil(
    "a new shell",
    (rows) => !rows.includes("in the pod that will be lost") && isPrompt(rows.at(-1) ?? ""),
    40_000,
  );
  await shell.enter("echo in the next pod");
  await shell.row("in the next pod");
  await keepPicture(shell.page, "37-pod-made-again");
});
