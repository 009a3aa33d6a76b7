// Owns reloads: whatever a tab is doing, loading it again shows what a tab that stayed shows, and what tmux has.
// Must not know cuts.

import { expect, test } from "vitest";
import { keepPicture } from "./harness/artefacts.ts";
import { expectSameScreen, expectSameTail } from "./harness/compare.ts";
import { useWorld } from "./harness/world.ts";

const world = useWorld();

test("a reload in the middle of a flood: screen and scrollback as in the tab that stayed, and as tmux has them", async () => {
  const person = await world().withShell();
  const stayed = person.shell;
  const reloaded = await world().anotherTab(person);
  await stayed.enter("seq 1 200000; echo end-$((40 + 2))");
  await reloaded.rowsUntil("the flood", (rows) => rows.some((row) => Number(row) > 1000));
  await reloaded.page.reload();
  await keepPicture(reloaded.page, "20-reloaded-in-a-flood");
  for (const tab of [stayed, reloaded]) await tab.row("end-42", 60_000);
  const truth = await person.tmux.lines();
  expect(truth.slice(-4, -1)).toEqual(["199999", "200000", "end-42"]);
  expectSameTail(await stayed.lines(), truth, 1_000);
  expectSameTail(await reloaded.lines(), truth, 1_000);
  await expectSameScreen(reloaded, person.tmux);
  await keepPicture(reloaded.page, "21-after-the-flood");
});

test("a reload at rest: colours, a long line, a job that goes on, all as they were", async () => {
  const { shell, tmux } = await world().withShell();
  await shell.enter(
    String.raw`clear; printf '\033[31mred\033[0m \033[1;44mbold\033[0m %s\n' "$(seq -s- 1 99)"; cat -n`,
  );
  await shell.rowsUntil("the long line", (rows) => rows.some((row) => row.startsWith("red bold 1-2-3")));
  const before = await shell.lines();
  await shell.page.reload();
  await shell.rowsUntil("the long line again", (rows) => rows.some((row) => row.startsWith("red bold 1-2-3")));
  expect(await shell.lines()).toEqual(before);
  await shell.enter("the same job");
  await shell.row("     1  the same job".replace("     1 ", "     1 "));
  await expectSameScreen(shell, tmux);
});
