// Owns a run's reports as they come, for whoever reads them one by one; who stops reading ends the run.
// Must not know in which form they are sent.

import type { CheckReport } from "./check.ts";

/** Carries a run out: tells each report, and ends early where `cancel` is aborted. */
export type Run = (tell: (report: CheckReport) => void, cancel: AbortSignal) => Promise<unknown>;

/** Reports wait here until they are read: a run is bounded in time, and tells something every few seconds. */
export class ReportStream implements AsyncIterableIterator<CheckReport> {
  readonly #cancel = new AbortController();
  readonly #waiting: CheckReport[] = [];
  #over = false;
  #wake: () => void = () => {};
  /** Settles when the run has ended, its pod included. */
  readonly ended: Promise<void>;

  constructor(run: Run) {
    const tell = (report: CheckReport): void => {
      this.#waiting.push(report);
      this.#wake();
    };
    this.ended = run(tell, this.#cancel.signal).then(
      () => this.#end(),
      (error: unknown) => {
        this.#end();
        throw error;
      },
    );
    // Whoever reads hears of it; nobody may be reading.
    this.ended.catch(() => {});
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<CheckReport, undefined>> {
    while (this.#waiting.length === 0 && !this.#over) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const value = this.#waiting.shift();
    if (value !== undefined) return { done: false, value };
    await this.ended;
    return { done: true, value: undefined };
  }

  /** Nobody reads any more. Also while `next` is awaited. */
  async return(): Promise<IteratorResult<CheckReport, undefined>> {
    this.#cancel.abort();
    this.#waiting.length = 0;
    this.#end();
    return { done: true, value: undefined };
  }

  #end(): void {
    this.#over = true;
    this.#wake();
  }
}
