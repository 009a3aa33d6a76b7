// Owns the proof of what the control multiplexer makes of tmux's answers, by a script in place of tmux.
// Must not know how bytes are cut; that is in control-reader.test.ts.

import { expect, test } from "vitest";
import { ControlMultiplexer } from "../../../durable/multiplexer/control.ts";
import type { MultiplexerEffect } from "../../../durable/multiplexer/multiplexer.ts";

const viewer = "a".repeat(32);

/** A tmux that answers as it is told, line by line, and counts its answers. */
class Script {
  readonly multiplexer: ControlMultiplexer;
  readonly effects: MultiplexerEffect[] = [];
  /** Lines that wait for an answer. */
  readonly lines: string[] = [];
  #number = 1;
  #nonce = 0;

  constructor() {
    this.multiplexer = new ControlMultiplexer({ random: () => `nonce${++this.#nonce}` });
    this.run(this.multiplexer.start());
    this.say("limpet-attach 1 control 0123456789abcdef\n%begin 1 0 0\n%end 1 0 0\n");
    // Commands that tmux reads before it has attached the client have no current client and fail.
    expect(this.lines).toEqual([]);
    this.say("%session-changed $0 limpet\n");
    for (const body of ["", "3.3a", "", "", "@0 1 0 0 %0 1 80 24 0 sh t sh / "]) this.answer([body]);
    this.answer([""]);
    this.answer([""]);
    this.answer([`@limpet-in-${viewer} 7\n@other x`, this.nonceOf(this.lines[0] ?? "")]);
  }

  run(effects: readonly MultiplexerEffect[]): void {
    for (const effect of effects) {
      if (effect.type === "stdin") this.lines.push(...Buffer.from(effect.bytes).toString().split("\n").slice(0, -1));
      else this.effects.push(effect);
    }
  }

  say(wire: string): void {
    this.run(this.multiplexer.receive(new Uint8Array(Buffer.from(wire, "latin1"))));
  }

  nonceOf(line: string): string {
    return /nonce\d+$/.exec(line)?.[0] ?? "";
  }

  /** Answers the oldest line with these bodies; the last as an error where it is said so. */
  answer(bodies: readonly string[], error = false): void {
    expect(this.lines.shift()).toBeDefined();
    let wire = "";
    for (const [index, body] of bodies.entries()) {
      const mark = `1 ${this.#number++} 1`;
      const end = error && index === bodies.length - 1 ? "%error" : "%end";
      wire += `%begin ${mark}\n${body === "" ? "" : `${body}\n`}${end} ${mark}\n`;
    }
    this.say(wire);
  }

  /** Answers a capture of a screen of 80 × 24 whose first line is this. */
  answerShow(text: string): void {
    const nonce = this.nonceOf(this.lines[0] ?? "");
    const captures = (this.lines[0] ?? "").split(" ; ").filter((command) => command.startsWith("capture-pane"));
    const screen = `${text}${"\n".repeat(23)}`;
    const formats = "80 24 0 0 1 0 4294967295 4294967295 0 0 0 1 1 0 0 23 0 0 0 0 0    8,16,24,32,40,48,56,64,72 t ";
    const bodies = ["%continue %0", formats, ""];
    for (const [index] of captures.slice(1).entries()) bodies.push(index === 0 || index === 2 ? screen : "", nonce);
    this.answer(bodies);
  }

  of<T extends MultiplexerEffect["type"]>(type: T): Extract<MultiplexerEffect, { type: T }>[] {
    return this.effects.filter((effect): effect is Extract<MultiplexerEffect, { type: T }> => effect.type === type);
  }
}

const key = (script: Script, text: string, end: number): void =>
  script.run(script.multiplexer.input({ pane: "%0", viewer, bytes: new Uint8Array(Buffer.from(text)), end }));

test("[M4] following begins once every pane's count is read; names that are not ours are no counts", () => {
  const script = new Script();
  const [following] = script.of("following");
  expect(following?.panes).toEqual([
    { pane: "%0", window: "@0", cols: 80, rows: 24, dead: false, counts: new Map([[viewer, 7]]) },
  ]);
});

test("[M5] no line that is sent is empty, and none holds a line feed", () => {
  const script = new Script();
  key(script, "\n\n\r", 10);
  script.run(
    script.multiplexer.paste({
      pane: "%0",
      viewer,
      id: 1,
      seq: 0,
      last: true,
      givenUp: null,
      bytes: Uint8Array.of(10, 10),
      end: 12,
    }),
  );
  script.run(script.multiplexer.change({ do: "rename", window: "@0", name: "\n\n" }));
  expect(script.lines.length).toBe(3);
  for (const line of script.lines) expect(line).not.toBe("");
});

test("[M12] input that tmux took is told with its count, in order", () => {
  const script = new Script();
  key(script, "a", 8);
  key(script, "b", 9);
  expect(script.lines.length).toBe(2);
  script.answer(["", "", "", ""]);
  script.answer(["", "", "", ""]);
  expect(script.of("taken").map(({ end }) => end)).toEqual([8, 9]);
});

test("[M6] an error within a line ends its answers: the next answer is the next line's", () => {
  const script = new Script();
  key(script, "a", 8);
  script.run(script.multiplexer.probe(5));
  script.answer(["", "can't find pane: %0"], true);
  expect(script.of("refused")).toMatchObject([{ pane: "%0", viewer, message: "can't find pane: %0" }]);
  script.answer(["alive"]);
  expect(script.of("alive")).toEqual([{ type: "alive", probe: 5 }]);
});

test("[M13] a dead pane's answer is a refusal, and what follows is refused at once", () => {
  const script = new Script();
  key(script, "a", 8);
  script.answer(["", "dead", "dead", "dead"]);
  key(script, "b", 9);
  expect(script.of("taken")).toEqual([]);
  expect(script.of("refused").length).toBe(2);
});

test("[M12] while lines are under way keys gather into one, and small is what waits before another viewer's", () => {
  const script = new Script();
  for (let at = 0; at < 100; at++) key(script, "x", 8 + at);
  expect(script.lines.length).toBe(8);
  script.answer(["", "", "", ""]);
  expect(script.lines.length).toBe(8);
  expect(script.lines.at(-1)?.match(/ 78/g)?.length).toBe(92);
});

test("[M10] output of a pane that nobody looks at is dropped; behind its picture it is passed on", () => {
  const script = new Script();
  script.say("%output %0 dropped\n");
  script.run(script.multiplexer.show("%0", 3));
  script.say("%output %0 dropped, too\n");
  script.answerShow("hello");
  script.say("%output %0 kept\n");
  const order = script.effects.map(({ type }) => type).slice(-2);
  expect(order).toEqual(["snapshot", "output"]);
  expect(script.of("snapshot")[0]).toMatchObject({ request: 3, cols: 80, rows: 24 });
  expect(script.of("output").map(({ bytes }) => Buffer.from(bytes).toString())).toEqual(["kept"]);
});

test("[M9] output that overtakes the picture of a paused pane comes behind it", () => {
  const script = new Script();
  script.say("%pause %0\n");
  script.run(script.multiplexer.show("%0", 1));
  script.say("%output %0 overtaking\n");
  script.answerShow("hello");
  expect(script.effects.map(({ type }) => type).slice(-2)).toEqual(["snapshot", "output"]);
});

test("[M9] a picture that is followed by the rest of a character is taken again before anybody sees it", () => {
  const script = new Script();
  script.run(script.multiplexer.show("%0", 1));
  const line = script.lines[0] ?? "";
  const before = script.effects.length;
  // Both in one chunk: what is behind the picture is known before it is handed over.
  const said: string[] = [];
  const receive = script.multiplexer.receive.bind(script.multiplexer);
  script.multiplexer.receive = (chunk) => {
    said.push(Buffer.from(chunk).toString("latin1"));
    return [];
  };
  script.answerShow("hello");
  script.multiplexer.receive = receive;
  script.say(`${said.join("")}%output %0 \xac!\n`);
  expect(script.effects.slice(before)).toEqual([]);
  expect(script.lines.length).toBe(1);
  expect(script.nonceOf(script.lines[0] ?? "")).not.toBe(script.nonceOf(line));
  script.answerShow("hello");
  expect(script.of("snapshot").length).toBe(1);
});

test("[M10] tmux's own pause says that output was lost; ours says nothing", () => {
  const script = new Script();
  script.run(script.multiplexer.show("%0", 1));
  script.answerShow("hello");
  script.say("%pause %0\n");
  expect(script.of("pane-paused")).toEqual([{ type: "pane-paused", pane: "%0" }]);
  script.run(script.multiplexer.show("%0", 2));
  script.answerShow("hello");
  script.run(script.multiplexer.hide("%0"));
  script.answer(["%pause %0"]);
  expect(script.of("pane-paused").length).toBe(1);
});

test("[M9] a picture asked for before the pane was hidden and shown again is not handed over", () => {
  const script = new Script();
  script.run(script.multiplexer.show("%0", 1));
  script.run(script.multiplexer.hide("%0"));
  script.run(script.multiplexer.show("%0", 2));
  script.answerShow("old");
  script.answer([""]);
  script.answerShow("new");
  expect(script.of("snapshot").map(({ request }) => request)).toEqual([2]);
});

test("[M1] the end of the exec is what attach says with its own token, and nothing after it counts", () => {
  const script = new Script();
  script.say("limpet-attach end superseded ffffffffffffffff\n");
  expect(script.of("ended")).toEqual([]);
  script.say("limpet-attach end superseded 0123456789abcdef\n%output %0 x\n");
  expect(script.of("ended")).toEqual([{ type: "ended", end: { reason: "superseded" } }]);
  expect(script.multiplexer.probe(1)).toEqual([]);
});

test("[M6] an answer that nobody asked for is a confusion, not a crash", () => {
  const script = new Script();
  script.say("%begin 1 99 1\n%end 1 99 1\n");
  expect(script.of("ended")).toMatchObject([{ end: { reason: "confused" } }]);
});
