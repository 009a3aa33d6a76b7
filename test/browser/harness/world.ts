// Owns what one file of browser tests stands on: a product, a browser, and people who have never been there before.
// Must not know what is tested.

import type { Browser, BrowserContext } from "playwright-core";
import { launchChromium, newDevice } from "./chromium.ts";
import type { PodTmux } from "./pod-tmux.ts";
import { Product } from "./product.ts";
import { ShellPage } from "./shell-page.ts";

/** One signed-in person on one device, with a shell that shows its prompt. */
export interface Person {
  readonly name: string;
  readonly device: BrowserContext;
  readonly shell: ShellPage;
  readonly tmux: PodTmux;
}

export class World {
  readonly product: Product;
  readonly browser: Browser;
  #people = 0;

  private constructor(product: Product, browser: Browser) {
    this.product = product;
    this.browser = browser;
  }

  static async create(): Promise<World> {
    const [product, browser] = await Promise.all([Product.start(), launchChromium()]);
    return new World(product, browser);
  }

  async dispose(): Promise<void> {
    await this.browser.close();
    await this.product.dispose();
  }

  newDevice(): Promise<BrowserContext> {
    return newDevice(this.browser, this.product.url);
  }

  /** A name that nobody had before: another person, with no shell yet. */
  newName(): string {
    return `Person ${++this.#people}`;
  }

  async signedIn(): Promise<Omit<Person, "tmux">> {
    const name = this.newName();
    const device = await this.newDevice();
    const shell = await ShellPage.open(device, this.product.url);
    await shell.signIn(name);
    return { name, device, shell };
  }

  async withShell(): Promise<Person> {
    const person = await this.signedIn();
    await person.shell.start();
    return { ...person, tmux: await person.shell.tmux() };
  }

  /** Another tab of the same person, with the shell on view. */
  async anotherTab(person: Person): Promise<ShellPage> {
    const tab = await ShellPage.open(person.device, this.product.url);
    await tab.prompt();
    return tab;
  }
}
