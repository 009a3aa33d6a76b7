// Owns a run of the contract suite as it stands against the cluster that it is told of.
// Must not know how that cluster is reached.

import { runSuite, type SuiteResult } from "../harness/suite.ts";

export interface ContractTarget {
  readonly url: string;
  readonly namespace: string;
  readonly image: string;
  readonly issuer: string;
  readonly audience: string;
  /** A private JWK with a `kid`. */
  readonly signingKey: object;
  /** Path of the authority (PEM) of the url's certificate. */
  readonly caPath: string;
}

export async function runContract(target: ContractTarget, limitMs: number): Promise<SuiteResult> {
  const env = {
    CONTRACT_URL: target.url,
    CONTRACT_NAMESPACE: target.namespace,
    CONTRACT_IMAGE: target.image,
    CONTRACT_ISSUER: target.issuer,
    CONTRACT_AUDIENCE: target.audience,
    CONTRACT_SIGNING_KEY: JSON.stringify(target.signingKey),
    NODE_EXTRA_CA_CERTS: target.caPath,
  };
  return await runSuite({ project: "contract", path: "test/contract", env, limitMs });
}
