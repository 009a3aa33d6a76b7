// Owns a restart of the whole of `npm start`: what must end with it, what must be there afterwards.
// Must not know how state is kept.

import { expect, test } from "vitest";
import { keepPicture } from "./harness/artefacts.ts";
import { onlyLocal } from "./harness/cluster-target.ts";
import type { ShellPage } from "./harness/shell-page.ts";
import { until } from "./harness/until.ts";
import { useWorld } from "./harness/world.ts";

const world = useWorld();

test("after Ctrl-C nothing is left running; after the next start the same page has the same shell back, unasked", async (context) => {
  onlyLocal(context, "its pods outlive the edge");
  const { shell, tmux } = await world().withShell();
  const before = await shellId(shell);
  const connected = await shell.badge();
  await shell.enter("sleep 1000");
  await until(
    "sleep",
    () => tmux.format("#{pane_current_command}"),
    (command) => command === "sleep",
  );

  await world().product.end();
  expect(await tmux.isThere()).toBe(false);
  await until(
    "the page to notice",
    () => shell.badge(),
    (told) => told !== connected,
  );
  await keepPicture(shell.page, "70-product-ended");

  await world().product.begin();
  await until(
    "the page to be back",
    () => shell.badge(),
    (told) => told === connected,
    { withinMs: 40_000 },
  );
  await shell.prompt();
  await shell.enter("echo here again");
  await shell.row("here again");
  await keepPicture(shell.page, "71-product-started-again");
  expect(await shellId(shell)).toBe(before);
});

async function shellId(shell: ShellPage): Promise<string> {
  const id = /"id":"([^"]+)"/.exec(JSON.stringify(await shell.graphql("{ shell { id } }")))?.[1];
  if (id === undefined) throw new Error("There is no shell.");
  return id;
}
