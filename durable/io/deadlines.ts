// Owns the object's clockwork: many named deadlines over timers while it is awake and the one alarm while it is not.
// Must not know what is to be done when one is due.

/** A deadline that is nearer than this gets a timer: an alarm costs a written row. */
const timerHorizonMs = 10_000;
/** How long after a timer's time the alarm stands in for it, should the object be lost before. */
const backstopMs = 20_000;

/** The platform's one alarm: a part of the object's storage. */
export interface AlarmStorage {
  getAlarm(): Promise<number | null>;
  setAlarm(atMs: number): Promise<void>;
  deleteAlarm(): Promise<void>;
}

interface Deadline {
  readonly atMs: number;
  /** It must come even if the object sleeps or is lost by then. */
  readonly durable: boolean;
}

/**
 * The names are not stored: on waking, their owners set them anew from what they keep themselves. The alarm may come too
 * early (a deadline moved away) and never too late.
 */
export class Deadlines<Name extends string> {
  readonly #storage: AlarmStorage;
  readonly #now: () => number;
  readonly #due: (name: Name) => void;
  readonly #deadlines = new Map<Name, Deadline>();
  readonly #timers = new Map<Name, { readonly atMs: number; readonly timer: ReturnType<typeof setTimeout> }>();
  /** What the platform's alarm is set to; undefined: not asked yet. */
  #alarmAtMs: number | null | undefined = undefined;

  constructor(storage: AlarmStorage, now: () => number, due: (name: Name) => void) {
    this.#storage = storage;
    this.#now = now;
    this.#due = due;
  }

  /** To be called first when the object has woken, and before any `set`. */
  async restore(): Promise<void> {
    this.#alarmAtMs = await this.#storage.getAlarm();
  }

  /** `atMs` in unix milliseconds; null: none of that name. */
  set(name: Name, atMs: number | null, durable: boolean): void {
    const before = this.#deadlines.get(name);
    if (atMs === null) {
      if (before === undefined) return;
      this.#deadlines.delete(name);
    } else {
      if (before?.atMs === atMs && before.durable === durable) return;
      this.#deadlines.set(name, { atMs, durable });
    }
    this.#setTimer(name);
    this.#setAlarm();
  }

  /** The alarm came: the platform has none any more. Whatever is due is done; the rest is set again. */
  alarmed(): void {
    this.#alarmAtMs = null;
    const now = this.#now();
    for (const [name, { atMs }] of [...this.#deadlines]) {
      if (atMs <= now) this.#ring(name);
      // One that was far away when it was set and has come near since.
      else this.#setTimer(name);
    }
    this.#setAlarm();
  }

  #ring(name: Name): void {
    this.#deadlines.delete(name);
    this.#setTimer(name);
    this.#due(name);
  }

  #setTimer(name: Name): void {
    const deadline = this.#deadlines.get(name);
    const running = this.#timers.get(name);
    const delay = deadline === undefined ? null : Math.max(0, deadline.atMs - this.#now());
    const wanted = deadline !== undefined && delay !== null && (!deadline.durable || delay <= timerHorizonMs);
    if (running !== undefined) {
      // One that comes too early finds nothing due and is set again: cheaper than a new timer for each message.
      if (wanted && running.atMs <= deadline.atMs) return;
      clearTimeout(running.timer);
      this.#timers.delete(name);
    }
    if (!wanted) return;
    const ring = () => {
      this.#timers.delete(name);
      const deadline = this.#deadlines.get(name);
      if (deadline !== undefined && deadline.atMs > this.#now()) this.#setTimer(name);
      else this.#ring(name);
      this.#setAlarm();
    };
    this.#timers.set(name, { atMs: deadline.atMs, timer: setTimeout(ring, delay) });
  }

  /** Sets the platform's alarm where the one it has would come too late; one that comes too early is left to come. */
  #setAlarm(): void {
    const now = this.#now();
    let latest = Number.POSITIVE_INFINITY;
    let target = Number.POSITIVE_INFINITY;
    for (const [name, { atMs, durable }] of this.#deadlines) {
      if (!durable) continue;
      const hasTimer = this.#timers.has(name);
      target = Math.min(target, hasTimer ? atMs + backstopMs : atMs);
      // A backstop may be late by as much again: else each look at a pod would write a row.
      latest = Math.min(latest, hasTimer ? atMs + 2 * backstopMs : atMs);
    }
    if (target === Number.POSITIVE_INFINITY) {
      // One that is near anyway is left to come: the next deadline is likely to be set in a moment.
      if (typeof this.#alarmAtMs !== "number" || this.#alarmAtMs <= now + 2 * backstopMs) return;
      this.#alarmAtMs = null;
      void this.#storage.deleteAlarm();
      return;
    }
    if (typeof this.#alarmAtMs === "number" && this.#alarmAtMs > now && this.#alarmAtMs <= latest) return;
    this.#alarmAtMs = target;
    void this.#storage.setAlarm(target);
  }
}
