// Owns the proof of what counts as the page's first load, on small pages of its own.

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { measureFirstLoad } from "../../../dev/build/page-size.ts";
import { parseSize } from "../../../dev/build/worker.ts";

test("the document, what it names and what that imports count; what is loaded later does not", async () => {
  const folder = await mkdtemp(join(tmpdir(), "limpet-page-"));
  try {
    const files = {
      "index.html": `<link rel="icon" href="/icon.svg"><link rel="stylesheet" href="/assets/a.css">
        <script type="module" src="/assets/a.js"></script><a href="https://elsewhere.example.com/x.js">x</a>`,
      "icon.svg": "<svg/>",
      "assets/a.css": `@font-face { src: url("./f.woff2") } `,
      "assets/f.woff2": "font",
      "assets/a.js": `import"./b.js";import{c}from"./c.js";import("./later.js");`,
      "assets/b.js": `import "./a.js"`,
      "assets/c.js": "export const c = 1",
      "assets/later.js": "later",
    };
    for (const [file, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, file)), { recursive: true });
      await writeFile(join(folder, file), text);
    }
    const { files: counted, bytes } = await measureFirstLoad(folder);
    expect(counted.map(({ file }) => file).toSorted()).toEqual(
      Object.keys(files)
        .filter((file) => file !== "assets/later.js")
        .toSorted(),
    );
    expect(bytes).toBe(counted.reduce((sum, file) => sum + file.bytes, 0));
    expect(bytes).toBeGreaterThan(0);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("wrangler's own figures are read", () => {
  expect(parseSize("…\nTotal Upload: 512.50 KiB / gzip: 101.25 KiB\n…")).toEqual({
    bytes: 524_800,
    compressedBytes: 103_680,
  });
  expect(() => parseSize("all is well")).toThrow("wrangler did not say");
});
