// Owns the proof that the page, which is served without the Worker, is as well guarded as what the Worker answers.
// Must not know who serves it.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { answerHeaders } from "../../../worker/security-headers.ts";

/** Cloudflare's `_headers`: a line with a path, then indented `Name: value` lines. */
function parseHeadersFile(text: string): Map<string, Map<string, string>> {
  const rules = new Map<string, Map<string, string>>();
  let rule = new Map<string, string>();
  for (const line of text.split("\n")) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    if (!line.startsWith(" ")) {
      rule = new Map();
      rules.set(line.trim(), rule);
    } else if (!line.trim().startsWith("!")) {
      const [name = "", ...value] = line.trim().split(":");
      rule.set(name.toLowerCase(), value.join(":").trim());
    }
  }
  return rules;
}

const file = readFileSync(new URL("../../../web/public/_headers", import.meta.url), "utf8");
const page = parseHeadersFile(file).get("/*") ?? new Map<string, string>();
const policy = new Map(
  (page.get("content-security-policy") ?? "").split(";").map((directive) => {
    const [name = "", ...sources] = directive.trim().split(" ");
    return [name, sources.join(" ")];
  }),
);

describe("the page's headers", () => {
  it.each(Object.entries(answerHeaders))("have %s as the Worker's answers do", (name, value) => {
    expect(page.get(name)).toBe(value);
  });

  it("let scripts come from our own origin alone, and nobody frame the page", () => {
    expect(Object.fromEntries(policy)).toMatchObject({
      "default-src": "'none'",
      "script-src": "'self'",
      "connect-src": "'self'",
      "base-uri": "'none'",
      "frame-ancestors": "'none'",
    });
    for (const [name, sources] of policy) {
      // xterm.js writes style elements; nothing else may be written into the page.
      if (name !== "style-src") expect(sources).not.toContain("unsafe");
      expect(sources).not.toMatch(/\*|https?:|data:|blob:/);
    }
  });

  it("last a year on https", () => {
    expect(page.get("strict-transport-security")).toBe("max-age=31536000");
  });
});
