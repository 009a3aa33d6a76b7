// Owns how large the page's first load is: everything the browser fetches before a person can do anything.
// Must not know how the page is built.

import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

/** The first load may not be larger than this, compressed (gzip, as every edge gives at least). */
export const maxFirstLoadBytes = 250_000;

export interface FirstLoad {
  readonly files: readonly { readonly file: string; readonly bytes: number }[];
  /** Sum of the files, compressed. */
  readonly bytes: number;
}

/**
 * The document, what it names (scripts, styles, preloads, icons), and what those import at once, compressed.
 * Code that is loaded later (`import()`) is not counted.
 * @param folder the built page
 */
export async function measureFirstLoad(folder: string): Promise<FirstLoad> {
  const seen = new Map<string, number>();
  const visit = async (file: string): Promise<void> => {
    if (seen.has(file)) return;
    const content = await readFile(join(folder, file));
    seen.set(file, gzipSync(content, { level: 9 }).byteLength);
    for (const name of namesIn(file, content.toString("utf8"))) {
      const found = resolveName(file, name);
      if (await isFile(join(folder, found))) await visit(found);
    }
  };
  await visit("index.html");
  const files = Array.from(seen, ([file, bytes]) => ({ file, bytes }));
  return { files, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0) };
}

/** What a file makes the browser fetch at once. */
function namesIn(file: string, text: string): readonly string[] {
  const pattern = file.endsWith(".html")
    ? /(?:src|href)="([^"#?]+)"/g
    : file.endsWith(".css")
      ? /url\(\s*["']?([^"')#?]+)/g
      : /(?:\bimport|\bfrom)\s*["']([^"']+)["']/g;
  return Array.from(text.matchAll(pattern), (match) => String(match[1]));
}

function resolveName(from: string, name: string): string {
  return decodeURIComponent(new URL(name, `http://page/${from}`).pathname.slice(1));
}

async function isFile(path: string): Promise<boolean> {
  return await stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}
