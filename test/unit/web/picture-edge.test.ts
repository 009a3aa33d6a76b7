// Owns the test that no character is lost where a picture ends and the stream begins, on the screen that xterm.js makes.
// Must not know sockets and messages.

import { Terminal } from "@xterm/headless";
import { expect, test } from "vitest";
import { PaneOutput } from "../../../web/terminal/pane-output.ts";
import { pictureText } from "../../../web/terminal/picture.ts";
import { paneStart, streamA, streamB } from "./rig.ts";

/** A terminal that does what `PaneOutput` says, as the page does. */
class Screen {
  readonly output = new PaneOutput("%0");
  readonly #terminal = new Terminal({ allowProposedApi: true, cols: 80, rows: 24, logLevel: "off" });

  async picture(bytes: Uint8Array, stream = streamA, over = false): Promise<void> {
    this.output.start(paneStart({ stream, output: 7, snapshot: bytes.length, ...(over ? { picture: true } : {}) }));
    await this.receive(bytes);
  }

  async receive(bytes: Uint8Array): Promise<void> {
    this.output.receive(bytes, 0);
    for (let effects = this.output.takeEffects(); effects.length > 0; effects = this.output.takeEffects()) {
      for (const effect of effects) {
        if (effect.type === "size") continue;
        const data = effect.type === "paint" ? pictureText(effect.bytes, effect.reset) : effect.bytes;
        await new Promise<void>((resolve) => this.#terminal.write(data, resolve));
        this.output.parsed(effect.id, 0);
      }
    }
  }

  row(): string {
    return this.#terminal.buffer.active.getLine(0)?.translateToString(true) ?? "";
  }

  acknowledged(): number | undefined {
    return this.output.takeAck(1_000_000)?.output;
  }
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

test.each(["é", "€", "漢", "😀"])("%s, cut at every place between the picture and the stream", async (character) => {
  const bytes = utf8(character);
  for (let cut = 1; cut < bytes.length; cut++) {
    const screen = new Screen();
    await screen.picture(Uint8Array.of(...utf8("$ "), ...bytes.subarray(0, cut)));
    for (const byte of bytes.subarray(cut)) await screen.receive(Uint8Array.of(byte));
    await screen.receive(utf8("!"));
    expect(screen.row(), `cut at ${cut}`).toBe(`$ ${character}!`);
    expect(screen.acknowledged()).toBe(7 + bytes.length - cut + 1);
  }
});

test("a picture of nothing but the first bytes of a character", async () => {
  const screen = new Screen();
  await screen.picture(Uint8Array.of(0xe2, 0x82));
  await screen.receive(Uint8Array.of(0xac));
  expect(screen.row()).toBe("€");
});

test("what one picture began is not finished by the stream of the next", async () => {
  const screen = new Screen();
  await screen.picture(Uint8Array.of(...utf8("old "), 0xe2, 0x82));
  await screen.picture(utf8("new "), streamB);
  await screen.receive(utf8("screen"));
  expect(screen.row()).toBe("new screen");
});

test("a picture over the present screen is cut in the same way", async () => {
  const screen = new Screen();
  await screen.picture(utf8("before"));
  await screen.picture(Uint8Array.of(...utf8("\r"), 0xf0, 0x9f), streamB, true);
  await screen.receive(Uint8Array.of(0x98, 0x80));
  expect(screen.row()).toContain("😀");
});
