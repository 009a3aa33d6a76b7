// Owns a record of the frames on the pages' sockets, for the evidence of a failed test.
// Must not know what they mean.

import type { Page } from "playwright-core";

const mostLines = 4_000;
const mostUnits = 400;

export class FrameLog {
  readonly lines: string[] = [];
  #sockets = 0;

  listen(page: Page): void {
    page.on("websocket", (socket) => {
      const name = `socket ${++this.#sockets}`;
      this.#note(`${name} opens`);
      socket.on("framesent", ({ payload }) => this.#note(`${name} > ${show(payload)}`));
      socket.on("framereceived", ({ payload }) => this.#note(`${name} < ${show(payload)}`));
      socket.on("socketerror", (error) => this.#note(`${name} fails: ${error}`));
      socket.on("close", () => this.#note(`${name} closes`));
    });
  }

  #note(line: string): void {
    this.lines.push(`${(performance.now() / 1000).toFixed(3)} ${line}`);
    if (this.lines.length > mostLines) this.lines.splice(0, mostLines / 2);
  }
}

function show(payload: string | Buffer): string {
  return JSON.stringify((typeof payload === "string" ? payload : payload.toString("latin1")).slice(0, mostUnits));
}
