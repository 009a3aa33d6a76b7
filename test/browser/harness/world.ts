// Owns what one file of browser tests stands on: a product, a browser, and people who have never been there before.
// Must not know what is tested.

import type { Browser, BrowserContext } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { keepFile, keepPicture } from "./artefacts.ts";
import { launchChromium, newDevice } from "./chromium.ts";
import { kubernetes } from "./cluster-target.ts";
import { PageLog } from "./page-log.ts";
import type { PodTmux } from "./pod-tmux.ts";
import { Product, type WorkerVariables } from "./product.ts";
import { ShellPage } from "./shell-page.ts";

/** One signed-in person on one device, with a shell that shows its prompt. */
export interface Person {
  readonly name: string;
  readonly device: BrowserContext;
  readonly shell: ShellPage;
  readonly tmux: PodTmux;
}

/** Made before the first test of a file and ended after its last; between tests every hop is mended and every tab closed. */
export function useWorld(variables: WorkerVariables = {}): () => World {
  let world: World | undefined;
  beforeAll(async () => {
    world = await World.create(variables);
  });
  afterEach(async ({ task }) => {
    if (task.result?.state === "fail") await world?.keepEvidence(task.name);
    await world?.mend();
    expect(world?.takeFaults()).toEqual([]);
  });
  afterAll(async () => {
    await world?.dispose();
  });
  return () => {
    if (world === undefined) throw new Error("The world is made before the first test.");
    return world;
  };
}

export class World {
  readonly product: Product;
  readonly browser: Browser;
  readonly #log = new PageLog();
  #people = 0;

  private constructor(product: Product, browser: Browser) {
    this.product = product;
    this.browser = browser;
  }

  static async create(variables: WorkerVariables): Promise<World> {
    const [product, browser] = await Promise.all([Product.start(variables), launchChromium()]);
    return new World(product, browser);
  }

  async mend(): Promise<void> {
    this.product.front.mend();
    this.product.cluster.mend();
    await this.product.faults.clear();
    for (const device of this.browser.contexts()) await device.close();
  }

  /** Exceptions and broken policies of every page since this was last asked. */
  takeFaults(): readonly string[] {
    return this.#log.takeFaults();
  }

  /** What a failed test leaves: a picture of each tab, what the product said and wrote into its logs. */
  async keepEvidence(test: string): Promise<void> {
    const name = `failed-${test
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .slice(0, 40)}`;
    for (const [index, page] of this.browser
      .contexts()
      .flatMap((device) => device.pages())
      .entries()) {
      // A tab that is stuck gives no picture; what it would have hidden matters more.
      await keepPicture(page, `${name}-${index + 1}`).catch(() => {});
    }
    keepFile(`${name}.log`, [this.product.output, ...this.product.logs(), ...this.#log.lines].join("\n"));
  }

  async dispose(): Promise<void> {
    await this.browser.close();
    await this.product.dispose();
  }

  async newDevice(): Promise<BrowserContext> {
    const device = await newDevice(this.browser, this.product.url);
    device.on("page", (page) => this.#log.listen(page));
    return device;
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
    if (kubernetes !== null) await speakBash(person.shell);
    return { ...person, tmux: await person.shell.tmux() };
  }

  /** Another tab of the same person, with the shell on view. */
  async anotherTab(person: Person): Promise<ShellPage> {
    const tab = await ShellPage.open(person.device, this.product.url);
    await tab.prompt();
    return tab;
  }
}

/** The image's shell is zsh; what the tests type is bash's, as a machine's own is. */
async function speakBash(shell: ShellPage): Promise<void> {
  await shell.enter("exec bash");
  await shell.rowsUntil("bash's prompt", (rows) => /[$#]$/.test(rows.at(-1) ?? ""));
}
