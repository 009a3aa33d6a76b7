// Owns the end that a clock brings, with short settings: warned, kept going, ended with its work saved, started again.
// Must not know the object's alarms.

import { expect, test } from "vitest";
import { keepPicture } from "./harness/artefacts.ts";
import { until } from "./harness/until.ts";
import { useWorld } from "./harness/world.ts";

/** 72 s without use; warned 48 s and 18 s before. */
const world = useWorld({ SHELL_IDLE_HOURS: "0.02", SHELL_WARN_MINUTES: "0.8,0.3", SAVE_EVERY_SECONDS: "5" });

test("warned, kept going, warned again, ended, and back with the work", { timeout: 360_000 }, async () => {
  const { shell, tmux } = await world().withShell();
  if (await shell.panel.isVisible()) await shell.closePanel();
  await tmux.write("letter.txt", "Dear sea,\n");
  const countdown = shell.page.locator(".countdown-clock");
  expect(await countdown.count()).toBe(0);
  await countdown.waitFor({ timeout: 90_000 });
  expect(await countdown.textContent()).toMatch(/^0:[1-4]\d$/);
  // The bar says it; a toast that says it, too, would be one too many.
  expect(await shell.page.locator(".toast", { hasText: /end/ }).count()).toBe(0);
  await keepPicture(shell.page, "99-countdown");
  await shell.page.setViewportSize({ width: 320, height: 640 });
  await until(
    "the page to fit",
    () => shell.page.evaluate("document.documentElement.scrollWidth"),
    (width) => width === 320,
  );
  await keepPicture(shell.page, "99-countdown-320");
  await shell.page.setViewportSize({ width: 1280, height: 800 });

  await shell.page.getByRole("button", { name: "Keep going" }).click();
  await countdown.waitFor({ state: "detached" });
  await countdown.waitFor({ timeout: 90_000 });

  await shell.page.getByRole("heading", { name: "Your shell has ended" }).waitFor({ timeout: 150_000 });
  await until(
    "its pod to be gone",
    () => tmux.isThere(),
    (there) => !there,
  );
  await shell.page.getByText(/Your work was saved/).waitFor();
  await keepPicture(shell.page, "99-expired");
  await shell.page.emulateMedia({ colorScheme: "light" });
  await keepPicture(shell.page, "99-expired-light");
  await shell.page.getByRole("button", { name: "Start it again" }).click();
  await shell.prompt();
  const next = await shell.tmux();
  expect(await next.read("letter.txt")).toBe("Dear sea,\n");
  await keepPicture(shell.page, "99-back");
});
