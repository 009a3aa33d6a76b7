// Owns what a person does with the page and sees on it: signing in, starting, typing, reading, copying, scrolling.
// Must not know the protocol or the pod. Needs the page's DOM renderer (chromium.ts, "rows").

import type { BrowserContext, Locator, Page } from "playwright-core";
import { PodTmux, trimLines } from "./pod-tmux.ts";
import { until } from "./until.ts";

/** Of bash, of root's, and of zsh. */
export function isPrompt(row: string): boolean {
  return /[$#%]$/.test(row);
}

const rowsSelector = ".xterm-rows > div";

export class ShellPage {
  readonly page: Page;
  constructor(page: Page) {
    this.page = page;
  }

  static async open(context: BrowserContext, url: string): Promise<ShellPage> {
    const shell = new ShellPage(await context.newPage());
    await shell.page.goto(url);
    return shell;
  }

  /** The real flow: the page's own button, the issuer's form, and back. */
  async signIn(name: string): Promise<void> {
    await this.page.getByRole("button", { name: "Sign in" }).click();
    await this.page.getByLabel("Name").fill(name);
    await this.page.getByRole("button", { name: "Sign in" }).click();
    await this.startButton.waitFor();
  }

  get startButton(): Locator {
    return this.page.getByRole("button", { name: "Start a shell" });
  }

  /** One click, then a prompt. */
  async start(): Promise<void> {
    await this.startButton.click();
    await this.prompt();
  }

  get panel(): Locator {
    return this.page.locator(".panel");
  }

  /** The settings, open and with the keyboard; where they stood open already they are as they were. */
  async openSettings(): Promise<void> {
    if (!(await this.panel.isVisible())) await this.choose("Settings");
    await this.panel.getByRole("heading", { name: "Repository" }).waitFor();
  }

  async closePanel(): Promise<void> {
    await this.panel.getByRole("button", { name: "Close" }).click();
    await this.panel.waitFor({ state: "detached" });
  }

  /** What the page says of its connection, here or to the pod. */
  async badge(): Promise<string> {
    return (await this.page.locator(".badge-text").textContent()) ?? "";
  }

  async deleteShell(): Promise<void> {
    await this.choose("Delete shell…");
    await this.page.getByRole("button", { name: "Delete the shell" }).click();
  }

  async signOut(): Promise<void> {
    await this.choose("Sign out");
    await this.page.getByRole("button", { name: "Sign in" }).waitFor();
  }

  /** Waits until the shell's prompt is the last thing on the screen. */
  async prompt(): Promise<readonly string[]> {
    return await this.rowsUntil("a prompt", (rows) => isPrompt(rows.at(-1) ?? ""));
  }

  /** The rows on view, as they are drawn. Blanks at their ends, and blank rows at the end, left out. */
  async rows(): Promise<readonly string[]> {
    return trimLines(await this.page.locator(rowsSelector).allTextContents());
  }

  /** How many rows the terminal has. */
  async height(): Promise<number> {
    return await this.page.locator(rowsSelector).count();
  }

  async rowsUntil(
    what: string,
    holds: (rows: readonly string[]) => boolean,
    withinMs?: number,
  ): Promise<readonly string[]> {
    return await until(`${what} on the screen`, () => this.rows(), holds, withinMs === undefined ? {} : { withinMs });
  }

  /** Waits for a row that is just this. */
  async row(text: string, withinMs?: number): Promise<void> {
    await this.rowsUntil(`a row "${text}"`, (rows) => rows.includes(text), withinMs);
  }

  async focus(): Promise<void> {
    await this.page.getByRole("textbox", { name: "Terminal input" }).focus();
  }

  /** Types into the shell and presses Enter. */
  async enter(line: string): Promise<void> {
    await this.type(line);
    await this.page.keyboard.press("Enter");
  }

  async type(text: string): Promise<void> {
    await this.focus();
    await this.page.keyboard.type(text);
  }

  async press(key: string): Promise<void> {
    await this.focus();
    await this.page.keyboard.press(key);
  }

  /** The whole of the terminal, scrollback included, as "Select all" and "Copy" give it: wrapped lines are joined. */
  async lines(): Promise<readonly string[]> {
    await this.writeClipboard("");
    await this.choose("Select all");
    await this.press("Control+Shift+C");
    const text = await until(
      "the copied text",
      () => this.readClipboard(),
      (copied) => copied !== "",
    );
    return trimLines(text.split(/\r?\n/));
  }

  /** One entry of the page's menu. */
  async choose(entry: string): Promise<void> {
    await this.page.getByRole("button", { name: "Menu", exact: true }).click();
    await this.page.getByRole("menuitem", { name: entry }).click();
  }

  async readClipboard(): Promise<string> {
    await this.page.bringToFront();
    const text: unknown = await this.page.evaluate("navigator.clipboard.readText()");
    if (typeof text !== "string") throw new Error("The clipboard holds no text.");
    return text;
  }

  async writeClipboard(text: string): Promise<void> {
    await this.page.bringToFront();
    await this.page.evaluate(`navigator.clipboard.writeText(${JSON.stringify(text)})`);
  }

  /** Double-clicks the middle of this text where it is on the screen; each of its characters is one column wide. */
  async doubleClick(text: string): Promise<void> {
    const drawn = this.page.locator(`${rowsSelector} span`, { hasText: text }).last();
    const [box, whole] = [await drawn.boundingBox(), await drawn.textContent()];
    if (box === null || whole === null) throw new Error(`"${text}" is not on the screen.`);
    const columns = whole.indexOf(text) + text.length / 2;
    await this.page.mouse.dblclick(box.x + (columns / whole.length) * box.width, box.y + box.height / 2);
  }

  /** One notch of the wheel over the terminal. */
  async wheelUp(): Promise<void> {
    const screen = await this.page.locator(".xterm-screen").boundingBox();
    if (screen === null) throw new Error("There is no terminal on the page.");
    await this.page.mouse.move(screen.x + screen.width / 2, screen.y + screen.height / 2);
    await this.page.mouse.wheel(0, -120);
  }

  /** Asks the API from within the page, as its own code does. */
  async graphql(query: string): Promise<unknown> {
    return await this.page.evaluate(
      `fetch("/graphql", {method: "POST", headers: {"content-type": "application/json"},
        body: ${JSON.stringify(JSON.stringify({ query }))}}).then((response) => response.json())`,
    );
  }

  async podName(): Promise<string> {
    const answer = JSON.stringify(await this.graphql("{ shell { podName } }"));
    const podName = /"podName":"([^"]+)"/.exec(answer)?.[1];
    if (podName === undefined) throw new Error(`There is no pod: ${answer}`);
    return podName;
  }

  /** The pod that this page's person has, as its own tmux knows it. */
  async tmux(): Promise<PodTmux> {
    return await PodTmux.of(await this.podName());
  }
}
