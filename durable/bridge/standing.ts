// Owns what every viewer is told of the shell as a whole: the pod's progress, the link, the expiry, who else is there.
// Must not know where any of it comes from.

import type { Changed, LinkState, Notice, ShellPhase, ViewerId } from "../protocol/messages.ts";
import type { Outbox } from "./outbox.ts";
import type { Viewer } from "./viewer.ts";

/** What the object knows of the pod. Times in unix milliseconds. */
export interface ShellFacts {
  readonly phase: ShellPhase;
  readonly reason: string | null;
  readonly detail: string | null;
  readonly expiresAt: number | null;
  /** How far `expiresAt` can be moved away at most. */
  readonly extendableUntil: number | null;
}

export class Standing {
  readonly #outbox: Outbox;
  #shell: ShellFacts | null = null;
  /** Goes up with each change; a viewer that was told of an older one is told again. */
  #revision = 0;
  #link: LinkState = "idle";
  #viewers = "";

  constructor(outbox: Outbox) {
    this.#outbox = outbox;
  }

  /** `null` before the object has said anything. */
  get phase(): ShellPhase | null {
    return this.#shell?.phase ?? null;
  }

  set(shell: ShellFacts): void {
    this.#shell = shell;
    this.#revision++;
  }

  /** Tells each viewer what it has not been told. Cheap where nothing changed: called after every event. */
  announce(viewers: ReadonlyMap<ViewerId, Viewer>, leader: ViewerId | null, link: LinkState, nowMs: number): void {
    const present = `${viewers.size} ${leader}`;
    if (link !== this.#link || present !== this.#viewers) this.#revision++;
    this.#link = link;
    this.#viewers = present;
    for (const viewer of viewers.values()) {
      if (viewer.told.revision === this.#revision) continue;
      viewer.told.revision = this.#revision;
      this.#tell(viewer, viewers.size, leader === viewer.id, nowMs);
    }
  }

  /** Said once, to those who are here. */
  say(viewers: ReadonlyMap<ViewerId, Viewer>, message: Notice | Changed): void {
    for (const viewer of viewers.values()) this.#outbox.message(viewer, message);
  }

  /** The expiry is told to everybody anew, with the clock as it stands. */
  repeatExpiry(viewers: ReadonlyMap<ViewerId, Viewer>): void {
    for (const viewer of viewers.values()) viewer.told.expiry = "";
    this.#revision++;
  }

  #tell(viewer: Viewer, count: number, leader: boolean, nowMs: number): void {
    const { told } = viewer;
    if (this.#shell !== null) {
      const { phase, reason, detail, expiresAt: at, extendableUntil: until } = this.#shell;
      const status = JSON.stringify([phase, reason, detail, this.#link]);
      if (told.status !== status)
        this.#outbox.message(viewer, { type: "status", phase, reason, detail, link: this.#link });
      const expiry = JSON.stringify([at, until]);
      if (told.expiry !== expiry) this.#outbox.message(viewer, { type: "expiry", at, until, now: nowMs });
      told.status = status;
      told.expiry = expiry;
    }
    const viewers = `${count} ${leader}`;
    if (told.viewers !== viewers) this.#outbox.message(viewer, { type: "viewers", count, leader });
    told.viewers = viewers;
  }
}
