// Owns input that asks much: a large paste, Ctrl-C in a flood, what is typed while away.
// Must not know how input is counted.

import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { keepFigure, keepPicture } from "./harness/artefacts.ts";
import { expectSameScreen } from "./harness/compare.ts";
import { until } from "./harness/until.ts";
import { useWorld } from "./harness/world.ts";

const world = useWorld();

test("1 MB of pasted lines arrives byte for byte", async () => {
  const { shell, tmux } = await world().withShell();
  const lines = Array.from(
    { length: 16_000 },
    (_, index) => `${index}\tthe quick brown fox, größer als 漢字 😀 ${index ** 3}`,
  );
  const text = `${lines.join("\n")}\n`;
  const bytes = Buffer.from(text);
  expect(bytes.length).toBeGreaterThan(1_000_000);
  await shell.enter("cat > pasted.txt");
  await until(
    "cat",
    () => tmux.format("#{pane_current_command}"),
    (command) => command === "cat",
  );
  await shell.writeClipboard(text);
  await shell.press("Control+Shift+V");
  await until(
    "all of the paste in the file",
    () => tmux.sizeOf("pasted.txt"),
    (size) => size >= bytes.length,
    {
      withinMs: 60_000,
    },
  );
  await keepPicture(shell.page, "50-pasted");
  await shell.press("Control+D");
  await shell.prompt();
  expect(digest(Buffer.from(await tmux.read("pasted.txt")))).toBe(digest(bytes));
});

test("Ctrl-C in a flood is answered, and the screen is right afterwards", async () => {
  const { shell, tmux } = await world().withShell();
  await shell.enter("yes 'a flood of lines'");
  await shell.rowsUntil("the flood", (rows) => rows.length > 20 && rows.every((row) => row === "a flood of lines"));
  await shell.focus();
  const pressedMs = performance.now();
  await shell.page.keyboard.press("Control+C");
  await shell.prompt();
  const answeredMs = performance.now() - pressedMs;
  keepFigure("Ctrl-C in a flood, until the prompt is on the screen", answeredMs);
  await keepPicture(shell.page, "51-interrupted");
  expect(await tmux.format("#{pane_current_command}")).toBe("bash");
  expect(answeredMs).toBeLessThan(5_000);
  await expectSameScreen(shell, tmux);
  await shell.enter("echo calm");
  await shell.row("calm");
});

test("what was typed while away too long ago, or too much of it, is not sent, and the page says so", async () => {
  const { shell, tmux } = await world().withShell();
  const connected = await shell.badge();
  const away = async () => {
    world().product.front.cut("reset");
    await until(
      "the page to notice",
      () => shell.badge(),
      (told) => told !== connected,
    );
  };
  const back = async () => {
    world().product.front.mend();
    await until(
      "the page to be back",
      () => shell.badge(),
      (told) => told === connected,
    );
  };

  await away();
  await shell.enter("echo too-$((1+1))-old");
  const typedMs = performance.now();
  await until(
    "ten seconds to pass",
    () => performance.now() - typedMs,
    (ms) => ms > 10_200,
  );
  await back();
  await shell.page.getByText("it was too long ago").waitFor();
  await keepPicture(shell.page, "52-typed-too-long-ago");

  await away();
  await shell.focus();
  await shell.page.keyboard.insertText(`echo ${"too much ".repeat(600)}`);
  await shell.press("Enter");
  await back();
  await shell.page.getByText("it was too much to keep").waitFor();

  await shell.enter("echo typed-$((1+1))-now");
  await shell.row("typed-2-now");
  expect((await tmux.lines()).filter((line) => /^(too|typed)/.test(line))).toEqual(["typed-2-now"]);
});

function digest(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
