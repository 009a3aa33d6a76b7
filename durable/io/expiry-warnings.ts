// Owns when the people who look at a shell are warned that it ends, each time once, over sleeps of the object too.
// Must not know how they are told, nor what moves the end.

/** What is kept: for which end, and the last warning that was given or whose time had passed when the end was set. */
interface Kept {
  readonly expiresAt: number;
  /** In milliseconds before the end; the smallest that needs not be given any more. Infinity is kept as null. */
  readonly given: number | null;
}

/** The object's key-value storage, of which one key is used. */
export interface WarningStorage {
  get(key: string): unknown;
  put(key: string, value: Kept): void;
}

const key = "expiry-warning";

/** Unix milliseconds. */
export interface ShellEnd {
  readonly expiresAt: number;
  readonly extendableUntil: number;
}

export function expiryWarning({ expiresAt, extendableUntil }: ShellEnd, nowMs: number): string {
  const minutes = Math.max(1, Math.round((expiresAt - nowMs) / 60_000));
  const when = minutes === 1 ? "in about a minute" : `in about ${minutes} minutes`;
  if (expiresAt < extendableUntil) return `This shell ends ${when} unless somebody keeps it going.`;
  return `This shell ends ${when}: it has reached the longest life that is allowed. Its work is saved then, and comes back when it is started again.`;
}

export class ExpiryWarnings {
  readonly #storage: WarningStorage;
  /** Milliseconds before the end, the longest first. */
  readonly #warnMs: readonly number[];
  #kept: Kept | null;

  constructor(storage: WarningStorage, warnMs: readonly number[]) {
    this.#storage = storage;
    this.#warnMs = warnMs;
    this.#kept = parseKept(storage.get(key));
  }

  /** When the next one is due (unix milliseconds; it may have passed while the object slept); null: none is. */
  next(expiresAt: number | null, nowMs: number): number | null {
    if (expiresAt === null) return null;
    const given = this.#givenFor(expiresAt, nowMs);
    const left = this.#warnMs.filter((warn) => warn < given);
    return left[0] === undefined ? null : expiresAt - left[0];
  }

  /** True where one is due now; it counts as given, and with it those before it. */
  take(expiresAt: number | null, nowMs: number): boolean {
    if (expiresAt === null || nowMs >= expiresAt) return false;
    const given = this.#givenFor(expiresAt, nowMs);
    const due = this.#warnMs.filter((warn) => warn < given && expiresAt - warn <= nowMs).at(-1);
    if (due === undefined) return false;
    this.#keep({ expiresAt, given: due });
    return true;
  }

  /** An end that was set so near that a warning's time had passed is itself news enough. */
  #givenFor(expiresAt: number, nowMs: number): number {
    if (this.#kept?.expiresAt !== expiresAt) {
      this.#keep({ expiresAt, given: this.#warnMs.findLast((warn) => expiresAt - warn <= nowMs) ?? null });
    }
    return this.#kept?.given ?? Number.POSITIVE_INFINITY;
  }

  #keep(kept: Kept): void {
    this.#kept = kept;
    this.#storage.put(key, kept);
  }
}

function parseKept(value: unknown): Kept | null {
  if (typeof value !== "object" || value === null || !("expiresAt" in value) || !("given" in value)) return null;
  const { expiresAt, given } = value;
  if (typeof expiresAt !== "number" || (given !== null && typeof given !== "number")) return null;
  return { expiresAt, given };
}
