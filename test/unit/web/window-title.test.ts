// Owns the tests of what the page calls what runs in the shell.
// Must not know the page.

import { expect, test } from "vitest";
import type { WindowInfo } from "../../../durable/protocol/messages.ts";
import { titleOf } from "../../../web/state/window-title.ts";

const window: WindowInfo = {
  id: "@0",
  name: "",
  active: true,
  bell: false,
  activity: false,
  title: "",
  command: "",
  path: "/",
  panes: ["%0"],
};

test.each([
  ["a prompt that sets no title", "", "bash", ""],
  ["a prompt that sets one", "~/sea", "zsh", "~/sea"],
  ["a program that sets no title", "", "vim", "vim"],
  ["a program's own title", "letter.txt - VIM", "htop", "htop · letter.txt - VIM"],
  ["a title that names the program", "vim letter.txt", "vim", "vim letter.txt"],
  ["no multiplexer", "", "", ""],
])("%s", (_name, title, command, expected) => {
  expect(titleOf([{ ...window, title, command }])).toBe(expected);
});

test("the active window counts", () => {
  expect(titleOf([{ ...window, active: false, title: "other" }, window])).toBe("");
  expect(titleOf([])).toBeNull();
});
