// Owns the name of a probe: an id like any person's, of nobody.
// Must not know pods.

import { makeUserId } from "../db/ids.ts";

/** A reader of `kubectl get pods` tells a probe from a person's shell by it; nothing else does. */
const prefix = "d0ct0r";

/** 20 digits as those of a person, 70 random bits in them. */
export function makeProbeId(): string {
  return `${prefix}${makeUserId().slice(prefix.length)}`;
}
