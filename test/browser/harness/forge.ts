// Owns a git server for one file of browser tests: a forge with a repository that a token opens.
// Must not know the page.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { ControlClient } from "../../../dev/kubernetes/control/control-client.ts";
import { type HttpGitServer, startHttpGitServer } from "../../git-servers/http-git-server.ts";
import { git, makeRepository } from "../../git-servers/repositories.ts";
import { kubernetes, outsideTls } from "./cluster-target.ts";

export const goodToken = "glpat-0123456789abcdefghij";

export class Forge {
  readonly #root: string;
  readonly #server: HttpGitServer;
  #made = 0;

  private constructor(root: string, server: HttpGitServer) {
    this.#root = root;
    this.#server = server;
  }

  static async open(): Promise<Forge> {
    const root = mkdtempSync(join(tmpdir(), "limpet-forge-"));
    const users = [{ name: "x-access-token", password: goodToken, write: true }];
    if (kubernetes === null || outsideTls === null) return new Forge(root, await startHttpGitServer({ root, users }));
    // Pods find it on the internet, with a certificate that the company signed.
    const server = await startHttpGitServer({ root, users, tls: outsideTls });
    await new ControlClient(kubernetes.control).outside(server.port, server.port);
    return new Forge(root, server);
  }

  /** A new repository with a few files on `main`. */
  newRepository(): { readonly name: string; readonly url: string; refs(): readonly string[] } {
    const name = `sea-${++this.#made}`;
    const files = { "README.md": "# The sea\n", "tides.txt": "low\nhigh\n", "main.tf": 'resource "sea" "salt" {}\n' };
    const bare = makeRepository(this.#root, `team/${name}`, { files });
    return {
      name,
      url: addressOf(this.#server.url(`team/${name}`)),
      refs: () => git(bare, "for-each-ref", "--format=%(refname)").split("\n"),
    };
  }

  async close(): Promise<void> {
    await this.#server.close();
    rmSync(this.#root, { recursive: true, force: true });
  }
}

function addressOf(url: string): string {
  return kubernetes === null ? url : url.replace("127.0.0.1", kubernetes.outside.address);
}

export function useForge(): () => Forge {
  let forge: Forge | undefined;
  beforeAll(async () => {
    forge = await Forge.open();
  });
  afterAll(async () => {
    await forge?.close();
  });
  return () => {
    if (forge === undefined) throw new Error("The forge is opened before the first test.");
    return forge;
  };
}
