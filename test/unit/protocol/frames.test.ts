import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  decodeBase64,
  decodeFrame,
  encodeBase64,
  encodeFrame,
  isControlText,
} from "../../../durable/protocol/frames.ts";
import { utf8Length } from "../../../durable/protocol/utf8.ts";

const bytes = fc.uint8Array({ maxLength: 300 });

describe("[P4] a binary frame is a channel byte and bytes", () => {
  it("both ways", () => {
    fc.assert(
      fc.property(fc.nat(63), bytes, (channel, payload) => {
        expect(decodeFrame(encodeFrame(channel, payload))).toEqual({ channel, bytes: payload });
      }),
    );
  });
  it("[P5] refuses an empty frame and channels above 63", () => {
    expect(decodeFrame(new Uint8Array(0))).toBeNull();
    for (const channel of [64, 128, 255]) expect(decodeFrame(Uint8Array.of(channel, 1))).toBeNull();
  });
});

describe("[P6] base64", () => {
  it("is what Node says it is", () => {
    fc.assert(
      fc.property(bytes, (frame) => {
        const text = encodeBase64(frame);
        expect(text).toBe(Buffer.from(frame).toString("base64"));
        expect(decodeBase64(text)).toEqual(frame);
      }),
    );
  });
  it("takes its canonical form only", () => {
    for (const text of [
      "A",
      "AA",
      "AAA",
      "A===",
      "AAA=AAAA",
      "AB==",
      "AAB=",
      "AA-_",
      "AA A",
      "ÄAAA",
      "====",
      "AAAA\n",
    ]) {
      expect(decodeBase64(text), text).toBeNull();
    }
  });
  it("never looks like a control message", () => {
    fc.assert(fc.property(bytes, (frame) => !isControlText(encodeBase64(frame))));
  });
});

describe("utf8Length", () => {
  it("counts as TextEncoder encodes, lone surrogates included", () => {
    const text = fc
      .array(fc.constantFrom("a", "ü", "漢", "🐚", "\ud800", "\udc00", "\u07ff", "\u0800", "\uffff"))
      .map((parts) => parts.join(""));
    fc.assert(
      fc.property(text, (value) => {
        expect(utf8Length(value)).toBe(new TextEncoder().encode(value).length);
      }),
    );
  });
});
