// Owns a shell's set-up as a person does it on the page: at the first start, with a wrong token, changed and removed later.
// Must not know how the pod carries it out.

import { expect, test } from "vitest";
import { keepPicture } from "./harness/artefacts.ts";
import { goodToken, useForge } from "./harness/forge.ts";
import type { ShellPage } from "./harness/shell-page.ts";
import { until } from "./harness/until.ts";
import { useWorld } from "./harness/world.ts";

const world = useWorld({ SAVE_EVERY_SECONDS: "5" });
const forge = useForge();

async function connect(shell: ShellPage, url: string, token: string): Promise<void> {
  const { panel } = shell;
  await panel.getByLabel("Address").fill(url);
  await panel.getByRole("radio", { name: "Token" }).click();
  await panel.getByRole("textbox", { name: "Token" }).fill(token);
  await panel.getByRole("button", { name: "Connect" }).click();
}

test("the first start asks for a repository beside the terminal; a wrong token is said, the right one clones it", async () => {
  const { shell } = await world().signedIn();
  const { name, url } = forge().newRepository();
  await shell.startButton.click();
  await shell.panel.getByRole("heading", { name: "Bring your work" }).waitFor();
  await keepPicture(shell.page, "80-bring-your-work");
  await shell.panel.getByLabel("Address").fill(url);
  await keepPicture(shell.page, "81-repository-form");
  await connect(shell, url, "glpat-wrong");
  const refused = shell.panel.locator(".check.failed");
  await refused.waitFor();
  expect(await refused.first().textContent()).toMatch(/token/i);
  await keepPicture(shell.page, "82-wrong-token");
  const tmux = await shell.tmux();
  expect(await tmux.exists(name)).toBe(false);

  await shell.panel.getByRole("button", { name: "Change", exact: true }).click();
  expect(await shell.panel.getByRole("textbox", { name: "Token" }).inputValue()).toBe("");
  await shell.panel.getByRole("textbox", { name: "Token" }).fill(goodToken);
  await shell.panel.getByRole("button", { name: "Save", exact: true }).click();
  await shell.panel.getByText(`Cloned into ~/${name}, branch main.`).waitFor();
  await keepPicture(shell.page, "83-cloned");
  expect(await tmux.read(`${name}/tides.txt`)).toBe("low\nhigh\n");
  await shell.panel.getByRole("button", { name: "Done" }).click();
  await shell.enter(`cd ~/${name} && git status -sb`);
  await shell.row("## main...origin/main");
  await keepPicture(shell.page, "84-in-the-repository");
  expect(JSON.stringify(await shell.graphql("{ shell { gitUrl secrets { kind } setup { text } } }"))).not.toContain(
    goodToken,
  );
});

test("an address that is none is refused at its field, before anything is kept", async () => {
  const { shell } = await world().withShell();
  await shell.openSettings();
  await shell.panel.getByLabel("Address").fill("ftp://forge.example/a");
  await shell.panel.getByRole("button", { name: "Connect" }).click();
  await shell.panel.getByRole("alert").filter({ hasText: "https://" }).waitFor();
  await until(
    "the field to be the wrong one",
    () => shell.panel.getByLabel("Address").getAttribute("aria-invalid"),
    (invalid) => invalid === "true",
  );
  await keepPicture(shell.page, "85-wrong-address");
});

test("a deploy key is made, shown with where it goes, and copied; the repository can be removed again", async () => {
  const { shell } = await world().withShell();
  await shell.openSettings();
  await shell.panel.getByLabel("Address").fill("git@localhost:team/sea.git");
  await shell.panel.getByRole("button", { name: "Connect and make the key" }).click();
  const key = shell.panel.locator(".key");
  await key.waitFor();
  expect(await key.textContent()).toMatch(/^ssh-ed25519 [\w+/=]+/);
  await shell.panel.getByRole("button", { name: "Copy the key" }).click();
  await shell.panel.getByRole("button", { name: "Copied" }).waitFor();
  expect(await shell.readClipboard()).toBe(await key.textContent());
  await keepPicture(shell.page, "86-deploy-key");
  await shell.panel.getByRole("button", { name: "Remove", exact: true }).click();
  await shell.panel.getByLabel("Address").waitFor();
  expect(await shell.panel.getByLabel("Address").inputValue()).toBe("");
});

test("cloud credentials are given, never shown again, replaced and removed", async () => {
  const { shell, tmux } = await world().withShell();
  await shell.openSettings();
  await shell.panel.getByRole("button", { name: "Add AWS" }).click();
  await shell.panel.getByLabel("Access key ID").fill("AKIAIOSFODNN7EXAMPLE");
  await shell.panel.getByRole("button", { name: "Save", exact: true }).click();
  await shell.panel.getByRole("alert").filter({ hasText: "Secret access key is still empty." }).waitFor();
  await shell.panel.getByLabel("Secret access key").fill("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
  await keepPicture(shell.page, "87-aws-form");
  await shell.panel.getByRole("button", { name: "Save", exact: true }).click();
  await shell.panel.getByRole("button", { name: "Replace AWS" }).waitFor();
  await shell.panel.locator(".check.done").waitFor();
  await keepPicture(shell.page, "88-aws-set");
  const credentials = await until(
    "the credentials where the AWS CLI reads them",
    () => tmux.read(".aws/credentials"),
    (text) => text.includes("AKIAIOSFODNN7EXAMPLE"),
  );
  expect(credentials).toContain("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
  expect(await shell.page.content()).not.toContain("wJalrXUtnFEMI");
  await shell.panel.getByRole("button", { name: "Remove AWS" }).click();
  await until(
    "the credentials to be gone",
    async () => ((await tmux.exists(".aws/credentials")) ? await tmux.read(".aws/credentials") : ""),
    (text) => !text.includes("AKIAIOSFODNN7EXAMPLE"),
  );
  await shell.panel.getByRole("button", { name: "Add AWS" }).waitFor();
});

test("keys typed into the settings never reach the shell, Escape gives it the keyboard back", async () => {
  const { shell } = await world().withShell();
  await shell.closePanel();
  await shell.enter("clear");
  await shell.prompt();
  await shell.choose("Settings");
  await shell.panel.getByLabel("Address").waitFor();
  for (let press = 0; press < 30; press++) await shell.page.keyboard.press("Tab");
  expect(await shell.page.evaluate("document.querySelector('.panel').contains(document.activeElement)")).toBe(true);
  await shell.panel.getByLabel("Address").focus();
  await shell.page.keyboard.type("https://nowhere.example/leak");
  await shell.page.keyboard.press("Escape");
  await shell.panel.waitFor({ state: "detached" });
  await shell.page.keyboard.type("echo mine");
  await shell.page.keyboard.press("Enter");
  await shell.row("mine");
  expect((await shell.rows()).join("\n")).not.toContain("leak");
});

test.each(["dark", "light"] as const)("320 px, %s: settings and activity fit", async (scheme) => {
  const { shell } = await world().signedIn();
  await shell.page.setViewportSize({ width: 320, height: 640 });
  await shell.page.emulateMedia({ colorScheme: scheme });
  await shell.start();
  await keepPicture(shell.page, `89-320-${scheme}-offered`);
  await shell.openSettings();
  await shell.panel.getByLabel("Address").fill("https://github.com/sea/shore");
  await shell.panel.getByRole("radio", { name: "Deploy key" }).click();
  expect(await shell.panel.getByLabel("Address").inputValue()).toBe("git@github.com:sea/shore.git");
  expect(await shell.page.evaluate("document.documentElement.scrollWidth")).toBe(320);
  expect(await shell.page.evaluate("document.querySelector('.panel-body').scrollWidth")).toBeLessThanOrEqual(320);
  await keepPicture(shell.page, `89-320-${scheme}-settings`);
  await shell.closePanel();
  await shell.choose("Activity");
  await shell.panel.getByText("The shell is ready.").waitFor();
  await keepPicture(shell.page, `89-320-${scheme}-activity`);
});
