// Owns who asks: the pod that shows a capability, and whether it is its shell's pod at this moment.
// Must not know what a pod may then do.

import type { AppContext } from "../context.ts";
import { openDatabase } from "../db/database.ts";
import { findOwner, type WritingPod } from "../db/snapshots.ts";
import { LimpetError } from "../errors.ts";
import { limitAddress, limitPod } from "../rate-limit.ts";
import { verifyCapability } from "./capability.ts";

/** The pod, and whose shell it is. */
export interface KnownPod extends WritingPod {
  readonly userId: string;
}

/**
 * Lets the shell's present pod pass. What is forged, of another pod, of an earlier generation or of a shell that is gone
 * is all the same to whoever asks. Pods of one cluster may have one address, so each shell has a limit of its own; who
 * shows nothing good is counted by address.
 * @throws LimpetError `INVALID_CAPABILITY`, `TOO_MANY_REQUESTS`
 */
export async function requirePod(c: AppContext): Promise<KnownPod> {
  const capability = await verifyCapability(c.get("config").sealKeys, bearer(c));
  if (capability === null) return refuseStranger(c);
  await limitPod(c, capability.shellId);
  const userId = await findOwner(openDatabase(c.env), capability, Date.now());
  if (userId === null) throw invalidCapability();
  return { ...capability, userId };
}

/** Counted by address. @throws LimpetError `INVALID_CAPABILITY`, `TOO_MANY_REQUESTS` */
export async function refuseStranger(c: AppContext): Promise<never> {
  await limitAddress(c, async () => {});
  throw invalidCapability();
}

/** What stands behind `Bearer`; empty where there is nothing. */
export function bearer(c: AppContext): string {
  return /^Bearer +(\S+) *$/i.exec(c.req.header("authorization") ?? "")?.[1] ?? "";
}

function invalidCapability(): LimpetError {
  return new LimpetError(
    "INVALID_CAPABILITY",
    "This opens nothing here (any more). A pod gets what it needs when its shell is set up.",
  );
}
