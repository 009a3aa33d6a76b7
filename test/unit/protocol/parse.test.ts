import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ClientMessage, ServerMessage } from "../../../durable/protocol/messages.ts";
import { describeParseError, parseClientMessage, parseServerMessage } from "../../../durable/protocol/parse.ts";

const viewer = "0123456789abcdef0123456789abcdef";
const stream = "f".repeat(32);
const hello = { type: "hello", viewer, cols: 80, rows: 24, panes: [{ pane: "%0", stream, output: 7 }] } as const;
const window = {
  id: "@1",
  name: "sh",
  active: true,
  bell: false,
  activity: false,
  title: "t",
  command: "vim",
  path: "/",
  panes: ["%1", "%2"],
} as const;
const pane = {
  type: "pane",
  channel: 63,
  pane: "%12",
  stream,
  output: 0,
  resumed: false,
  snapshot: 10,
  cols: 80,
  rows: 24,
} as const;

const fromClient: readonly ClientMessage[] = [
  hello,
  { ...hello, colours: { foreground: "#ffffff", background: "#00Ab3f" } },
  { ...hello, leads: true },
  { type: "resize", cols: 2, rows: 1 },
  { type: "resize", cols: 500, rows: 300, fit: true },
  { type: "ack", channel: 0, stream, output: Number.MAX_SAFE_INTEGER },
  { type: "ack", channel: 0, stream, output: 1, picture: 2 },
  { type: "focus", visible: false },
  { type: "colours", foreground: "#ffffff", background: "#00Ab3f" },
  { type: "open", pane: "%3" },
  { type: "shut", channel: 5 },
  { type: "window", do: "new" },
  { type: "window", do: "select", window: "@0" },
  { type: "window", do: "close", window: "@0" },
  { type: "window", do: "rename", window: "@0", name: "#(reboot)\n%exit" },
  { type: "paste", channel: 1, id: 4, seq: 0, last: true, text: "\u001b[201~ü" },
];

const fromServer: readonly ServerMessage[] = [
  { type: "welcome", role: "view", windows: [window] },
  { type: "windows", windows: [] },
  pane,
  { ...pane, resumed: true, snapshot: 0, picture: true, input: null },
  { ...pane, input: 12 },
  { type: "ack", channel: 2, input: 9 },
  { type: "size", channel: 2, stream, output: 3, cols: 80, rows: 24 },
  { type: "gone", channel: 2 },
  { type: "status", phase: "setting-up", reason: null, detail: "…", link: "retrying" },
  { type: "viewers", count: 2, leader: true },
  { type: "expiry", at: null, until: null, now: 1 },
  { type: "expiry", at: 5, until: 9, now: 1 },
  { type: "changed", what: "saves" },
  { type: "notice", code: "view-only", text: "…" },
  { type: "exit", code: 137 },
];

describe("[P2] messages are read as they were written", () => {
  it.each(fromClient)("client: $type %#", (message) => {
    expect(parseClientMessage(JSON.stringify(message))).toEqual({ ok: true, message });
  });
  it.each(fromServer)("server: $type %#", (message) => {
    expect(parseServerMessage(JSON.stringify(message))).toEqual({ ok: true, message });
  });
});

describe("[P3] what a later version may say is ignored", () => {
  it("unknown types", () => {
    expect(parseClientMessage('{"type":"wave","at":[]}')).toEqual({ ok: true, message: null });
    expect(parseServerMessage('{"type":"constructor"}')).toEqual({ ok: true, message: null });
    expect(parseClientMessage('{"type":"welcome"}')).toEqual({ ok: true, message: null });
    expect(parseClientMessage('{"type":"window","do":"split"}')).toEqual({ ok: true, message: null });
  });
  it("unknown fields", () => {
    const parsed = parseClientMessage('{"type":"focus","visible":true,"mood":9,"__proto__":{"visible":false}}');
    expect(parsed).toEqual({ ok: true, message: { type: "focus", visible: true } });
  });
});

describe("[P3] known types with wrong fields are named", () => {
  const wrong: readonly (readonly [string, unknown, string])[] = [
    ["no field", { type: "focus" }, "focus: visible must be true or false"],
    ["another type", { type: "focus", visible: 1 }, "focus: visible must be true or false"],
    ["a fraction", { type: "shut", channel: 1.5 }, "shut: channel must be an integer from 0 to 63"],
    ["a number too high", { type: "shut", channel: 64 }, "shut: channel must be an integer from 0 to 63"],
    ["a number too low", { type: "shut", channel: -1 }, "shut: channel must be an integer from 0 to 63"],
    ["a string for a number", { type: "shut", channel: "0" }, "shut: channel must be an integer from 0 to 63"],
    [
      "beyond doubles",
      { type: "ack", channel: 0, stream, output: 2 ** 53 },
      "ack: output must be an integer from 0 to",
    ],
    ["an upper-case id", { ...hello, viewer: viewer.toUpperCase() }, "hello: viewer must be 32 lower-case hex digits"],
    ["a line feed behind an id", { ...hello, viewer: `${viewer}\n` }, "hello: viewer must be 32 lower-case"],
    ["a pane twice", { ...hello, panes: [hello.panes[0], hello.panes[0]] }, "hello: panes must be each pane once"],
    [
      "a field within",
      { ...hello, panes: [{ ...hello.panes[0], output: -1 }] },
      "hello: panes[0].output must be an integer",
    ],
    [
      "too many panes",
      { ...hello, panes: Array(65).fill(hello.panes[0]) },
      "hello: panes must be an array of at most 64",
    ],
    ["a command for a pane", { type: "open", pane: "%0 ; kill-server" }, "open: pane must be % and a number"],
    [
      "a half colour",
      { ...hello, colours: { foreground: "#fff", background: "#000000" } },
      "hello: colours.foreground must be",
    ],
    [
      "a name too long",
      { type: "window", do: "rename", window: "@0", name: "x".repeat(65) },
      "window: name must be a string",
    ],
    [
      "a piece too long",
      { type: "paste", channel: 0, id: 1, seq: 0, last: true, text: "ü".repeat(4097) },
      "paste: text must be",
    ],
    ["no object", [1], "text: frame must be a JSON object"],
    ["no type", { kind: "hello" }, "text: type must be a string"],
  ];
  it.each(wrong)("%s", (_, value, said) => {
    const parsed = parseClientMessage(JSON.stringify(value));
    expect(parsed.ok ? "" : describeParseError(parsed.error)).toContain(said);
  });
  it("text that is no JSON", () => {
    for (const text of ["", "{", "hello", "[".repeat(60_000), '{"type":"focus","visible":true}x']) {
      expect(parseClientMessage(text)).toMatchObject({ ok: false });
    }
  });
});

describe("[B2] whatever comes, parsing gives a value", () => {
  const anything = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.json({ maxDepth: 4 }),
    fc
      .record({ type: fc.constantFrom(...fromClient.map(({ type }) => type), ...fromServer.map(({ type }) => type)) })
      .chain((known) => fc.object({ maxDepth: 3 }).map((more) => JSON.stringify({ ...more, ...known }))),
  );
  it("of anything", () => {
    fc.assert(
      fc.property(anything, (text) => {
        for (const parsed of [parseClientMessage(text), parseServerMessage(text)]) {
          if (!parsed.ok)
            expect(new TextEncoder().encode(describeParseError(parsed.error)).length).toBeLessThanOrEqual(123);
        }
      }),
      { numRuns: 2_000 },
    );
  });
  it("of good messages with one field replaced", () => {
    const value = fc.oneof(fc.anything(), fc.double(), fc.constantFrom(null, "", -0, 2 ** 53, "%0", "@0", viewer));
    const message = fc.constantFrom(...fromClient);
    fc.assert(
      fc.property(message, fc.nat(), value, (original, which, replacement) => {
        const keys = Object.keys(original);
        const key = keys[which % keys.length] ?? "type";
        const text = JSON.stringify({ ...original, [key]: replacement }, (_, part) =>
          typeof part === "bigint" ? 1 : part,
        );
        const parsed = parseClientMessage(text);
        // What was accepted can be written and read again: nothing slipped through unparsed.
        if (parsed.ok && parsed.message !== null) {
          expect(parseClientMessage(JSON.stringify(parsed.message))).toEqual(parsed);
        }
      }),
      { numRuns: 3_000 },
    );
  });
});
