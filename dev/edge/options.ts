// Owns what the edge's process is told by its supervisor.
// Must not know miniflare.

import { portAt, textAt, textOrNullAt, textsAt } from "../start/fields.ts";

export interface EdgeOptions {
  readonly root: string;
  /** Where the build wrote the bundles and what wrangler.toml says. */
  readonly buildDir: string;
  /** Where D1 and the objects' storage are kept. */
  readonly persistDir: string;
  readonly port: number;
  readonly publicUrl: string;
  /** `host:port` of the local issuer; `null` where another one is used. */
  readonly issuerAddress: string | null;
  /** `host:port` of a page server in place of the built page; `null`: the built page. */
  readonly pageAddress: string | null;
  /** `host:port` by which pods of a real cluster come; `null`: pods come as a person does. */
  readonly podHost: string | null;
  /** The Worker's environment over that of wrangler.toml. */
  readonly bindings: Readonly<Record<string, string>>;
}

/** @throws Error that names the field */
export function parseEdgeOptions(value: unknown): EdgeOptions {
  return {
    root: textAt(value, "root"),
    buildDir: textAt(value, "buildDir"),
    persistDir: textAt(value, "persistDir"),
    port: portAt(value, "port"),
    publicUrl: textAt(value, "publicUrl"),
    issuerAddress: textOrNullAt(value, "issuerAddress"),
    pageAddress: textOrNullAt(value, "pageAddress"),
    podHost: textOrNullAt(value, "podHost"),
    bindings: textsAt(value, "bindings"),
  };
}
