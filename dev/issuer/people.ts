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

/** Everybody who has signed in since the issuer started. */
export class People {
  /** How each account's name was last written. */
  readonly #names = new Map<string, string>();

  /** @param typed what was typed into the field @returns the account's id, or `null` where it is no name */
  arrive(typed: string): string | null {
    const name = parseName(typed);
    if (name === null) return null;
    // However a name is written, it is one person.
    const id = name.toLowerCase();
    this.#names.set(id, name);
    return id;
  }

  claims(id: string): Person {
    const mailbox = encodeURIComponent(id).replaceAll(".", "%2E").replaceAll("%20", ".").replaceAll("%", "=");
    return {
      sub: id,
      name: this.#names.get(id) ?? id,
      email: `${mailbox}@localhost`,
      email_verified: true,
      groups: ["local"],
    };
  }
}
