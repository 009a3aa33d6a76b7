// Owns the administrators' page as one of them sees it: found, run, with something wrong in the cluster; and what others see.
// Must not know what any check looks at.

import { expect, test } from "vitest";
import { keepPicture } from "./harness/artefacts.ts";
import { ShellPage } from "./harness/shell-page.ts";
import { until } from "./harness/until.ts";
import { useWorld } from "./harness/world.ts";

const world = useWorld({ ADMIN_EMAILS: "ada@localhost" });
const narrow = { width: 320, height: 640 };
const whole = 60_000;

/** `name` is Ada for the administrator. */
async function atTheDoctor(name: string): Promise<ShellPage> {
  const shell = await ShellPage.open(await world().newDevice(), world().product.url);
  await shell.signIn(name);
  await shell.page.goto(`${world().product.url}/doctor`);
  await shell.page.getByRole("heading", { name: "Doctor", exact: true }).waitFor();
  return shell;
}

async function lookAtEverything({ page }: ShellPage): Promise<void> {
  await page.getByRole("button", { name: /^Look / }).click();
  await page.getByRole("button", { name: "Look again" }).waitFor({ timeout: whole });
}

/** The checks by their titles: `ok`, `failed`, … */
async function states({ page }: ShellPage): Promise<Readonly<Record<string, string>>> {
  const checks = await page
    .locator(".doctor-check")
    .evaluateAll((items) =>
      items.map((item) => [item.querySelector("h2")?.lastChild?.textContent ?? "", item.className.split(" ")[1] ?? ""]),
    );
  return Object.fromEntries(checks);
}

test("an administrator finds it beside the shell, and sees each link looked at", async () => {
  const shell = await ShellPage.open(await world().newDevice(), world().product.url);
  await shell.signIn("Ada");
  await shell.page.getByRole("link", { name: "Doctor" }).click();
  await shell.page.getByRole("button", { name: "Look at everything" }).waitFor();
  await lookAtEverything(shell);
  const seen = await states(shell);
  expect(Object.keys(seen).length).toBeGreaterThan(25);
  expect(Object.entries(seen).filter(([, state]) => state === "failed" || state === "running")).toEqual([]);
  expect(seen).toMatchObject({ Configuration: "ok", "Pod to edge": "ok", "End of the pod": "ok", Git: "skipped" });
  await keepPicture(shell.page, "130-doctor-fine");
});

test.each(["dark", "light"] as const)("320 px, %s: what is wrong is told with what to do, and fits", async (scheme) => {
  const shell = await atTheDoctor("Ada");
  await shell.page.emulateMedia({ colorScheme: scheme });
  await world().product.faults.add({ type: "no-wall", wall: "policy" });
  await world().product.faults.add({ type: "image-pull", message: "no such host" });
  await lookAtEverything(shell);
  expect(await states(shell)).toMatchObject({ "Admission policy": "failed", Image: "failed", "Set-up": "skipped" });
  const policy = shell.page.locator(".doctor-check.failed").filter({ hasText: "THE ADMISSION POLICY IS MISSING" });
  expect(await policy.locator(".doctor-todo").textContent()).toContain("cluster/base");
  expect(await shell.page.getByRole("status").textContent()).toContain("2 are wrong");
  await keepPicture(shell.page, `131-doctor-${scheme}`);
  await shell.page.setViewportSize(narrow);
  await until(
    "the page to be as narrow as the window",
    () => shell.page.evaluate("document.documentElement.scrollWidth"),
    (width) => width === narrow.width,
  );
  await policy.scrollIntoViewIfNeeded();
  await keepPicture(shell.page, `132-doctor-320-${scheme}`);
});

test("it is stopped in the middle: nothing of it is left, and another run begins", async () => {
  const shell = await atTheDoctor("Ada");
  await world().product.faults.add({ type: "slow-start", delayMs: 20_000 });
  await shell.page.getByRole("button", { name: "Look at everything" }).click();
  await shell.page
    .locator(".doctor-check.running")
    .filter({ hasText: /Image|Start/ })
    .waitFor();
  await shell.page.getByRole("button", { name: "Stop" }).click();
  await shell.page.getByRole("button", { name: "Look again" }).waitFor();
  // The tests' proxy keeps its half of a connection that the browser has closed.
  world().product.front.cut("reset");
  world().product.front.mend();
  await world().product.faults.clear();
  // The first one's pod is being ended meanwhile; until then there is one run at a time.
  await until(
    "another run to begin",
    async () => {
      await shell.page.getByRole("button", { name: /^Look / }).click();
      await shell.page.locator(".doctor-check, .problem").first().waitFor();
      return await shell.page.locator(".problem").count();
    },
    (problems) => problems === 0,
    { everyMs: 500 },
  );
  await shell.page.getByRole("button", { name: "Look again" }).waitFor({ timeout: whole });
  expect(await states(shell)).toMatchObject({ "End of the pod": "ok" });
});

test("nobody else is shown more than that it is not theirs", async () => {
  const shell = await atTheDoctor("Grace");
  await shell.page.getByText("Only administrators may look at this.").waitFor();
  expect(await shell.page.getByRole("button").count()).toBe(0);
  await shell.page.goto(world().product.url);
  await shell.startButton.waitFor();
  expect(await shell.page.getByRole("link", { name: "Doctor" }).count()).toBe(0);
});
