// Owns the wait until the edge publishes the keys that its Worker was given.
// Must not know which step of a change this is, nor what reads the keys afterwards.

import { fetchEdgeKeys } from "../ingress-keys/fetch-keys.ts";

/** A new secret is a new version of the Worker, which places take one after another: usually within seconds. */
const limitMs = 120_000;
const everyMs = 2_000;
/** A place changes over for some seconds, in which older and newer Workers answer by turns. */
const agreements = 3;

export interface Clock {
  pause(ms: number): Promise<void>;
  nowMs(): number;
}

/** @returns null once the edge has published just these keys three times in a row; after two minutes what it did instead */
export async function awaitPublished(publicUrl: string, kids: readonly string[], clock: Clock): Promise<string | null> {
  const url = URL.parse(publicUrl);
  if (url === null) return `PUBLIC_URL of wrangler.toml is no address: ${publicUrl}`;
  const wanted = kids.toSorted().join(", ");
  const deadlineMs = clock.nowMs() + limitMs;
  for (let agreed = 0; ; ) {
    const keys = await fetchEdgeKeys(url);
    const published = typeof keys === "string" ? null : keys.map(({ kid }) => kid).toSorted();
    agreed = published?.join(", ") === wanted ? agreed + 1 : 0;
    if (agreed === agreements) return null;
    if (agreed === 0 && clock.nowMs() >= deadlineMs) {
      return typeof keys === "string" ? keys : `After two minutes ${url.origin} publishes ${published?.join(", ")}.`;
    }
    await clock.pause(everyMs);
  }
}
