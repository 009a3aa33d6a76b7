// Owns a person's secrets between their plain text and their rows: sealed for one person and one name, and opened so.
// Must not know which secret means what.

import type { SecretRow } from "../db/secrets.ts";
import type { SecretName } from "../shells/shell-setup.ts";
import { openText, sealText } from "./seal.ts";
import type { SealKeys } from "./seal-keys.ts";

/** The row to put (`putSecret`). */
export async function sealSecret(keys: SealKeys, userId: string, name: SecretName, text: string): Promise<SecretRow> {
  return { userId, name, ...(await sealText(keys, { owner: userId, name }, text)) };
}

/** @throws LimpetError `SECRET_UNREADABLE`: names the key and the secret; the row stays as it is */
export async function openSecret(keys: SealKeys, row: SecretRow): Promise<string> {
  return openText(keys, { owner: row.userId, name: row.name }, row.sealed);
}

/** All of these, by name. @throws LimpetError `SECRET_UNREADABLE`, for the first that does not open */
export async function openSecrets(
  keys: SealKeys,
  rows: readonly SecretRow[],
): Promise<ReadonlyMap<SecretName, string>> {
  const opened = new Map<SecretName, string>();
  for (const row of rows) opened.set(row.name, await openSecret(keys, row));
  return opened;
}
