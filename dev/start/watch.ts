// Owns noticing that the Worker's sources changed: once for a burst of changes, never while the last one is still at work.
// Must not know what is done about it.

import { watch } from "node:fs";
import { join } from "node:path";

/** Editors write a file in several steps. */
const quietMs = 150;

const watched = ["worker", "durable", "migrations", "wrangler.toml"];

/** @param changed is told the last file of the burst, relative to `root` */
export function watchWorker(root: string, changed: (file: string) => Promise<void>): void {
  let timer: NodeJS.Timeout | undefined;
  let working = false;
  let next: string | null = null;
  const work = async (): Promise<void> => {
    if (working || next === null) return;
    const file = next;
    next = null;
    working = true;
    try {
      await changed(file);
    } finally {
      working = false;
      void work();
    }
  };
  for (const path of watched) {
    watch(join(root, path), { recursive: true }, (_, name) => {
      next = path.includes(".") ? path : join(path, name ?? "");
      clearTimeout(timer);
      timer = setTimeout(work, quietMs);
    });
  }
}
