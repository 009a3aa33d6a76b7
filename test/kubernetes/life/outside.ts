// Owns what the shells of a proof find on the internet: a forge over https, and a server of locks as terraform's http
// backend speaks to it (LOCK and UNLOCK). Both are of this machine, and stand outside of the cluster.
// Must not know Limpet.

import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { makeCertificate } from "../../../dev/kubernetes/pki/x509.ts";
import { startHttpGitServer } from "../../git-servers/http-git-server.ts";
import { type Files, git, makeRepository } from "../../git-servers/repositories.ts";
import type { OwnKubernetes } from "../harness/kubernetes.ts";

export const goodToken = "glpat-0123456789abcdefghij";

/** Times are performance.now(). */
export interface Lock {
  readonly name: string;
  readonly takenMs: number;
  /** `null` as long as it is held. */
  releasedMs: number | null;
}

export interface Repository {
  /** As a person gives it. */
  readonly url: string;
  /** Names of refs upstream. */
  refs(): readonly string[];
}

export interface Outside {
  /** PEM: who signed the forge's certificate. */
  readonly ca: string;
  newRepository(name: string, files: Files): Repository;
  /** Address of a lock, for a shell. */
  lockUrl(name: string): string;
  /** Every lock that was ever taken, oldest first. */
  readonly locks: readonly Lock[];
  close(): Promise<void>;
}

export async function openOutside({ control, file }: OwnKubernetes): Promise<Outside> {
  const root = mkdtempSync(join(tmpdir(), "limpet-outside-"));
  const host = (name: string): string => `${name}.${file.outside.domain}`;
  const authority = { commonName: "The company", usage: "authority" } as const;
  const ca = { ...authority, ...makeCertificate(authority) };
  const tls = makeCertificate({ commonName: host("forge"), usage: "server", names: [host("forge")] }, ca);
  const users = [{ name: "x-access-token", password: goodToken, write: true }];
  const forge = await startHttpGitServer({ root, users, tls });
  const lockServer = await startLockServer();
  for (const { port } of [forge, lockServer]) await control.outside(port, port);
  return {
    ca: ca.cert,
    newRepository(name, files) {
      const bare = makeRepository(root, `team/${name}`, { files });
      return {
        url: `https://${host("forge")}:${forge.port}/team/${name}.git`,
        refs: () => git(bare, "for-each-ref", "--format=%(refname)").split("\n"),
      };
    },
    lockUrl: (name) => `http://${host("locks")}:${lockServer.port}/${name}`,
    locks: lockServer.locks,
    async close() {
      await Promise.all([forge.close(), lockServer.close()]);
      rmSync(root, { recursive: true, force: true });
    },
  };
}

async function startLockServer(): Promise<{
  readonly port: number;
  readonly locks: readonly Lock[];
  close(): Promise<void>;
}> {
  const locks: Lock[] = [];
  const server = createServer((request, response) => {
    void text(request).then(() => {
      const name = (request.url ?? "/").slice(1);
      const held = locks.find((lock) => lock.name === name && lock.releasedMs === null);
      if (request.method === "LOCK" && held !== undefined) response.writeHead(423);
      else if (request.method === "LOCK") locks.push({ name, takenMs: performance.now(), releasedMs: null });
      else if (request.method === "UNLOCK" && held !== undefined) held.releasedMs = performance.now();
      else response.writeHead(409);
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    locks,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
