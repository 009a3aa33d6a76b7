// Owns a program that prints numbers while it answers what is typed, somebody who types to it, and the reading of both from
// a tab: what came, in which order, and for how long nothing came.
// Must not know what is done to the cluster meanwhile.

import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import type { Tab } from "./tab.ts";

/** `sh talk NAME`: a number ten times a second, an answer to each line; `end` ends it. */
export const talkScript = `#!/bin/sh
name=$1
stty -echo
(
  number=0
  trap 'echo "$name printed $number"; exit' TERM
  while :; do
    number=$((number + 1))
    echo "$name number $number"
    sleep 0.1
  done
) &
while read -r line && [ "$line" != end ]; do echo "$name heard $line"; done
kill $!
wait
stty echo
`;

const typeEveryMs = 200;
const lookEveryMs = 25;

export class Talk {
  /** Each has a name of its own: what the one before printed is still in the scrollback. */
  static #begun = 0;
  readonly #tab: Tab;
  readonly #name: string;
  readonly #typing = new AbortController();
  #typed = 0;
  #longestSilenceMs = 0;
  #lastNewsMs = performance.now();
  #last = 0;
  readonly #typist: Promise<void>;
  readonly #watcher: Promise<void>;

  private constructor(tab: Tab, name: string) {
    this.#tab = tab;
    this.#name = name;
    this.#typist = this.#type();
    this.#watcher = this.#watch();
  }

  static async begin(tab: Tab): Promise<Talk> {
    Talk.#begun += 1;
    const name = `talk${Talk.#begun}`;
    tab.type(`sh ~/talk ${name}\r`);
    await tab.shows(new RegExp(`^${name} number 5$`));
    return new Talk(tab, name);
  }

  /** Waits until numbers come that were printed after now, and an answer to what was typed after now. */
  async goesOn(withinMs: number): Promise<void> {
    const typed = this.#typed + 1;
    const heard = new RegExp(`^${this.#name} heard ${typed + 1}$`);
    await this.#tab.shows(heard, { withinMs });
  }

  /** Longest time so far in which no new number came, in milliseconds. */
  get longestSilenceMs(): number {
    return Math.max(this.#longestSilenceMs, performance.now() - this.#lastNewsMs);
  }

  /** Ends it, and holds that every number and every answer is there, in order, once. @returns how many of each */
  async end(): Promise<{ readonly numbers: number; readonly answers: number }> {
    this.#typing.abort();
    await Promise.all([this.#typist, this.#watcher]);
    this.#tab.type("end\r");
    const printed = new RegExp(`^${this.#name} printed (\\d+)$`);
    await this.#tab.shows(printed);
    const last = this.#tab.lines().flatMap((line) => printed.exec(line)?.[1] ?? []);
    const numbers = this.#all("number");
    const answers = this.#all("heard");
    expect(numbers).toEqual(upTo(Number(last[0])));
    expect(answers).toEqual(upTo(this.#typed));
    return { numbers: numbers.length, answers: answers.length };
  }

  #all(kind: "number" | "heard"): readonly number[] {
    const pattern = new RegExp(`^${this.#name} ${kind} (\\d+)$`);
    return this.#tab.lines().flatMap((line) => {
      const found = pattern.exec(line)?.[1];
      return found === undefined ? [] : [Number(found)];
    });
  }

  async #type(): Promise<void> {
    while (!this.#typing.signal.aborted) {
      this.#typed += 1;
      // Key by key, as fingers do.
      for (const key of `${this.#typed}\r`) this.#tab.type(key);
      await sleep(typeEveryMs);
    }
  }

  async #watch(): Promise<void> {
    while (!this.#typing.signal.aborted) {
      const last = this.#all("number").at(-1) ?? 0;
      const now = performance.now();
      if (last > this.#last) {
        this.#longestSilenceMs = Math.max(this.#longestSilenceMs, now - this.#lastNewsMs);
        this.#last = last;
        this.#lastNewsMs = now;
      }
      await sleep(lookEveryMs);
    }
  }
}

function upTo(last: number): readonly number[] {
  return Array.from({ length: last }, (_, index) => index + 1);
}
