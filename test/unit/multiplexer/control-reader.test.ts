// Owns the proof that control mode is read the same however it is cut.
// Must not know tmux.

import { expect, test } from "vitest";
import { ControlReader } from "../../../durable/multiplexer/control-reader.ts";
import { Seeded } from "../../tmux/programs.ts";

const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "latin1"));
const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");

/** What was read, as lines; output of one pane put together, since where it is cut is free. */
function read(chunks: readonly Uint8Array[], nonces: readonly (string | null)[] = []): string[] {
  const said: string[] = [];
  let asked = 0;
  const reader = new ControlReader({
    output(pane, bytes) {
      const last = said.at(-1);
      const head = `output ${pane} `;
      if (last?.startsWith(head) === true) said[said.length - 1] = last + textOf(bytes);
      else said.push(head + textOf(bytes));
    },
    answer: (ok, body) => said.push(`${ok ? "answer" : "error"} ${textOf(body)}`),
    notification: (word, rest) => said.push(`%${word} ${rest}`),
    line: (text) => said.push(`line ${text}`),
    nonce: () => {
      const nonce = nonces[asked++] ?? null;
      return nonce === null ? null : bytesOf(nonce);
    },
    broken: (message) => said.push(`broken ${message}`),
  });
  for (const chunk of chunks) reader.receive(chunk);
  return said;
}

const cases: readonly {
  readonly name: string;
  readonly wire: string;
  readonly nonces?: readonly (string | null)[];
  readonly said: readonly string[];
}[] = [
  {
    name: "output, escapes as octal, bytes from 0x80 on as they are, half a character at the end",
    wire: "%output %1 a\\033[1m\\015\\012\\134\\000 \xe2\x82\n%output %12 \xac\n",
    said: ["output %1 a\x1b[1m\r\n\\\0 \xe2\x82", "output %12 \xac"],
  },
  {
    name: "extended output, with fields of later versions and a colon in the text",
    wire: "%extended-output %3 1030 : a : b\n%extended-output %3 0 new field : c\n",
    said: ["output %3 a : bc"],
  },
  { name: "output that is empty, or only an escape", wire: "%output %1 \n%output %1 \\012\n", said: ["output %1 \n"] },
  { name: "what is no octal escape stays", wire: "%output %1 \\9\\08x\\\n", said: ["output %1 \\9\\08x\\"] },
  {
    name: "answers in order, errors among them",
    wire: "%begin 1 2 1\na\nb\n%end 1 2 1\n%begin 1 3 1\n%end 1 3 1\n%begin 1 4 1\nno such thing\n%error 1 4 1\n",
    said: ["answer a\nb", "answer ", "error no such thing"],
  },
  {
    name: "blocks with flag 0 answer nobody of ours",
    wire: "%begin 1 2 0\nx\n%end 1 2 0\n%begin 1 3 1\ny\n%end 1 3 1\n",
    said: ["answer y"],
  },
  {
    name: "%pause and %continue inside an answer are told at once and are no part of it",
    wire: "%begin 1 2 1\n%pause %4\n%continue %4\n%end 1 2 1\n",
    said: ["%pause %4", "%continue %4", "answer "],
  },
  {
    name: "only the block's own end ends it",
    wire: "%begin 1 2 1\n%end 1 3 1\n%end 1 2 0\n%output %1 x\n%end 1 2 1\n",
    said: ["answer %end 1 3 1\n%end 1 2 0\n%output %1 x"],
  },
  {
    name: "a guarded answer ends at its nonce, whatever it holds",
    wire:
      "%begin 1 2 1\n%end 1 2 1\n%begin 1 3 1\nguess\n%end 1 3 1\n%error 1 2 1\n%pause %1\n" +
      "%end 1 2 1\n%begin 1 3 1\nNONCE\n%end 1 3 1\n%begin 1 4 1\nz\n%end 1 4 1\n",
    nonces: ["NONCE", null],
    said: ["answer %end 1 2 1\n%begin 1 3 1\nguess\n%end 1 3 1\n%error 1 2 1\n%pause %1", "answer z"],
  },
  {
    name: "a guarded answer that is empty",
    wire: "%begin 1 2 1\n\n%end 1 2 1\n%begin 1 3 1\nN\n%end 1 3 1\n",
    nonces: ["N"],
    said: ["answer "],
  },
  {
    name: "the nonce without the guards before it is text",
    wire: "%begin 1 2 1\nN\nx\nN\n%end 1 2 1\n%begin 1 3 1\nN\n%end 1 3 1\n",
    nonces: ["N"],
    said: ["answer N\nx\nN"],
  },
  {
    name: "notifications, and lines of others; empty lines are nothing",
    wire: "limpet-attach 1 control x\n\n%session-changed $0 limpet\n%exit\n\\%exit\n%outputs\n",
    said: ["line limpet-attach 1 control x", "%session-changed $0 limpet", "%exit ", "line \\%exit", "%outputs "],
  },
];

test.for(cases)("$name", ({ wire, nonces, said }) => {
  expect(read([bytesOf(wire)], nonces)).toEqual(said);
});

test("[M7] however it is cut, what is read is the same", () => {
  for (const [index, { wire, nonces, said, name }] of cases.entries()) {
    const bytes = bytesOf(wire);
    expect(
      read(
        Array.from(bytes, (byte) => Uint8Array.of(byte)),
        nonces,
      ),
      name,
    ).toEqual(said);
    for (let seed = 0; seed < 200; seed++) {
      const random = new Seeded(seed * 100 + index);
      const chunks: Uint8Array[] = [];
      for (let at = 0; at < bytes.length; ) {
        const length = random.between(0, 12);
        chunks.push(bytes.slice(at, at + length));
        at += length;
      }
      expect(read(chunks, nonces), `seed ${seed}, ${name}`).toEqual(said);
    }
  }
});

test("[M7] all 256 byte values pass, as tmux writes them", () => {
  const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  let wire = "%output %0 ";
  for (const byte of all) {
    wire += byte < 0x20 || byte === 0x5c ? `\\${byte.toString(8).padStart(3, "0")}` : String.fromCharCode(byte);
  }
  expect(read([bytesOf(`${wire}\n`)])).toEqual([`output %0 ${textOf(all)}`]);
});

test("[M7] output that needs no decoding is passed on without a copy", () => {
  const chunk = bytesOf("%output %0 plain\n");
  let passed: Uint8Array | null = null;
  new ControlReader({
    output: (_, bytes) => {
      passed = bytes;
    },
    answer: () => {},
    notification: () => {},
    line: () => {},
    nonce: () => null,
    broken: () => {},
  }).receive(chunk);
  expect((passed as Uint8Array | null)?.buffer).toBe(chunk.buffer);
});

test("[M7] a line without end is not kept for ever", () => {
  const chunk = new Uint8Array(1024 * 1024).fill(0x61);
  expect(read([bytesOf("%x"), ...Array.from({ length: 6 }, () => chunk)])).toEqual(["broken a line without end"]);
});
