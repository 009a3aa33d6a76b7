// Owns who a name is at the local issuer: the same person each time it is typed in the same way.
// Must not know OpenID Connect's flow.

/** What the issuer says of a person, in OpenID Connect's claims. */
export interface Person {
  readonly sub: string;
  readonly name: string;
  readonly email: string;
  readonly email_verified: true;
  readonly groups: readonly string[];
}

/** Longest name taken, in UTF-16 units. */
export const maxNameLength = 60;

/**
 * @param typed what was typed into the field
 * @returns the name without surrounding and doubled white space, or `null` where nothing is left or it is too long
 */
export function parseName(typed: string): string | null {
  const name = typed
    .normalize("NFC")
    .replace(/[\p{Cc}\p{Cf}]/gu, "")
    .replace(/\s+/gu, " ")
    .trim();
  return name === "" || name.length > maxNameLength ? null : name;
}

/** @param name as `parseName` gave it; also the account id at the issuer. Upper and lower case are one person. */
export function personOf(name: string): Person {
  const account = encodeURIComponent(name.toLowerCase().replaceAll(" ", ".")).replaceAll("%", "=");
  return {
    sub: name.toLowerCase(),
    name,
    email: `${account}@localhost`,
    email_verified: true,
    groups: ["local"],
  };
}
