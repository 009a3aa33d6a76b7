// Owns a shell whose image has no tmux, in the browser.
// Must not know how the page and the object find out.

import { expect, test } from "vitest";
import { keepPicture } from "./harness/artefacts.ts";
import { useWorld } from "./harness/world.ts";

process.env["LIMPET_SHELL_IMAGE"] = "limpet-shell:plain";
const world = useWorld();

test("without tmux: it types, it shows, and it says that nothing outlives the connection", async () => {
  const { shell } = await world().signedIn();
  await shell.start();
  await shell.page.getByText("There is no tmux in this shell").waitFor();
  await shell.enter("echo six times seven is $((6 * 7))");
  await shell.row("six times seven is 42");
  await shell.enter("stty size");
  const height = await shell.height();
  await shell.rowsUntil("the size of the page", (rows) => rows.some((row) => row.startsWith(`${height} `)));
  await keepPicture(shell.page, "57-plain");
  await shell.enter('test -z "$TMUX" && echo no tmux around it');
  await shell.row("no tmux around it");
  expect(await shell.badge()).toBe("Connected");
});
