// Owns what a client of the cluster must be told: where it is and as whom to speak to it.
// Must not know the variables it is read from, nor shells.

import type { SigningKey } from "../signing-keys.ts";

export interface ClusterSettings {
  /** Base address of the ingress or API server, no slash at its end; may have a path of its own. */
  readonly url: string;
  /** The tokens' `aud`. */
  readonly audience: string;
  /** The tokens' `iss`: this installation's public address. */
  readonly issuer: string;
  readonly namespace: string;
  /** Signs every token; its public half is at `/.well-known/jwks.json`. */
  readonly signingKey: SigningKey;
}
