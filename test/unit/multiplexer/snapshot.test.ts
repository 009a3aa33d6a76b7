// Owns the proof of how captured lines are read and painted, without tmux.
// Must not know how they are captured; that a picture is right is proved in test/tmux/snapshot.test.ts.

import { expect, test } from "vitest";
import { findWrapped, parseRows } from "../../../durable/multiplexer/captured-rows.ts";
import { parseLayout, parseListing, splitQuoted } from "../../../durable/multiplexer/listing.ts";
import { cutCharacter } from "../../../durable/multiplexer/pane-table.ts";
import { type PaneCapture, paintSnapshot } from "../../../durable/multiplexer/snapshot.ts";
import { makeTerminal, write } from "../../tmux/screen.ts";

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));
const latin1 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "latin1"));

const plain: PaneCapture = {
  cols: 10,
  rows: 3,
  main: { rows: parseRows(bytes("one\ntwo\n")), wrapped: [false, false, false] },
  alternate: null,
  cursor: { x: 0, y: 2 },
  modes: {
    insert: false,
    applicationCursor: false,
    applicationKeypad: false,
    cursorVisible: true,
    wrap: true,
    origin: false,
    scrollTop: 0,
    scrollBottom: 2,
    mouse: "none",
    mouseSgr: false,
    mouseUtf8: false,
    bracketedPaste: false,
    cursorShape: 0,
  },
  tabs: [8],
  title: "",
  pending: new Uint8Array(0),
};

async function painted(change: Partial<PaneCapture>) {
  const capture = { ...plain, ...change };
  const terminal = makeTerminal(capture.cols, capture.rows);
  await write(terminal, paintSnapshot(capture));
  return terminal;
}

test("[M8] modes, region, cursor and an unfinished sequence are as they were", async () => {
  const modes = {
    ...plain.modes,
    insert: true,
    applicationCursor: true,
    origin: true,
    scrollTop: 1,
    mouse: "all",
  } as const;
  const terminal = await painted({ modes, cursor: { x: 4, y: 2 }, pending: bytes("\x1b[3") });
  expect(terminal.modes).toMatchObject({
    insertMode: true,
    applicationCursorKeysMode: true,
    originMode: true,
    mouseTrackingMode: "any",
    wraparoundMode: true,
  });
  expect([terminal.buffer.active.cursorX, terminal.buffer.active.cursorY]).toEqual([4, 2]);
  // The rest of the sequence moves the cursor three to the left.
  await write(terminal, bytes("D"));
  expect(terminal.buffer.active.cursorX).toBe(1);
});

test("[M8] a cursor behind the last column wraps with the next character, and only then", async () => {
  const main = { rows: parseRows(bytes("0123456789\n\n")), wrapped: [false, false, false] };
  const terminal = await painted({ main, cursor: { x: 10, y: 0 } });
  expect(terminal.buffer.active.cursorY).toBe(0);
  await write(terminal, bytes("x"));
  expect(terminal.buffer.active.getLine(1)?.translateToString(true)).toBe("x");
  expect(terminal.buffer.active.getLine(1)?.isWrapped).toBe(true);
});

test("[M8] lines that tmux wrapped are one line again, in colour and with wide characters at the edge", async () => {
  const rows = parseRows(bytes("\x1b[44m012345678\n海9\x1b[0m\nend"));
  const wrapped = findWrapped(rows, bytes("012345678海9\nend"));
  expect(wrapped).toEqual([true, false, false]);
  const { buffer } = await painted({ main: { rows, wrapped } });
  expect([0, 1, 2].map((y) => buffer.active.getLine(y)?.isWrapped)).toEqual([false, true, false]);
  expect(buffer.active.getLine(1)?.translateToString(true)).toBe("海9");
  // Nothing behind the text took its background.
  expect(buffer.active.getLine(1)?.getCell(5)?.isBgDefault()).toBe(true);
});

test("[M8] line drawing behind SO is painted as such, and letters are letters afterwards", async () => {
  const rows = parseRows(bytes("\x0eqqx\x0fq\n\n"));
  const terminal = await painted({ main: { rows, wrapped: [false, false, false] } });
  expect(terminal.buffer.active.getLine(0)?.translateToString(true)).toBe("──│q");
  await write(terminal, bytes("q"));
  expect(terminal.buffer.active.getLine(2)?.translateToString(true)).toBe("q");
});

test("[M8] the other screen is painted over the main one, which comes back", async () => {
  const lines = { rows: parseRows(bytes("vim\n~\n~")), wrapped: [false, false, false] };
  const terminal = await painted({ alternate: { lines, saved: { x: 2, y: 1 } }, cursor: { x: 1, y: 0 } });
  expect(terminal.buffer.active.type).toBe("alternate");
  expect(terminal.buffer.active.getLine(0)?.translateToString(true)).toBe("vim");
  await write(terminal, bytes("\x1b[?1049l"));
  expect(terminal.buffer.active.getLine(1)?.translateToString(true)).toBe("two");
  expect([terminal.buffer.active.cursorX, terminal.buffer.active.cursorY]).toEqual([2, 1]);
});

test("[M8] rows that the joined capture does not fit stand for themselves", () => {
  expect(findWrapped(parseRows(bytes("abc\ndef")), bytes("abcd"))).toEqual([false, false]);
  // The rows before these were left out: these two still are one line.
  expect(findWrapped(parseRows(bytes("cd\ne")), bytes("abcde"))).toEqual([true, false]);
  expect(findWrapped(parseRows(bytes("c\nd")), bytes("a\nb\nc\nd"))).toEqual([false, false]);
  expect(findWrapped(parseRows(bytes("")), bytes(""))).toEqual([false]);
  expect(findWrapped(parseRows(bytes("ab\n\ncd\ne")), bytes("ab\n\ncde"))).toEqual([false, false, true, false]);
});

test.for([
  ["plain ", ["plain"]],
  ["a\\ b c ", ["a b", "c"]],
  ["\\\\ x ", ["\\", "x"]],
  ["a\n\\%exit b ", ["a\n%exit", "b"]],
  ["  ", ["", ""]],
  ["no end", null],
  ["cut\\", null],
] as const)("the quoted fields %j", ([text, fields]) => {
  expect(splitQuoted(text)).toEqual(fields);
});

test("[M16] a listing of several windows and panes, the active pane first; nonsense is none", () => {
  const record = (window: number, pane: number, active: number, path: string): string =>
    `@${window} ${window} 0 0 %${pane} ${active} 80 24 0 name title cmd ${path} `;
  const body = `${record(0, 0, 0, "/a\nb")}\n${record(0, 1, 1, "/c")}\n${record(1, 2, 1, "/d")}`;
  const listing = parseListing(latin1(body));
  expect(listing?.windows.map(({ id, active, panes, path }) => [id, active, panes, path])).toEqual([
    ["@0", false, ["%1", "%0"], "/c"],
    ["@1", true, ["%2"], "/d"],
  ]);
  expect(parseListing(latin1("@x 0 "))).toBe(null);
  expect(parseListing(latin1(record(0, 0, 1, "/").slice(0, -1)))).toBe(null);
});

test("[M11] sizes out of a layout", () => {
  const leaf = (id: number, cols: number, rows: number) => ({ pane: `%${id}`, cols, rows });
  expect(parseLayout("b25d,80x24,0,0,0")).toEqual([leaf(0, 80, 24)]);
  expect(parseLayout("f1a2,80x24,0,0{40x24,0,0,1,39x24,41,0[39x12,41,0,12,39x11,41,13,3]}")).toEqual([
    leaf(1, 40, 24),
    leaf(12, 39, 12),
    leaf(3, 39, 11),
  ]);
});

test.for([
  ["", "abc", ""],
  ["", "a\xe2\x82", "\xe2\x82"],
  ["", "a\xe2\x82\xac", ""],
  ["\xf0\x9f", "\x90", "\xf0\x9f\x90"],
  ["\xf0\x9f", "\x90\x9a", ""],
  ["\xe2", "", "\xe2"],
  ["\xe2", "x", ""],
  ["", "\x80\x80\x80\x80", ""],
] as const)("the cut character at the end of %j and %j is %j", ([before, text, cut]) => {
  expect(Buffer.from(cutCharacter(latin1(before), latin1(text))).toString("latin1")).toBe(cut);
});
