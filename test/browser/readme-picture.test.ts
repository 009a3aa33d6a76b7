// Owns the picture in the README: a real shell, in the page as it is. Made only when LIMPET_README_PICTURE=1 asks for it.
// Must not know how the page is built.

import { writeFileSync } from "node:fs";
import { test } from "vitest";
import { repositoryRoot } from "./harness/artefacts.ts";
import { useWorld } from "./harness/world.ts";

const world = useWorld();

test.runIf(process.env["LIMPET_README_PICTURE"] === "1")("docs/shell.png", async () => {
  const { shell, tmux } = await world().withShell();
  await shell.page.setViewportSize({ width: 1280, height: 760 });
  writeFileSync(`${tmux.home}/tides`, tides, { mode: 0o755 });
  await shell.enter(`git clone -q ${repositoryRoot} limpet; cd limpet; clear`);
  await shell.rowsUntil("an empty screen", (rows) => rows.length === 1 && rows[0]?.includes("limpet") === true);
  await shell.enter("git log --oneline --graph -7");
  await shell.enter("ls --color -w 100 durable durable/bridge");
  await shell.enter("~/tides 17:31");
  await shell.row("high water at 17:31, and the limpets hold on");
  await shell.prompt();
  await shell.page.screenshot({ path: `${repositoryRoot}/docs/shell.png`, animations: "disabled" });
});

/** Draws a day of tides: ten rows of blocks, one column for each 12 minutes, the sea darker the deeper it is. */
const tides = String.raw`#!/bin/sh
awk -v at="$1" 'BEGIN {
  split("▁ ▂ ▃ ▄ ▅ ▆ ▇ █", block, " ")
  split("80 79 73 37 30 23", colour, " ")
  split(at, time, ":")
  high = (time[1] * 60 + time[2]) / 12
  printf "\n"
  for (row = 6; row >= 1; row--) {
    line = ""
    for (x = 0; x < 120; x++) {
      level = 26 + 21 * cos((x - high) * 6.2832 / 62.1)
      here = int(level - (row - 1) * 8)
      line = line (here <= 0 ? " " : block[here > 8 ? 8 : here])
    }
    printf "  \033[38;5;%dm%s\033[0m\n", colour[7 - row], line
  }
  printf "  "
  for (hour = 0; hour < 24; hour += 3) printf "\033[2m%-15s\033[0m", sprintf("%02d:00", hour)
  printf "\n\nhigh water at \033[1;38;5;79m%s\033[0m, and the limpets hold on\n", at
}'
`;
