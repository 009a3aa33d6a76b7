// Owns how the page looks and behaves by itself: narrow, light, slow, ringing, and in a shell without tmux.
// Must not know what the shell's programs are.

import { expect, test } from "vitest";
import { keepPicture } from "./harness/artefacts.ts";
import { ShellPage } from "./harness/shell-page.ts";
import { until } from "./harness/until.ts";
import { useWorld } from "./harness/world.ts";

const world = useWorld();
const narrow = { width: 320, height: 640 };
const light = "rgb(247, 248, 246)";

/** Nothing is wider than the page, and what a person needs is within it. */
async function expectToFit({ page }: ShellPage, ...needed: readonly string[]): Promise<void> {
  expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(narrow.width);
  for (const selector of needed) {
    const box = await page.locator(selector).boundingBox();
    expect(box, selector).not.toBeNull();
    if (box === null) continue;
    expect(box.x, selector).toBeGreaterThanOrEqual(0);
    expect(box.y, selector).toBeGreaterThanOrEqual(0);
    expect(box.x + box.width, selector).toBeLessThanOrEqual(narrow.width);
    expect(box.y + box.height, selector).toBeLessThanOrEqual(narrow.height);
  }
}

async function backgroundOf({ page }: ShellPage, selector: string): Promise<unknown> {
  return await page.evaluate(`getComputedStyle(document.querySelector(${JSON.stringify(selector)})).backgroundColor`);
}

test.each(["dark", "light"] as const)("320 px, %s: every screen fits, from the sign-in to the menu", async (scheme) => {
  const device = await world().newDevice();
  const shell = await ShellPage.open(device, "about:blank");
  await shell.page.setViewportSize(narrow);
  await shell.page.emulateMedia({ colorScheme: scheme });
  await shell.page.goto(world().product.url);
  await shell.page.getByRole("button", { name: "Sign in" }).waitFor();
  await expectToFit(shell, "h1", ".button.primary");
  await keepPicture(shell.page, `50-320-${scheme}-sign-in`);
  await shell.signIn(world().newName());
  await expectToFit(shell, "h1", ".button.primary");
  await keepPicture(shell.page, `51-320-${scheme}-start`);
  await shell.start();
  await expectToFit(shell, ".terminal-frame", ".xterm-screen", ".bar .icon-button");
  await shell.enter("stty size");
  await shell.rowsUntil("at least 38 columns", (rows) => rows.some((row) => /^\d+ (3[89]|[4-9]\d)$/.test(row)));
  await keepPicture(shell.page, `52-320-${scheme}-terminal`);
  await shell.page.getByRole("button", { name: "Menu", exact: true }).click();
  await expectToFit(shell, ".menu");
  await keepPicture(shell.page, `53-320-${scheme}-menu`);
  if (scheme === "light") {
    expect(await backgroundOf(shell, "body")).toBe(light);
    expect(await backgroundOf(shell, ".xterm-scrollable-element")).toBe(light);
  }
});

test("a switch from dark to light reaches the programs that ask, without a new connection", async () => {
  const { shell } = await world().withShell();
  // What tmux says the background is: the answer is read as a program reads it.
  const ask = String.raw`stty -echo raw; printf '\033]11;?\033\\'; sleep 0.3; a=$(dd bs=64 count=1 2>/dev/null); stty echo cooked; clear; printf '%s\n' "$a" | tr -d '\033\\'`;
  await shell.enter(ask);
  await shell.rowsUntil("the dark background", (rows) => rows.some((row) => row.includes("]11;rgb:0f0f/1515/1414")));
  await shell.page.emulateMedia({ colorScheme: "light" });
  await until(
    "the terminal to be light",
    () => backgroundOf(shell, ".xterm-scrollable-element"),
    (colour) => colour === light,
  );
  await shell.enter(ask);
  await shell.rowsUntil("the light background", (rows) => rows.some((row) => row.includes("]11;rgb:f7f7/f8f8/f6f6")));
});

test("a flood of bells rings now and then, and the page still answers", async () => {
  const { shell } = await world().withShell();
  await shell.page.evaluate(`
    globalThis.rings = 0;
    const bell = document.querySelector(".terminal-bell");
    bell.animate = (...how) => (globalThis.rings++, Element.prototype.animate.apply(bell, how));
  `);
  const beganMs = performance.now();
  await shell.enter("head -c 300000 /dev/zero | tr '\\0' '\\007'; echo rung");
  await shell.rowsUntil("the end of the bells", (rows) => rows.includes("rung"));
  const rings = Number(await shell.page.evaluate("globalThis.rings"));
  expect(rings).toBeGreaterThanOrEqual(1);
  expect(rings).toBeLessThanOrEqual((performance.now() - beganMs) / 350 + 1);
});

test("what is typed while the shell starts arrives in it", async () => {
  const { shell } = await world().signedIn();
  await world().product.faults.add({ type: "slow-start", delayMs: 3_000 });
  await shell.startButton.click();
  await shell.page.locator("[aria-current=step]", { hasText: "Starting the container" }).waitFor();
  await keepPicture(shell.page, "54-slow-start");
  await shell.page.keyboard.type("echo typed $((20 + 1)) early");
  await shell.page.keyboard.press("Enter");
  await shell.row("typed 21 early");
});

test("no program and no title: the bar says Limpet, and with one its name", async () => {
  const { shell } = await world().withShell();
  const bar = (): Promise<string | null> => shell.page.locator(".bar-title").textContent();
  expect(await bar()).toBe("Limpet");
  expect(await shell.page.title()).toBe("Limpet");
  await shell.enter("sleep 3");
  await until("the name of the program", bar, (title) => title === "sleep");
  expect(await shell.page.title()).toBe("sleep · Limpet");
  await until("its end", bar, (title) => title === "Limpet");
});

test("a shell that cannot run: the card names the reason and offers a way on, wide and narrow", async () => {
  const { shell } = await world().signedIn();
  await world().product.faults.add({ type: "crash-loop" });
  await shell.startButton.click();
  await shell.page.getByText("The shell cannot run").waitFor();
  await keepPicture(shell.page, "55-failed");
  await shell.page.setViewportSize(narrow);
  await expectToFit(shell, ".card", ".card .button");
  await keepPicture(shell.page, "56-failed-320");
  await world().product.faults.clear();
  await shell.page.getByRole("button", { name: "Start it again" }).click();
  await shell.prompt();
});
