// Owns the object that holds a snapshot's bytes: its name, and what its content key is sealed as.
// Must not know how bytes are sealed, or who asks for them.

import type { Seal } from "../sealing/seal.ts";

/** In the bucket SNAPSHOTS: all of a shell's are under one prefix. */
export function objectName(shellId: string, id: string): string {
  return `${shellPrefix(shellId)}${id}`;
}

export function shellPrefix(shellId: string): string {
  return `${shellId}/`;
}

/** Null where it is no name of ours. */
export function parseObjectName(name: string): { readonly shellId: string; readonly id: string } | null {
  const match = /^([0-9a-z]{1,64})\/([0-9a-z]{26})$/.exec(name);
  return match === null ? null : { shellId: match[1] ?? "", id: match[2] ?? "" };
}

export function contentKeySeal(userId: string, id: string): Seal {
  return { owner: userId, name: `snapshot ${id}` };
}
