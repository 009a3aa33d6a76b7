// Owns the decision who may come in.
// Must not know how the claims were had or what a refused person is shown.

import type { AccessRule, Config } from "../config.ts";

/** What the issuer says of a person, as far as Limpet reads it. */
export interface Claims {
  readonly subject: string;
  readonly name: string | null;
  readonly email: string | null;
  readonly emailVerified: boolean;
  readonly groups: readonly string[];
}

/** True where one of the rule's lists has this person. An address counts only when the issuer verified it. */
export function mayComeIn(rule: AccessRule, claims: Claims): boolean {
  if (rule.domains.has("*")) return true;
  if (claims.groups.some((group) => rule.groups.has(group))) return true;
  if (claims.email === null || !claims.emailVerified) return false;
  const email = claims.email.toLowerCase();
  return rule.emails.has(email) || rule.domains.has(email.slice(email.lastIndexOf("@") + 1));
}

/** True where one of the two lists has this person. An address counts only when the issuer verified it. */
export function isAdministrator(rule: Config["administrators"], claims: Claims): boolean {
  if (claims.groups.some((group) => rule.groups.has(group))) return true;
  return claims.email !== null && claims.emailVerified && rule.emails.has(claims.email.toLowerCase());
}

/**
 * Reads the claims of an ID token or of userinfo; the first source that has a claim counts. Wrong types count as absent.
 * `email_verified` is the text "true" at some issuers.
 */
export function readClaims(subject: string, groupsClaim: string, sources: readonly object[]): Claims {
  const first = (name: string): unknown => {
    for (const source of sources) {
      const value: unknown = Reflect.get(source, name);
      if (value !== undefined && value !== null) return value;
    }
    return undefined;
  };
  const text = (name: string): string | null => {
    const value = first(name);
    return typeof value === "string" && value.trim() !== "" ? value.trim().slice(0, 320) : null;
  };
  // An address and the word on whether it was verified must come from one source.
  const mail = sources.find((source) => typeof Reflect.get(source, "email") === "string") ?? {};
  const verified: unknown = Reflect.get(mail, "email_verified");
  const groups = first(groupsClaim);
  return {
    subject,
    name: text("name") ?? text("preferred_username"),
    email: text("email"),
    emailVerified: verified === true || verified === "true",
    groups: (Array.isArray(groups) ? groups : [groups]).filter((group) => typeof group === "string"),
  };
}
