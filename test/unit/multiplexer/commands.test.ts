// Owns the proof that no name and no byte becomes a command.
// Must not know tmux's answers.

import { expect, test } from "vitest";
import { parseAttachLine } from "../../../durable/multiplexer/attach-lines.ts";
import {
  argument,
  atLeast,
  expandedArgument,
  keys,
  parseVersion,
  pasteBuffer,
  setBuffer,
} from "../../../durable/multiplexer/commands.ts";

test("[M5] an argument holds nothing that tmux's parser could see", () => {
  const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  const written = argument(all);
  expect(written).toMatch(/^"(?:[0-9A-Za-z ]|\\[0-3][0-7]{2})*"$/);
  const read = Array.from(written.slice(1, -1).matchAll(/\\(\d{3})|(.)/g), ([, octal, char]) =>
    octal === undefined ? (char ?? "").charCodeAt(0) : Number.parseInt(octal, 8),
  );
  expect(read).toEqual([...all]);
});

test.for([
  ["#(touch x)", '"\\043\\043\\050touch x\\051"'],
  ["##{x}", '"\\043\\043\\043\\043\\173x\\175"'],
  ["#[a]##[b]", '"\\043\\133a\\135\\043\\043\\133b\\135"'],
  ["a\0b\nc", '"ab\\012c"'],
])("[M5] a name %j for a command that expands formats: each # is doubled but before a bracket", ([name, written]) => {
  expect(expandedArgument(name ?? "")).toBe(written);
});

test("[M5] keys are hexadecimal, buffers take what begins with a dash", () => {
  expect(keys("%1", Uint8Array.of(0, 10, 255))).toBe("send-keys -t %1 -H 00 0a ff");
  expect(setBuffer("b", Uint8Array.of(0x2d, 0x6e), true)).toBe('set-buffer -a -b b -- "\\055n"');
});

test.for([
  ["3.2", 3, 2, true],
  ["3.3a", 3, 4, false],
  ["3.10", 3, 4, true],
  ["next-3.6", 3, 6, true],
  ["openbsd-7.8", 3, 7, true],
  ["master", 3, 7, true],
  ["2.9", 3, 0, false],
] as const)("version %s is at least %i.%i: %s", ([version, major, minor, expected]) => {
  expect(atLeast(parseVersion(version), major, minor)).toBe(expected);
});

test("[M15] from 3.7 on a paste must be asked for as it is", () => {
  expect(pasteBuffer("%1", "b", true, { major: 3, minor: 6 })).toBe("paste-buffer -rdp -b b -t %1");
  expect(pasteBuffer("%1", "b", false, { major: 3, minor: 7 })).toBe("paste-buffer -rdS -b b -t %1");
});

const token = "0123456789abcdef";
test.for([
  [`limpet-attach 1 control ${token}`, null, { type: "begin", token }],
  ["limpet-attach 1 control", null, null],
  ["limpet-attach 2 control 0123456789abcdef", null, null],
  ["limpet-attach 1 no-tmux", null, { type: "no-tmux" }],
  ["limpet-attach 1 error it is so", null, { type: "error", message: "it is so" }],
  [`limpet-attach end superseded ${token}`, null, null],
  [`limpet-attach end superseded ${token}`, token, { type: "superseded" }],
  ["limpet-attach end superseded", token, null],
  ["limpet-attach end superseded ffffffffffffffff", token, null],
  [`limpet-attach end detached ${token}`, token, { type: "detached" }],
  [`limpet-attach end exited 7 ${token}`, token, { type: "exited", code: 7 }],
  [`limpet-attach end exited x ${token}`, token, null],
  ["limpet-attach 1 no-tmux", token, null],
] as const)("[M1] attach's line %j, with token %s", ([line, known, expected]) => {
  expect(parseAttachLine(line, known)).toEqual(expected);
});
