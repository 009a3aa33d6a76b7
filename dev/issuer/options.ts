// Owns what the issuer's process is told by its supervisor.
// Must not know how the issuer uses it.

import { objectAt, portAt, textAt, textOrNullAt } from "../start/fields.ts";
import type { IssuerOptions } from "./provider.ts";

/** @throws Error that names the field */
export function parseIssuerProcess(value: unknown): IssuerOptions & { readonly port: number } {
  const client = objectAt(value, "client");
  const { keys } = { keys: Reflect.get(objectAt(value, "signingKeys"), "keys") };
  if (!Array.isArray(keys)) throw new Error("signingKeys.keys must be a list.");
  return {
    issuer: textAt(value, "issuer"),
    client: {
      id: textAt(client, "id"),
      secret: textOrNullAt(client, "secret"),
      redirectUri: textAt(client, "redirectUri"),
    },
    signingKeys: { keys },
    cookieKey: textAt(value, "cookieKey"),
    port: portAt(value, "port"),
  };
}
