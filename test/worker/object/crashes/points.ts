// Owns the moments at which a step of a shell's life can be cut off: each goes through here, and one of them fails.
// Must not know what the steps do.

/** What happens at the chosen moment. `killed-*`: the object is gone, and with it everything that it held. */
export type Fault =
  /** Before it was done, or when it was done and nobody heard. */
  | { readonly type: "killed-before" }
  | { readonly type: "killed-after" }
  /** The object lives on: it was done, and the answer is lost. */
  | { readonly type: "answer-lost" }
  /** It is refused, and not done. */
  | { readonly type: "refused"; readonly status: 401 | 409 | 410 | 429 | 500 }
  /** Nothing is ever answered: the time limit strikes. */
  | { readonly type: "hangs" }
  /** It was done, and half of the answer came. */
  | { readonly type: "cut" };

export interface Plan {
  /** Which moment, counted from 0. */
  readonly at: number;
  readonly fault: Fault;
  /** From then on for good, and only what is asked of the cluster. */
  readonly cluster?: true;
}

/** How a step that can fail says so: each kind of step in its own way. */
export interface Failing<T> {
  readonly name: string;
  readonly work: () => Promise<T>;
  /** What whoever asked is told; undefined: this kind of step cannot fail in this way, and does not. */
  readonly fails: (fault: Exclude<Fault, { type: "killed-before" | "killed-after" }>) => (() => T) | undefined;
}

/** One life of an object: from its first step to the moment at which it is killed. */
export class Points {
  readonly names: string[] = [];
  readonly #plan: Plan | null;
  #alive = true;
  #underWay = 0;

  constructor(plan: Plan | null) {
    this.#plan = plan;
  }

  get killed(): boolean {
    return !this.#alive;
  }

  /** Nothing is under way outside the object. */
  get idle(): boolean {
    return this.#underWay === 0;
  }

  async pass<T>(step: Failing<T>): Promise<T> {
    if (!this.#alive) return never();
    const index = this.names.push(step.name) - 1;
    this.#underWay += 1;
    try {
      const result = await this.#strike(step, index);
      return this.#alive ? result : await never();
    } finally {
      this.#underWay -= 1;
    }
  }

  async #strike<T>(step: Failing<T>, index: number): Promise<T> {
    const plan = this.#plan;
    if (plan === null) return step.work();
    const strikes = plan.cluster ? index >= plan.at && isOfTheCluster(step.name) : index === plan.at;
    if (!strikes) return step.work();
    const { fault } = plan;
    if (fault.type === "killed-before") return this.#kill();
    if (fault.type === "killed-after") {
      await step.work();
      return this.#kill();
    }
    const told = step.fails(fault);
    if (told === undefined) return step.work();
    if (fault.type === "answer-lost" || fault.type === "cut") await step.work();
    return told();
  }

  #kill(): Promise<never> {
    this.#alive = false;
    // What waits for this answer waits for ever: it was in the memory of an object that is no more.
    this.#underWay -= 1;
    return never();
  }
}

/** Requests are named by their method. */
export function isOfTheCluster(name: string): boolean {
  return /^[A-Z]+ /.test(name);
}

function never(): Promise<never> {
  return new Promise(() => undefined);
}
