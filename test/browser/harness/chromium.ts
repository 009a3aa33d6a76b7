// Owns launching Debian's Chromium, each time with a fresh profile.
// Must not know what is opened in it.

import { type Browser, type BrowserContext, chromium } from "playwright-core";
import { kubernetes } from "./cluster-target.ts";

const switches = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-3d-apis",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/**
 * Without WebGL the page draws its rows in the DOM, as it does on machines without a graphics card; a test can read them
 * as a person reads the screen.
 */
export async function launchChromium(): Promise<Browser> {
  const executablePath = process.env["LIMPET_CHROMIUM"] ?? "/usr/bin/chromium";
  return await chromium.launch({ executablePath, args: [...switches] });
}

/** Cookies and storage of its own: another person, or the same one on another device. */
export async function newDevice(browser: Browser, origin: string): Promise<BrowserContext> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, colorScheme: "dark" });
  if (kubernetes !== null) context.setDefaultTimeout(60_000);
  await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin });
  return context;
}
