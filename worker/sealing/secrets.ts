// Owns a person's secrets between their plain text and their rows: sealed for one person and one name, and opened so.
// Must not know which secret means what.

import type { SecretRow } from "../db/secrets.ts";
import { LimpetError } from "../errors.ts";
import type { SecretName } from "../shells/shell-setup.ts";
import { openText, sealText } from "./seal.ts";
import type { SealKeys } from "./seal-keys.ts";

/** Each secret by its name: what it says, or why it does not open. */
export interface OpenedSecrets {
  readonly opened: ReadonlyMap<SecretName, string>;
  /** `SECRET_UNREADABLE`: names the key and the secret. The rows stay as they are. */
  readonly unreadable: ReadonlyMap<SecretName, LimpetError>;
}

/** The row to put (`putSecret`). */
export async function sealSecret(keys: SealKeys, userId: string, name: SecretName, text: string): Promise<SecretRow> {
  return { userId, name, ...(await sealText(keys, { owner: userId, name }, text)) };
}

/** @throws LimpetError `SECRET_UNREADABLE`: names the key and the secret; the row stays as it is */
export async function openSecret(keys: SealKeys, row: SecretRow): Promise<string> {
  return openText(keys, { owner: row.userId, name: row.name }, row.sealed);
}

/** Each by itself: one that does not open takes none of the others away. */
export async function openSecrets(keys: SealKeys, rows: readonly SecretRow[]): Promise<OpenedSecrets> {
  const opened = new Map<SecretName, string>();
  const unreadable = new Map<SecretName, LimpetError>();
  for (const row of rows) {
    try {
      opened.set(row.name, await openSecret(keys, row));
    } catch (error) {
      if (!(error instanceof LimpetError)) throw error;
      unreadable.set(row.name, error);
    }
  }
  return { opened, unreadable };
}
