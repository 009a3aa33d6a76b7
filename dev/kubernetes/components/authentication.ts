// Owns whom the API server believes beside its own certificates and service accounts: structured authentication, as a file.
// Must not know any issuer.

import { rename, writeFile } from "node:fs/promises";

/** Nobody else; anonymous requests reach health checks and nothing more, as without this file. */
const nobody = { apiVersion: "apiserver.config.k8s.io/v1", kind: "AuthenticationConfiguration", jwt: [] };

/** @param configuration an AuthenticationConfiguration; the API server reads a new one within seconds */
export async function writeAuthentication(path: string, configuration: object = nobody): Promise<void> {
  await writeFile(`${path}.new`, `${JSON.stringify(configuration, null, 2)}\n`, { mode: 0o600 });
  await rename(`${path}.new`, path);
}
