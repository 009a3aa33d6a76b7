// Owns the pictures that the browser tests leave behind: one of each stage, in a folder that git ignores.
// Must not know what a stage shows.

import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";

export const repositoryRoot = fileURLToPath(new URL("../../..", import.meta.url)).replace(/\/$/, "");

const folder = `${process.env["LIMPET_ARTEFACTS"] ?? `${repositoryRoot}/.limpet/artefacts`}/browser`;

/** `stage` in kebab-case; a later run overwrites its picture. */
export async function keepPicture(page: Page, stage: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: `${folder}/${stage}.png`, animations: "disabled" });
}

/** A figure that is worth knowing and no test: kept with the pictures. */
export function keepFigure(what: string, ms: number): void {
  mkdirSync(folder, { recursive: true });
  appendFileSync(`${folder}/figures.txt`, `${what}: ${Math.round(ms)} ms\n`);
}

export function keepFile(name: string, text: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/${name}`, text);
}
