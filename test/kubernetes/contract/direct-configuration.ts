// Owns the API server's file of the overlay direct as an installation fills it in: its issuer, its audience.
// Must not know what is asked of the API server then.

import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { parse } from "yaml";
import type { HttpsIssuer } from "./https-issuer.ts";

const file = resolve(import.meta.dirname, "../../../cluster/overlays/direct/authentication-configuration.yaml");

/** An AuthenticationConfiguration; each of `jwt` is an issuer. */
export interface DirectConfiguration {
  readonly jwt: readonly object[];
}

/** The issuer's authority is not a public one here, so it is named, too. */
export async function directConfiguration(
  issuer: HttpsIssuer,
  ...audiences: readonly string[]
): Promise<DirectConfiguration> {
  const configuration: unknown = parse(await readFile(file, "utf8"));
  if (typeof configuration !== "object" || configuration === null) throw new Error("the file of direct is no object");
  const jwt: unknown = Reflect.get(configuration, "jwt");
  if (!Array.isArray(jwt) || jwt.length !== 1) throw new Error("the file of direct names not just one issuer");
  return { ...configuration, jwt: [{ ...jwt[0], issuer: issuerOf(issuer, ...audiences) }] };
}

export function issuerOf({ url, ca }: HttpsIssuer, ...audiences: readonly string[]): object {
  return { url, audiences, audienceMatchPolicy: "MatchAny", certificateAuthority: ca };
}
