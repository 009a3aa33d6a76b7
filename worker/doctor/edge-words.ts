// Owns what is said of the edge's own parts: from what was seen of them to a finding.
// Must not know how any of it was seen.

import { type Finding, failed, ok, quote, warning } from "./check.ts";

/** `faults`: what `parseConfig` said; null where it took all of it. `examples`: variables that stand as they were shipped. */
export interface SeenConfiguration {
  readonly fault: string | null;
  readonly examples: readonly string[];
  readonly local: boolean;
  readonly administrators: boolean;
}

export function configurationWords({ fault, examples, local, administrators }: SeenConfiguration): Finding {
  if (fault !== null) {
    return failed(quote(fault), "Put it right in wrangler.toml (or with npx wrangler secret put) and deploy again.");
  }
  if (examples.length > 0) {
    return failed(
      `Still the example of wrangler.toml: ${examples.join(", ")}.`,
      "Put your own values there and deploy again; docs/install.md goes through them.",
    );
  }
  if (local) return ok("Every variable is there and well-formed. This is a local Limpet.");
  if (!administrators) {
    return warning(
      "Every variable is there and well-formed; nobody is named as an administrator.",
      "Set ADMIN_EMAILS or ADMIN_GROUPS, so that somebody sees everybody's shells and this page.",
    );
  }
  return ok("Every variable is there and well-formed.");
}

export function databaseWords(seen: { readonly ms: number } | { readonly error: string }): Finding {
  if ("ms" in seen) return ok(`It answers in ${seen.ms} ms.`);
  return failed(
    `It does not answer (${quote(seen.error)}).`,
    "Look whether database_id in wrangler.toml is this account's database (npx wrangler d1 list), and at the platform's status page.",
  );
}

/** Names of files: what was applied to this D1, and what this Worker was built with. `applied` null: there is no such table. */
export function migrationsWords(applied: readonly string[] | null, known: readonly string[]): Finding {
  const there = new Set(applied ?? []);
  const missing = known.filter((name) => !there.has(name));
  const todo = "Run npm run deploy, which applies them first (or npx wrangler d1 migrations apply DB --remote).";
  if (applied === null || there.size === 0) return failed("None was applied: D1 has no tables of Limpet's.", todo);
  if (missing.length > 0) return failed(`Not applied: ${missing.join(", ")}.`, todo);
  const newer = [...there].filter((name) => !known.includes(name));
  if (newer.length > 0) {
    return warning(
      `D1 is newer than this Worker: it has ${newer.join(", ")}.`,
      "An older Worker was deployed, or a deployment stopped half-way: deploy the newest one.",
    );
  }
  return ok(`All ${known.length} are applied; the newest is ${known.at(-1)}.`);
}

export type SeenStorage =
  | { readonly type: "fine"; readonly ms: number }
  | { readonly type: "lost" }
  | { readonly type: "error"; readonly doing: "write" | "read" | "delete"; readonly error: string };

export function storageWords(seen: SeenStorage): Finding {
  const todo =
    "Look whether bucket_name in wrangler.toml is a bucket of this account (npx wrangler r2 bucket list), and at the platform's status page.";
  switch (seen.type) {
    case "fine":
      return ok(`A small object was written, read and deleted in ${seen.ms} ms.`);
    case "lost":
      return failed("A small object was written, and something else was read.", todo);
    case "error":
      return failed(`It could not ${seen.doing} a small object (${quote(seen.error)}).`, todo);
  }
}

export function objectWords(seen: { readonly ms: number } | { readonly error: string }): Finding {
  if ("ms" in seen) return ok(`One answers in ${seen.ms} ms.`);
  return failed(
    `None answers (${quote(seen.error)}).`,
    "Look at the Worker's log (npx wrangler tail) and the platform's status page.",
  );
}

/** One key's name, how many rows are sealed under it, and why one of them did not open. */
export interface SeenSealKey {
  readonly kid: string;
  readonly rows: number;
  readonly fault: string | null;
}

export function sealKeysWords(first: string, seen: readonly SeenSealKey[]): Finding {
  const closed = seen.filter(({ fault }) => fault !== null);
  if (closed.length > 0) {
    const each = closed.map(({ kid, rows, fault }) => `${rows} under “${kid}” (${quote(fault ?? "")})`);
    return failed(
      `Rows that do not open: ${each.join("; ")}.`,
      "Put that key back into SEAL_KEYS (npx wrangler secret put SEAL_KEYS); npm run rotate -- FILE --status compares your file with D1.",
    );
  }
  const rows = seen.reduce((sum, key) => sum + key.rows, 0);
  if (rows === 0) return ok(`“${first}” seals; nothing is sealed yet.`);
  const older = seen.filter(({ kid }) => kid !== first).reduce((sum, key) => sum + key.rows, 0);
  const rest = older === 0 ? "" : `; ${older} of them wait to be sealed anew under “${first}”`;
  if (seen.length === 1) return ok(`A row of the ${rows} that are sealed opens${rest}.`);
  return ok(`A row under each of the ${seen.length} keys in use opens, ${rows} rows in all${rest}.`);
}

/** The last run of the clock. */
export interface SeenReaper {
  readonly atMs: number;
  /** Steps that failed in it. */
  readonly failed: readonly string[];
}

/** It comes each minute; two may be missed without harm. */
const reaperLateMs = 3 * 60_000;

export function reaperWords(seen: SeenReaper | null, nowMs: number): Finding {
  const todo = "Look at the Worker's cron trigger (it must be * * * * *) and at its log: npx wrangler tail.";
  if (seen === null) {
    return warning(
      "The clock has not run yet.",
      "It comes each minute: look again in two. If it still has not, the Worker has no cron trigger (wrangler.toml, [triggers]).",
    );
  }
  const agoMs = nowMs - seen.atMs;
  const ago = agoMs < 120_000 ? `${Math.max(0, Math.round(agoMs / 1000))} s` : `${Math.round(agoMs / 60_000)} minutes`;
  if (agoMs > reaperLateMs) return failed(`The clock's last run was ${ago} ago; it should come each minute.`, todo);
  if (seen.failed.length > 0) {
    return warning(`The clock ran ${ago} ago, and failed at ${seen.failed.join(", ")}.`, "The Worker's log says why.");
  }
  return ok(`The clock ran ${ago} ago.`);
}

/** What of an issuer's discovery document and keys matters for signing in. */
export type SeenIssuer =
  | { readonly type: "unreachable"; readonly error: string }
  | { readonly type: "wrong-document"; readonly error: string }
  | {
      readonly type: "document";
      /** Endpoints that are missing in it. */
      readonly missing: readonly string[];
      /** True where it lists PKCE methods and S256 is none of them. */
      readonly withoutPkce: boolean;
      /** How many keys it publishes; null: they cannot be had. */
      readonly keys: number | null;
      readonly ms: number;
    };

export function issuerWords(host: string, seen: SeenIssuer): Finding {
  switch (seen.type) {
    case "unreachable":
      return failed(
        `${host} does not answer (${quote(seen.error)}).`,
        "Look whether OIDC_ISSUER is spelt right and can be reached from the internet.",
      );
    case "wrong-document":
      return failed(
        `${host} answers, but not as the issuer that OIDC_ISSUER names (${quote(seen.error)}).`,
        "OIDC_ISSUER must be exactly the “issuer” of its /.well-known/openid-configuration, without that path.",
      );
    case "document": {
      const { missing, withoutPkce, keys, ms } = seen;
      if (missing.length > 0) {
        return failed(
          `${host} has no ${missing.join(" and no ")}.`,
          "It is no issuer for signing people in: name another in OIDC_ISSUER.",
        );
      }
      if (keys === null || keys === 0) {
        return failed(
          `${host} publishes no keys that can be read.`,
          "Nobody can sign in: ask whoever runs the issuer.",
        );
      }
      if (withoutPkce) {
        return failed(
          `${host} does not take PKCE with S256, which Limpet always uses.`,
          "Allow PKCE (S256) for this client at the issuer.",
        );
      }
      return ok(`${host} answers in ${ms} ms and publishes ${keys === 1 ? "one key" : `${keys} keys`}.`);
    }
  }
}

/** What the issuer's sign-in page did with our client and redirect URI, asked to show nothing (`prompt=none`). */
export type SeenRedirect =
  /** It sent us back to our own address. `error`: its word, `login_required` as a rule. */
  | { readonly type: "back"; readonly error: string | null }
  | { readonly type: "refused"; readonly status: number }
  | { readonly type: "elsewhere"; readonly status: number }
  | { readonly type: "unreachable"; readonly error: string };

/** Words of an issuer that knows client and address and only wants somebody to sign in (OpenID Connect Core, 3.1.2.6). */
const wantsPerson: readonly (string | null)[] = [
  "login_required",
  "interaction_required",
  "consent_required",
  "account_selection_required",
];

export function redirectWords(redirectUri: string, clientId: string, seen: SeenRedirect): Finding {
  switch (seen.type) {
    case "back":
      if (seen.error === null || wantsPerson.includes(seen.error)) {
        return ok(`The issuer knows “${clientId}” and sends people back to ${redirectUri}.`);
      }
      return failed(
        `The issuer knows ${redirectUri}, and refuses the client “${clientId}” (${quote(seen.error)}).`,
        "Look at this client at the issuer: the authorization code flow with PKCE, and the scopes of OIDC_SCOPES, must be allowed.",
      );
    case "refused":
      return failed(
        `The issuer refuses the client “${clientId}” or the address ${redirectUri} (HTTP ${seen.status}).`,
        `Register exactly ${redirectUri} as a redirect URI of that client, and look whether OIDC_CLIENT_ID is spelt right.`,
      );
    case "elsewhere":
      return warning(
        `The issuer does not say by itself whether it knows “${clientId}” and ${redirectUri} (HTTP ${seen.status}).`,
        "Sign in once in a private window: an error page of the issuer's names what is wrong.",
      );
    case "unreachable":
      return failed(
        `The issuer's sign-in page does not answer (${quote(seen.error)}).`,
        "Ask whoever runs the issuer.",
      );
  }
}

/** `running`: shells that take a place of SHELL_LIMIT; `limit` null: there is none. */
export function limitWords(running: number, limit: number | null): Finding {
  const run = running === 1 ? "1 shell runs" : `${running} shells run`;
  if (limit === null) return ok(`${run}; SHELL_LIMIT sets no limit.`);
  if (running < limit) return ok(`${run}, of ${limit} (SHELL_LIMIT).`);
  return warning(
    `${run}, of ${limit}: nobody else can begin one.`,
    "Delete shells that nobody needs, or raise SHELL_LIMIT (and the ResourceQuota of cluster/base with it).",
  );
}

export function signingKeyWords(
  kids: readonly string[],
  seen: "verifies" | "does-not-verify" | { readonly error: string },
): Finding {
  const [first = ""] = kids;
  if (seen === "verifies") {
    const more = kids.length === 1 ? "" : `; published beside it: ${kids.slice(1).join(", ")}`;
    return ok(`“${first}” signs, and its public half verifies${more}.`);
  }
  const todo = "Make a new key: npm run signing-keys -- FILE --stolen (docs/operate.md, The signing keys).";
  if (seen === "does-not-verify")
    return failed(`“${first}”: its public half (x, y) is not that of its private one.`, todo);
  return failed(`“${first}” cannot be used (${quote(seen.error)}).`, todo);
}

/** The edge's own documents as the edge itself sees them at PUBLIC_URL. */
export type SeenPublicUrl =
  | { readonly type: "unreachable"; readonly error: string }
  | { readonly type: "other"; readonly status: number }
  | { readonly type: "documents"; readonly issuer: string; readonly kids: readonly string[] };

export function publicUrlWords(publicUrl: string, kids: readonly string[], seen: SeenPublicUrl): Finding {
  switch (seen.type) {
    case "unreachable":
      return warning(
        `The edge does not reach its own address ${publicUrl} (${quote(seen.error)}).`,
        "That may be the platform's doing (a Worker on a route of its own zone does not see itself): npm run doctor looks from outside.",
      );
    case "other":
      // A Worker that is called through a route gets the zone's origin in its own place.
      return warning(
        `At ${publicUrl} the edge does not find its own documents (HTTP ${seen.status}).`,
        "Look whether PUBLIC_URL is where this Worker is; npm run doctor looks from outside.",
      );
    case "documents": {
      const missing = kids.filter((kid) => !seen.kids.includes(kid));
      const foreign = seen.kids.filter((kid) => !kids.includes(kid));
      if (seen.issuer !== publicUrl) {
        return failed(
          `Another installation answers at ${publicUrl}: it calls itself ${quote(seen.issuer)}.`,
          "Set PUBLIC_URL to the address of this Worker.",
        );
      }
      if (missing.length > 0 || foreign.length > 0) {
        const what = [
          ...(missing.length > 0 ? [`it lacks ${missing.join(", ")}`] : []),
          ...(foreign.length > 0 ? [`it has ${foreign.join(", ")} of somebody else`] : []),
        ];
        return failed(
          `The keys at ${publicUrl} are not those of SIGNING_KEYS: ${what.join("; ")}.`,
          "If the keys were changed a minute ago, look again (they are cached for one); otherwise PUBLIC_URL is another installation's.",
        );
      }
      return ok(`${publicUrl} publishes the keys that sign here.`);
    }
  }
}
