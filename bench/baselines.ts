// Owns the two ways that Limpet is measured against: straight to the cluster's exec endpoint, and through a bare relay.
// Must not know what is measured.

import { resolve } from "node:path";
import { build } from "esbuild";
import { convertV4MiniflareOptions, Miniflare, NoOpLog } from "miniflare";
import { createTokenMint } from "../worker/kubernetes/token.ts";
import { parseSigningKeys } from "../worker/signing-keys.ts";
import { type Link, openExec } from "./link.ts";
import type { LocalLimpet } from "./local-limpet.ts";

/** What an exec is to run, and where. */
export interface Baseline {
  readonly pod: string;
  readonly command: readonly string[];
  readonly cols: number;
  readonly rows: number;
}

/** A screen that tmux draws, on a server of its own in the same pod: what a terminal without control mode would be. */
export const attachedTmux = [
  "/bin/sh",
  "-c",
  'exec tmux -S "$LIMPET_RUN/bench" -f /dev/null new-session -A -s bench /bin/sh',
];
/** A shell with nothing around it. */
export const bareShell = ["/bin/sh"];

export class Baselines {
  readonly #limpet: LocalLimpet;
  readonly #relay: Miniflare;
  readonly #relayUrl: URL;

  private constructor(limpet: LocalLimpet, relay: Miniflare, relayUrl: URL) {
    this.#limpet = limpet;
    this.#relay = relay;
    this.#relayUrl = relayUrl;
  }

  /** The relay runs on a workerd of its own, in the same configuration as the edge's: Miniflare's API, no wrangler. */
  static async start(limpet: LocalLimpet): Promise<Baselines> {
    const bundle = await build({
      entryPoints: [resolve(import.meta.dirname, "relay/worker.ts")],
      bundle: true,
      format: "esm",
      write: false,
      external: ["cloudflare:workers"],
    });
    const script = bundle.outputFiles[0]?.text ?? "";
    const relay = new Miniflare(
      convertV4MiniflareOptions({
        host: "127.0.0.1",
        port: 0,
        log: new NoOpLog(),
        name: "relay",
        modules: true,
        script,
        compatibilityDate: "2026-11-02",
        durableObjects: { RELAY: { className: "Relay", useSQLite: true } },
      }),
    );
    return new Baselines(limpet, relay, await relay.ready);
  }

  direct(name: string, baseline: Baseline): Promise<Link> {
    return this.#open(name, baseline, (execUrl) => execUrl);
  }

  relayed(name: string, baseline: Baseline): Promise<Link> {
    return this.#open(name, baseline, (execUrl) => {
      const url = new URL("/", this.#relayUrl);
      url.searchParams.set("to", execUrl.href);
      return url;
    });
  }

  stop(): Promise<void> {
    return this.#relay.dispose();
  }

  async #open(name: string, baseline: Baseline, by: (execUrl: URL) => URL): Promise<Link> {
    const { pod, command, cols, rows } = baseline;
    const { namespace, clusterUrl } = this.#limpet;
    const url = new URL(`/api/v1/namespaces/${namespace}/pods/${pod}/exec`, clusterUrl);
    url.searchParams.set("container", "shell");
    for (const word of command) url.searchParams.append("command", word);
    for (const stream of ["stdin", "stdout", "tty"]) url.searchParams.set(stream, "true");
    const token = await this.#mint(pod, `${url.pathname}${url.search}`);
    const target = by(url);
    target.protocol = "ws:";
    return openExec({ name, url: target.href, token, cols, rows, tty: true });
  }

  #mint(pod: string, pathAndQuery: string): Promise<string> {
    const signingKey = parseSigningKeys(JSON.stringify(this.#limpet.keys.signing))?.[0];
    if (signingKey === undefined) throw new Error("The local keys have no signing key.");
    const mint = createTokenMint({ issuer: this.#limpet.url, audience: this.#limpet.audience, signingKey });
    return mint({ subject: "limpet:bench", method: "GET", pathAndQuery, pod }, Date.now());
  }
}
