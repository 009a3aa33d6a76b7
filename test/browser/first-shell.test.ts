// Owns the first visit: sign in, start, type, see, scroll, copy, edit, delete, each as a person does it.
// Must not know what happens when anything breaks.

import { expect, test } from "vitest";
import { keepPicture } from "./harness/artefacts.ts";
import { kubernetes } from "./harness/cluster-target.ts";
import { expectSameScreen } from "./harness/compare.ts";
import { paintReadme, paintSettings } from "./harness/readme-picture.ts";
import { ShellPage } from "./harness/shell-page.ts";
import { until } from "./harness/until.ts";
import { useWorld } from "./harness/world.ts";

const world = useWorld();

test("sign in, one click, and a shell that fits the window answers", async () => {
  const shell = await ShellPage.open(await world().newDevice(), world().product.url);
  const signIn = shell.page.getByRole("button", { name: "Sign in" });
  await signIn.waitFor();
  await keepPicture(shell.page, "01-sign-in");
  await signIn.click();
  await shell.page.getByLabel("Name").fill(world().newName());
  await keepPicture(shell.page, "02-issuer");
  await signIn.click();
  await shell.startButton.waitFor();
  await keepPicture(shell.page, "03-start");
  await shell.startButton.click();
  await keepPicture(shell.page, "04-phases");
  const greeting = kubernetes === null ? "without isolation" : "Welcome to Limpet.";
  await shell.rowsUntil("the greeting", (rows) => rows.some((row) => row.includes(greeting)));
  await shell.prompt();
  await keepPicture(shell.page, "05-prompt");

  await shell.enter("echo six times seven is $((6 * 7))");
  await shell.row("six times seven is 42");
  const tmux = await shell.tmux();
  await shell.enter("stty size");
  const [width, height] = (await tmux.size()).split("x");
  await shell.row(`${height} ${width}`);
  expect(await shell.height()).toBe(Number(height));
  expect(Number(width)).toBeGreaterThan(120);
  await expectSameScreen(shell, tmux);
  await keepPicture(shell.page, "06-answer");
});

test("the wheel scrolls back, typing returns to the prompt", async () => {
  const { shell } = await world().withShell();
  await shell.enter("seq 1 100");
  await shell.row("100");
  expect(await shell.rows()).not.toContain("40");
  await until(
    "row 40 by the wheel",
    async () => {
      await shell.wheelUp();
      return await shell.rows();
    },
    (rows) => rows.includes("40"),
  );
  await keepPicture(shell.page, "07-scrolled-back");
  await shell.enter("echo back at the end");
  await shell.row("back at the end");
});

test("a double click selects a word, and it can be copied", async () => {
  const { shell } = await world().withShell();
  await shell.enter("clear; echo before copied-word-$((40+2)) after");
  await shell.row("before copied-word-42 after");
  await shell.doubleClick("copied-word-42");
  await keepPicture(shell.page, "08-selection");
  await shell.press("Control+Shift+C");
  const copied = await until(
    "the copied word",
    () => shell.readClipboard(),
    (text) => text !== "",
  );
  expect(copied).toBe("copied-word-42");
});

test("a light screen of 320 px: legible, and nothing hangs over its edge", async () => {
  const { shell, tmux } = await world().withShell();
  await shell.page.emulateMedia({ colorScheme: "light" });
  await shell.page.setViewportSize({ width: 320, height: 640 });
  const size = await until(
    "the shell to be as narrow as the page",
    () => tmux.size(),
    (seen) => Number(seen.split("x")[0]) < 60,
  );
  expect(Number(size.split("x")[0])).toBeGreaterThanOrEqual(38);
  await shell.enter("clear; ls /");
  await shell.prompt();
  expect(await shell.page.evaluate("document.documentElement.scrollWidth")).toBe(320);
  await keepPicture(shell.page, "12-light-320");
  await shell.page.getByRole("button", { name: "Menu", exact: true }).click();
  await keepPicture(shell.page, "13-light-320-menu");
});

test("CJK, emoji, accents and box drawing arrive in both directions and stand where tmux has them", async () => {
  const { shell, tmux } = await world().withShell();
  await shell.focus();
  await shell.page.keyboard.insertText("echo 漢字とカナ 😀🚀 naïve Ünï ┌─┐ > text.txt; cat text.txt");
  await shell.press("Enter");
  await shell.row("漢字とカナ 😀🚀 naïve Ünï ┌─┐");
  expect(await tmux.read("text.txt")).toBe("漢字とカナ 😀🚀 naïve Ünï ┌─┐\n");
  await expectSameScreen(shell, tmux);
  await keepPicture(shell.page, "09-unicode");
});

test("vim takes the whole screen and gives it back", async (context) => {
  const { shell, tmux } = await world().withShell();
  await shell.enter("command -v vim vi || echo no editor here");
  const rows = await shell.rowsUntil("the answer", (seen) =>
    seen.some((row) => /^(\/.*vim?|no editor here)$/.test(row)),
  );
  if (rows.includes("no editor here")) context.skip("neither vim nor vi is installed: apt-get install vim-tiny");
  await shell.enter("clear; echo still here; vi letter.txt");
  await shell.rowsUntil("vim's screen", (seen) => seen.includes("~") && !seen.includes("still here"));
  await shell.type("iDear sea,");
  await shell.press("Enter");
  await shell.type("you do not move me.");
  await shell.press("Escape");
  await keepPicture(shell.page, "10-vim");
  await shell.enter(":wq");
  await shell.row("still here");
  expect(await tmux.read("letter.txt")).toBe("Dear sea,\nyou do not move me.\n");
  await expectSameScreen(shell, tmux);
});

test("deleting the shell ends its pod and leads back to the start", async () => {
  const { shell, tmux } = await world().withShell();
  await shell.deleteShell();
  await shell.startButton.waitFor();
  await until(
    "the pod's tmux to end",
    () => tmux.isThere(),
    (there) => !there,
  );
  await keepPicture(shell.page, "11-deleted");
  await shell.start();
  await shell.enter("echo a new one");
  await shell.row("a new one");
});

test("the pictures of the documents are made when they are asked for", async (context) => {
  if (process.env["LIMPET_README_PICTURE"] !== "1")
    context.skip("LIMPET_README_PICTURE=1 makes docs/shell.png and docs/settings.png anew");
  await paintSettings(await world().withShell());
  await paintReadme(await world().withShell());
});
