// Owns several tabs on one shell: whose size counts, copies of a tab, and a dead line that comes back to life.
// Must not know how viewers are told apart.

import { expect, test } from "vitest";
import { keepPicture } from "./harness/artefacts.ts";
import { expectSameScreen } from "./harness/compare.ts";
import { ShellPage } from "./harness/shell-page.ts";
import { until } from "./harness/until.ts";
import { useWorld } from "./harness/world.ts";

const world = useWorld();

test("the tab that typed last decides the size; a glance from another does not", async () => {
  const person = await world().withShell();
  const { tmux, shell: large } = person;
  const largeSize = await tmux.size();
  // With a history: where there is none yet, tmux and xterm.js part in what they do with the blank rows of a narrower screen.
  await large.enter("seq 1 100; echo typed in the large tab");
  const small = await ShellPage.open(person.device, world().product.url);
  await small.page.setViewportSize({ width: 640, height: 480 });
  await small.row("typed in the large tab");
  await small.page.reload();
  await small.row("typed in the large tab");
  await keepPicture(small.page, "40-a-glance");
  expect(await tmux.size()).toBe(largeSize);

  await small.enter("echo typed in the small tab");
  await large.row("typed in the small tab");
  const smallSize = await until(
    "the small tab's size",
    () => tmux.size(),
    (size) => size !== largeSize,
  );
  expect(Number(smallSize.split("x")[0])).toBeLessThan(Number(largeSize.split("x")[0]));
  await until(
    "the large tab to show the small size",
    () => large.height(),
    (rows) => smallSize.endsWith(`x${rows}`),
  );
  await keepPicture(large.page, "41-letterboxed");
  await expectSameScreen(large, tmux);

  await large.enter("echo typed in the large tab again");
  await until(
    "the large tab's size",
    () => tmux.size(),
    (size) => size === largeSize,
  );
  await small.row("typed in the large tab again");
});

test("a copy of a tab is a viewer of its own: both go on", async () => {
  const { shell, tmux } = await world().withShell();
  const opening = shell.page.waitForEvent("popup");
  // A copy made by the page's own hand brings the tab's session storage along, as "Duplicate tab" does.
  await shell.page.evaluate("void window.open(location.href)");
  const copy = new ShellPage(await opening);
  await copy.prompt();
  await copy.enter("echo from the copy");
  await shell.row("from the copy");
  await shell.enter("echo from the first");
  await copy.row("from the first");
  const output = (await tmux.lines()).filter((line) => line.startsWith("from the"));
  expect(output).toEqual(["from the copy", "from the first"]);
});

test("a line that was dead and comes back to life after the page has gone round it does no harm", async () => {
  const { shell, tmux } = await world().withShell();
  await shell.enter("cat > taken.txt");
  await until(
    "cat",
    () => tmux.format("#{pane_current_command}"),
    (command) => command === "cat",
  );
  world().product.front.cut("swallowed");
  // On its way on the line that is dead now; the page sends it again on its next one.
  await shell.enter("first");
  world().product.front.mendForNew();
  await shell.row("first");
  await shell.enter("second");
  await shell.row("second");
  world().product.front.mend();
  await shell.enter("third");
  await shell.row("third");
  await shell.press("Control+D");
  await shell.prompt();
  await shell.enter("cat taken.txt | tr '\\n' ,");
  await shell.rowsUntil("what was taken", (rows) => rows.some((row) => row.startsWith("first,second,third,")));
});

test("a program's question to its terminal is answered once, however many tabs look on", async () => {
  const person = await world().withShell();
  await world().anotherTab(person);
  const { shell } = person;
  await shell.enter(
    // Without the echo before it asks: the answer may be there before `read` is.
    String.raw`clear; stty -echo; printf '\033[c'; read -rsd c a; read -rsn 1 -t 1 b; stty echo; printf '%q and then %q\n' "$a" "$b"`,
  );
  await shell.rowsUntil("the answer", (rows) => rows.some((row) => row.endsWith("and then ''")));
  const answers = (await shell.rows()).filter((row) => row.includes("and then"));
  expect(answers.at(-1)).toMatch(/^\$'\\E\[\?[0-9;]+' and then ''$/);
});
