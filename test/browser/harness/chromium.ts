// Owns launching Debian's Chromium, each time with a fresh profile.
// Must not know what is opened in it.

import { type Browser, type BrowserContext, chromium } from "playwright-core";

const common = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/**
 * `canvas`: the terminal is drawn by WebGL, as on most machines; by default the page falls back to rows in the DOM, which
 * a test can read as a person reads the screen.
 */
export async function launchChromium(drawing: "rows" | "canvas" = "rows"): Promise<Browser> {
  const args = drawing === "rows" ? [...common, "--disable-3d-apis"] : common;
  return await chromium.launch({ executablePath: process.env["LIMPET_CHROMIUM"] ?? "/usr/bin/chromium", args });
}

/** Cookies and storage of its own: another person, or the same one on another device. */
export async function newDevice(browser: Browser, origin: string): Promise<BrowserContext> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, colorScheme: "dark" });
  await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin });
  return context;
}
