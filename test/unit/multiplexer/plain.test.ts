// Owns the proof of what the plain multiplexer says and does not say.
// Must not know a tty.

import { expect, test } from "vitest";
import { PlainMultiplexer } from "../../../durable/multiplexer/plain.ts";

const size = { cols: 80, rows: 24 };
const viewer = "a".repeat(32);

test("[M18] one window and one pane from the start, and no promise of history or counts", () => {
  const plain = new PlainMultiplexer(size);
  expect([plain.countsInput, plain.hasHistory]).toEqual([false, false]);
  expect(plain.start()).toMatchObject([
    { type: "tty-size", ...size },
    { type: "following", windows: [{ id: "@0", panes: ["%0"] }], panes: [{ pane: "%0", counts: new Map() }] },
  ]);
});

test("[M18] bytes pass as they are, both ways; what was given counts as taken", () => {
  const plain = new PlainMultiplexer(size);
  plain.start();
  plain.show("%0", 1);
  const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  expect(plain.receive(all)).toEqual([{ type: "output", pane: "%0", bytes: all }]);
  expect(plain.input({ pane: "%0", viewer, bytes: all, end: 256 })).toEqual([
    { type: "stdin", bytes: all },
    { type: "taken", pane: "%0", viewer, end: 256 },
  ]);
});

test("[M18] the first picture is empty; a later one has the program paint itself anew", () => {
  const plain = new PlainMultiplexer(size);
  plain.start();
  expect(plain.show("%0", 1).map(({ type }) => type)).toEqual(["snapshot"]);
  plain.receive(Uint8Array.of(0x61));
  expect(plain.show("%0", 2)).toMatchObject([
    { type: "snapshot", request: 2, bytes: new Uint8Array(0) },
    { type: "tty-size", cols: 80, rows: 23 },
    { type: "tty-size", cols: 80, rows: 24 },
  ]);
});

test("[B31] a sign of life is asked for with something that travels, and that no program sees", () => {
  const plain = new PlainMultiplexer(size);
  plain.start();
  plain.resize("%0", { cols: 90, rows: 30 });
  expect(plain.probe(7)).toEqual([
    { type: "tty-size", cols: 90, rows: 30 },
    { type: "alive", probe: 7 },
  ]);
});

test("a size is told once, and another pane's input is refused", () => {
  const plain = new PlainMultiplexer(size);
  plain.start();
  expect(plain.resize("%0", size)).toEqual([]);
  expect(plain.resize("%0", { cols: 90, rows: 30 }).map(({ type }) => type)).toEqual(["tty-size", "pane-size"]);
  expect(plain.input({ pane: "%1", viewer, bytes: Uint8Array.of(1), end: 1 })).toMatchObject([{ type: "refused" }]);
});
