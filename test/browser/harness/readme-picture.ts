// Owns the pictures in the README and the documents: a real shell, in the page as it is.
// Must not know how the page is built.

import { repositoryRoot } from "./artefacts.ts";
import type { Person } from "./world.ts";

/** Writes docs/settings.png: what the first start asks for, half filled in. */
export async function paintSettings({ shell }: Pick<Person, "shell">): Promise<void> {
  await shell.page.setViewportSize({ width: 1280, height: 740 });
  await shell.panel.getByLabel("Address").fill("https://github.com/harbour/tides");
  await shell.panel.getByRole("radio", { name: "Deploy key" }).click();
  await shell.prompt();
  await shell.page.screenshot({ path: `${repositoryRoot}/docs/settings.png`, animations: "disabled" });
}

/** Writes docs/shell.png. */
export async function paintReadme({ shell, tmux }: Person): Promise<void> {
  if (await shell.panel.isVisible()) await shell.closePanel();
  await shell.page.setViewportSize({ width: 1280, height: 650 });
  await tmux.write("tides", tides, "755");
  await shell.enter(`git clone -q ${repositoryRoot} limpet; cd limpet; printf '\\033]2;limpet\\007'; clear`);
  await shell.rowsUntil("an empty screen", (rows) => rows.length === 1 && rows[0]?.includes("limpet") === true);
  for (const command of ["git log --oneline --graph -7", "ls --color -w 100 durable durable/bridge", "~/tides 17:31"]) {
    await shell.enter(command);
    await shell.rowsUntil(command, (rows) => rows.some((row) => row.endsWith(command)) && /#$/.test(rows.at(-1) ?? ""));
  }
  await shell.page.screenshot({ path: `${repositoryRoot}/docs/shell.png`, animations: "disabled" });
}

/** Draws a day of tides: six rows, one column for each 12 minutes, the sea darker the deeper it is. */
const tides = String.raw`#!/bin/sh
awk -v at="$1" 'BEGIN {
  split("▁ ▂ ▃ ▄ ▅ ▆ ▇", block, " ")
  split("126;224;200 92;196;178 62;164;156 40;130;130 24;98;104 14;72;80", colour, " ")
  split(at, time, ":")
  high = (time[1] * 60 + time[2]) / 12
  printf "\n"
  for (row = 6; row >= 1; row--) {
    line = ""
    for (x = 0; x < 120; x++) {
      level = 26 + 21 * cos((x - high) * 6.2832 / 62.1)
      here = int(level - (row - 1) * 8)
      if (here <= 0) line = line "\033[m "
      else if (here < 8) line = line "\033[;38;2;" colour[7 - row] "m" block[here]
      else line = line "\033[;48;2;" colour[7 - row] "m "
    }
    printf "  %s\033[m\n", line
  }
  printf "  "
  for (hour = 0; hour < 24; hour += 3) printf "\033[2m%-15s\033[0m", sprintf("%02d:00", hour)
  printf "\n\nhigh water at \033[1;38;5;79m%s\033[0m, and the limpets hold on\n", at
}'
`;
