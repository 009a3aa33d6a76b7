// Owns reading variables one by one: text, addresses, lists, hours, labels; every fault is kept, by the variable's name.
// Must not know which variables there are.

const hourMs = 3_600_000;
const dnsLabel = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** Never throws: what cannot be read becomes a harmless stand-in and a fault. A fault never holds a value. */
export class Environment {
  readonly faults: string[] = [];
  readonly #variables: object;

  /** @param variables the Worker's bindings; what is no text is not looked at */
  constructor(variables: object) {
    this.#variables = variables;
  }

  /** @param what what is wrong and what to do, as it follows the name in a sentence */
  fault(name: string, what: string): void {
    this.faults.push(`${name} ${what}`);
  }

  /** Trimmed; `null` where it is not set or empty. */
  optional(name: string): string | null {
    const value: unknown = Reflect.get(this.#variables, name);
    if (value === undefined || value === null) return null;
    if (typeof value === "string") return value.trim() === "" ? null : value.trim();
    this.fault(name, "must be text.");
    return null;
  }

  /** @param what what to give it, as it follows "give it" */
  required(name: string, what: string): string {
    const value = this.optional(name);
    if (value === null) this.fault(name, `is not set: give it ${what}.`);
    return value ?? "";
  }

  /** A comma list; empty entries do not count. */
  list(name: string): readonly string[] {
    const entries = (this.optional(name) ?? "").split(",").map((entry) => entry.trim());
    return entries.filter((entry) => entry !== "");
  }

  /** A comma list of `key=value`. @param example what it may look like, for the fault */
  pairs(name: string, example: string): ReadonlyMap<string, string> {
    const pairs = this.list(name).map((entry) => {
      const [key = "", value, ...more] = entry.split("=").map((part) => part.trim());
      return { key, value, whole: key !== "" && value !== undefined && more.length === 0 };
    });
    if (pairs.some(({ whole }) => !whole)) this.fault(name, `must be a comma list of names and values, as ${example}.`);
    return new Map(pairs.filter(({ whole }) => whole).map(({ key, value = "" }) => [key, value]));
  }

  /** A DNS label (RFC 1123), as Kubernetes wants names to be. */
  label(name: string, what: string): string {
    const value = this.required(name, what);
    if (value !== "" && !dnsLabel.test(value)) {
      this.fault(name, "must be at most 63 lower-case letters, digits and dashes, with no dash at either end.");
    }
    return value;
  }

  /** A number of hours, given back in milliseconds. */
  hours(name: string, otherwise: number, most: number): number {
    const value = Number(this.optional(name) ?? otherwise);
    if (!(value > 0 && value <= most)) this.fault(name, `must be a number of hours, above 0 and at most ${most}.`);
    return value * hourMs;
  }

  /** A whole number. */
  whole(name: string, otherwise: number, least: number, most: number): number {
    const value = Number(this.optional(name) ?? otherwise);
    if (!Number.isInteger(value) || value < least || value > most) {
      this.fault(name, `must be a whole number, ${least} to ${most}.`);
    }
    return value;
  }

  /** An https URL (`insecure`: or http) without user, password, query and fragment. */
  address(name: string, what: string, insecure: boolean): URL {
    const value = this.required(name, what);
    const url = URL.parse(value);
    if (url === null) {
      if (value !== "") this.fault(name, `must be a URL: ${what}.`);
      return new URL("https://invalid.invalid");
    }
    if (url.protocol !== "https:" && !(url.protocol === "http:" && insecure)) {
      this.fault(name, "must start with https:// (http:// is for the local environment only).");
    }
    if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
      this.fault(name, "must have no user, password, query or fragment.");
    }
    return url;
  }
}
