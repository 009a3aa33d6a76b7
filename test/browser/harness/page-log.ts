// Owns what pages leave behind unseen: frames on their sockets, exceptions, refusals of the content security policy.
// Must not know what any of it means.

import type { Page } from "playwright-core";

const mostLines = 4_000;
const mostUnits = 400;

export class PageLog {
  /** For the evidence of a failed test. */
  readonly lines: string[] = [];
  readonly #faults: string[] = [];
  #sockets = 0;

  listen(page: Page): void {
    page.on("pageerror", (error) => this.#faults.push(`uncaught: ${error.stack ?? error.message}`));
    page.on("console", (message) => {
      if (message.type() === "error" && message.text().includes("Content Security Policy")) {
        this.#faults.push(message.text());
      }
      this.#note(`console ${message.type()}: ${message.text()}`);
    });
    page.on("websocket", (socket) => {
      const name = `socket ${++this.#sockets}`;
      this.#note(`${name} opens`);
      socket.on("framesent", ({ payload }) => this.#note(`${name} > ${show(payload)}`));
      socket.on("framereceived", ({ payload }) => this.#note(`${name} < ${show(payload)}`));
      socket.on("socketerror", (error) => this.#note(`${name} fails: ${error}`));
      socket.on("close", () => this.#note(`${name} closes`));
    });
  }

  /** What no page should ever have: taking it forgets it. */
  takeFaults(): readonly string[] {
    return this.#faults.splice(0);
  }

  #note(line: string): void {
    this.lines.push(`${(performance.now() / 1000).toFixed(3)} ${line}`);
    if (this.lines.length > mostLines) this.lines.splice(0, mostLines / 2);
  }
}

function show(payload: string | Buffer): string {
  return JSON.stringify((typeof payload === "string" ? payload : payload.toString("latin1")).slice(0, mostUnits));
}
