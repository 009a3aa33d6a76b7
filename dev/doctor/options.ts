// Owns what `npm run doctor` is asked for on its command line.
// Must not know how any of it is done.

import { resolve } from "node:path";

export const usage = `npm run doctor                                   the Limpet that npm start runs here
npm run doctor -- https://limpet.example.com     a deployed one; wrangler must be signed in to its account (npx wrangler login)
  --repository ADDRESS   also whether shells reach this repository's host; nothing is cloned
  --local-d1 FOLDER      its D1 is in files on this machine, below FOLDER, and not at Cloudflare
  --json                 one JSON object at the end instead of lines
It ends with 0 where nothing is wrong, with 1 otherwise.`;

export interface Options {
  /** An origin; null: the local Limpet. */
  readonly url: string | null;
  readonly repository: string | null;
  readonly localD1: string | null;
  readonly json: boolean;
}

/** @param from the folder that paths are relative to. @returns a string that says what is wrong */
export function parseOptions(args: readonly string[], from: string): Options | string {
  let options: Options = { url: null, repository: null, localD1: null, json: false };
  const rest = [...args];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === "--json") {
      options = { ...options, json: true };
    } else if (word === "--repository" || word === "--local-d1") {
      const value = rest.shift();
      if (value === undefined || value.startsWith("--")) return `${word} wants a value after it.`;
      options =
        word === "--repository" ? { ...options, repository: value } : { ...options, localD1: resolve(from, value) };
    } else if (word.startsWith("-") || options.url !== null) {
      return `What is ${word}?`;
    } else {
      const url = URL.parse(word);
      if (url === null || !["http:", "https:"].includes(url.protocol)) return `${word} is no https:// address.`;
      if (url.origin !== word.replace(/\/$/, "")) return `Give the address as an origin: ${url.origin}`;
      if (url.protocol === "http:" && !["localhost", "127.0.0.1", "[::1]"].includes(url.hostname)) {
        return "The ticket goes over https only (http is for this machine).";
      }
      options = { ...options, url: url.origin };
    }
  }
  return options;
}
