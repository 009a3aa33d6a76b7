// Owns the test that xterm.js never types by itself, whatever a program writes. The headless build has the same parser.
// Must not know sockets.

import { Terminal } from "@xterm/headless";
import { expect, test } from "vitest";
import { swallowReplies } from "../../../web/terminal/replies.ts";
import { makeRandom } from "./random.ts";

const ESC = "\u001b";

interface Watched {
  readonly said: string[];
  write(data: string): Promise<void>;
  type(text: string): void;
}

function watch(swallow: boolean): Watched {
  const terminal = new Terminal({ allowProposedApi: true, cols: 80, rows: 24, logLevel: "off" });
  const replies = swallow ? swallowReplies(terminal.parser) : null;
  const said: string[] = [];
  terminal.onData((data) => {
    if (replies?.answering !== true) said.push(data);
  });
  return {
    said,
    write: (data) => new Promise((resolve) => terminal.write(data, resolve)),
    type: (text) => terminal.input(text),
  };
}

const asked = [
  `${ESC}[c`,
  `${ESC}[0c`,
  `${ESC}[>c`,
  `${ESC}[>0c`,
  `${ESC}[5n`,
  `${ESC}[6n`,
  `${ESC}[?6n`,
  `${ESC}[?2026$p`,
  `${ESC}[4$p`,
  `${ESC}P$qm${ESC}\\`,
  `${ESC}P$q"p${ESC}\\`,
  `${ESC}P$qr${ESC}\\`,
];

test("without the guard these are answered, so that the test below means something", async () => {
  const terminal = watch(false);
  for (const question of asked) await terminal.write(question);
  expect(terminal.said.length).toBe(asked.length);
});

test("no question is answered", async () => {
  const terminal = watch(true);
  for (const question of asked) await terminal.write(question);
  expect(terminal.said).toEqual([]);
});

test("no control sequence of any kind is answered", async () => {
  const terminal = watch(true);
  const finals = Array.from({ length: 0x7f - 0x40 }, (_, index) => String.fromCharCode(0x40 + index));
  for (const prefix of ["", "?", ">", "=", "<"]) {
    for (const intermediates of ["", "$", "!", '"', "'", " ", "*", "+"]) {
      let all = "";
      for (const final of finals) {
        for (const params of ["", "0", "1", "4", "5", "6", "7", "8", "14", "18", "1004", "2026", "6;1"]) {
          all += `${ESC}[${prefix}${params}${intermediates}${final}`;
        }
      }
      await terminal.write(all);
    }
  }
  for (const ident of [4, 10, 11, 12, 13, 17, 52, 104, 110]) {
    await terminal.write(`${ESC}]${ident};?${ESC}\\${ESC}]${ident};1;?\u0007`);
  }
  expect(terminal.said).toEqual([]);
});

test("seeded noise is not answered", async () => {
  const seed = 20_260_102;
  const random = makeRandom(seed);
  const alphabet = `${ESC}${ESC}${ESC}[[[]PP?>=!$"'; 0123456789cnpqthlxumRrs\\\u0007\u009c\u0018AzZ~`;
  const terminal = watch(true);
  for (let round = 0; round < 400; round++) {
    let noise = "";
    for (let at = 0; at < 200; at++) noise += alphabet[random.integer(alphabet.length)] ?? "";
    await terminal.write(noise);
  }
  expect(terminal.said, `seed ${seed}`).toEqual([]);
});

test("what a person types goes up, right after a question too", async () => {
  const terminal = watch(true);
  await terminal.write(`${ESC}[?1004h${ESC}[c`);
  terminal.type("ls\r");
  expect(terminal.said).toEqual(["ls\r"]);
});
