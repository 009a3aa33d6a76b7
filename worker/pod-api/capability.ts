// Owns what a pod shows the edge: the capability of one pod of one shell, and the ticket for one snapshot.
// Must not know records: whether the pod is still the shell's is asked elsewhere (pod.ts).

import { isEventId } from "../db/ids.ts";
import { isMac, makeMac } from "../sealing/mac.ts";
import type { SealKeys } from "../sealing/seal-keys.ts";

/**
 * What a capability says: this pod of this shell, in this generation of the record. It may upload a snapshot of the home
 * and report; it reads nothing.
 */
export interface Capability {
  readonly shellId: string;
  /** As the cluster gave it. */
  readonly podUid: string;
  /** `shells.capability_generation`; a record with another one is not opened. */
  readonly generation: number;
}

/** Minutes in which `setup` can fetch the home; a large one over a slow line takes some. */
export const ticketLifeMs = 15 * 60_000;

const shape = /^lc1\.([0-9a-z]{1,64})\.([0-9A-Za-z-]{1,64})\.(0|[1-9][0-9]{0,14})\.([\w-]{43})$/;
const ticketShape = /^lt1\.([0-9a-z]{26})\.([1-9][0-9]{0,11})\.([\w-]{43})$/;

/** `lc1.<shellId>.<podUid>.<generation>.<mac>`, under the first seal key. */
export async function makeCapability(keys: SealKeys, capability: Capability): Promise<string> {
  const text = `lc1.${capability.shellId}.${capability.podUid}.${capability.generation}`;
  const made = `${text}.${await makeMac(keys, "capability", text)}`;
  if (!shape.test(made)) throw new Error("a shell's id, pod's uid or generation does not fit a capability");
  return made;
}

/** What it says, where one of our keys made it; null for anything else. */
export async function verifyCapability(keys: SealKeys, text: string): Promise<Capability | null> {
  const match = shape.exec(text);
  if (match === null) return null;
  const [, shellId = "", podUid = "", generation = "", mac = ""] = match;
  if (!(await isMac(keys, "capability", text.slice(0, text.lastIndexOf(".")), mac))) return null;
  return { shellId, podUid, generation: Number(generation) };
}

/** `lt1.<snapshotId>.<expiresUnixSeconds>.<mac>`: opens this one snapshot for a quarter of an hour. */
export async function makeTicket(keys: SealKeys, snapshotId: string, nowMs: number): Promise<string> {
  const text = `lt1.${snapshotId}.${Math.floor((nowMs + ticketLifeMs) / 1_000)}`;
  const made = `${text}.${await makeMac(keys, "ticket", text)}`;
  if (!ticketShape.test(made)) throw new Error("a snapshot's id does not fit a ticket");
  return made;
}

/** True where it is a ticket for this snapshot, made by one of our keys, and its time is not over. */
export async function isTicketFor(keys: SealKeys, snapshotId: string, text: string, nowMs: number): Promise<boolean> {
  const match = ticketShape.exec(text);
  if (match === null) return false;
  const [, id = "", expires = "", mac = ""] = match;
  const genuine = await isMac(keys, "ticket", text.slice(0, text.lastIndexOf(".")), mac);
  return genuine && isEventId(id) && id === snapshotId && nowMs < Number(expires) * 1_000;
}
