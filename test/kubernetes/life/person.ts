// Owns a person of a running Limpet without a browser: signed in, with a shell, its state and its events read from the API.
// Must not know what is tested, or on which cluster the shell runs.

import { type Patience, until } from "../../browser/harness/until.ts";
import { Visitor } from "../../start/harness/visitor.ts";
import { field, listOf } from "../harness/json.ts";
import { Tab } from "./tab.ts";

/** What the API tells of a shell, as far as the proofs look at it. Times are RFC 3339. */
export interface ShellSeen {
  readonly phase: string;
  readonly reason: string | null;
  readonly detail: string | null;
  readonly podName: string;
  readonly setupPending: boolean;
  readonly lastSavedAt: string | null;
  readonly setup: readonly { readonly step: string; readonly state: string; readonly text: string | null }[];
}

const shellFields = "phase reason detail podName setupPending lastSavedAt setup { step state text }";
const startedWithinMs = 60_000;

export type Wish = "createShell" | "stopShell" | "restartShell" | "rebootShell" | "deleteShell" | "extendShell";

export class Person {
  readonly visitor: Visitor;
  readonly name: string;

  private constructor(visitor: Visitor, name: string) {
    this.visitor = visitor;
    this.name = name;
  }

  /** `url`: of Limpet, whose local issuer takes any name. */
  static async signIn(url: string, name: string): Promise<Person> {
    const visitor = new Visitor(url);
    await visitor.signIn(name);
    return new Person(visitor, name);
  }

  /** Signed in, and with a shell that is ready. */
  static async withShell(url: string, name: string): Promise<Person> {
    const person = await Person.signIn(url, name);
    await person.wish("createShell");
    await person.ready();
    return person;
  }

  async wish(mutation: Wish): Promise<void> {
    await this.visitor.ask(`mutation { ${mutation} { id } }`, mutation);
  }

  /** Gives the repository and a token for it. */
  async connect(url: string, token: string): Promise<void> {
    const input = `{ git: { url: ${JSON.stringify(url)}, signIn: { token: { token: ${JSON.stringify(token)} } } } }`;
    await this.visitor.ask(`mutation { setupShell(input: ${input}) { id } }`, "setupShell");
  }

  /** @throws Error where there is none */
  async shell(): Promise<ShellSeen> {
    const seen = await this.visitor.ask(`{ shell { ${shellFields} } }`, "shell");
    if (seen === null) throw new Error(`${this.name} has no shell.`);
    return {
      phase: String(field(seen, "phase")),
      reason: textOrNull(seen, "reason"),
      detail: textOrNull(seen, "detail"),
      podName: String(field(seen, "podName")),
      setupPending: field(seen, "setupPending") === true,
      lastSavedAt: textOrNull(seen, "lastSavedAt"),
      setup: listOf(seen, "setup").map((check) => ({
        step: String(field(check, "step")),
        state: String(field(check, "state")),
        text: textOrNull(check, "text"),
      })),
    };
  }

  async where(what: string, is: (shell: ShellSeen) => boolean, patience?: Patience): Promise<ShellSeen> {
    const title = `${this.name}'s shell to be ${what}`;
    return await until(title, () => this.shell(), is, { everyMs: 200, ...patience });
  }

  async ready(patience: Patience = { withinMs: startedWithinMs }): Promise<ShellSeen> {
    return await this.where("ready", ({ phase, setupPending }) => phase === "READY" && !setupPending, patience);
  }

  /** A save that ended after `sinceMs` (Unix milliseconds). */
  async saved(sinceMs: number, patience: Patience): Promise<ShellSeen> {
    const is = ({ lastSavedAt }: ShellSeen): boolean => lastSavedAt !== null && Date.parse(lastSavedAt) >= sinceMs;
    return await this.where("saved", is, patience);
  }

  /** Newest first. */
  async events(): Promise<readonly { readonly type: string; readonly message: string }[]> {
    const page = await this.visitor.ask("{ events(first: 100) { edges { node { type message } } } }", "events");
    return listOf(page, "edges").map((edge) => {
      const node = field(edge, "node");
      return { type: String(field(node, "type")), message: String(field(node, "message")) };
    });
  }

  async openTab(patience?: Patience): Promise<Tab> {
    return await Tab.open(this.visitor, patience);
  }
}

function textOrNull(value: unknown, name: string): string | null {
  const text = field(value, name);
  return typeof text === "string" ? text : null;
}
