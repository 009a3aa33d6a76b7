// Owns what a repository's address says: which transport, which forge, and where a deploy key is pasted there.
// Must not know forms. The API checks an address; this only helps.

export interface GitPlace {
  readonly transport: "https" | "ssh";
  readonly host: string;
  /** Without slashes around it and without `.git`. */
  readonly path: string;
}

/** `null` while it is no address yet. Also `git@host:path`. */
export function gitPlaceOf(url: string): GitPlace | null {
  const text = url.trim();
  const short = /^(?:[\w.-]+@)?([\w.-]+):(?!\/\/)(.+)$/.exec(text);
  if (short !== null) return placeOf("ssh", short[1], short[2]);
  const parsed = URL.parse(text);
  if (parsed === null || parsed.host === "") return null;
  if (parsed.protocol === "ssh:") return placeOf("ssh", parsed.hostname, parsed.pathname);
  // The local environment takes http of this machine; elsewhere the API refuses it.
  if (parsed.protocol === "https:" || parsed.protocol === "http:")
    return placeOf("https", parsed.host, parsed.pathname);
  return null;
}

function placeOf(transport: GitPlace["transport"], host = "", path = ""): GitPlace | null {
  const bare = path.replace(/^\/+|\/+$/g, "").replace(/\.git$/, "");
  return bare === "" ? null : { transport, host: host.toLowerCase(), path: bare };
}

export interface KeyPlace {
  /** `null` where the forge is not known. */
  readonly href: string | null;
  readonly steps: string;
}

/** Where the public half of a deploy key goes. */
export function deployKeyPlace(url: string): KeyPlace {
  const place = gitPlaceOf(url);
  const path = place?.path.split("/").map(encodeURIComponent).join("/");
  if (place?.host === "github.com") {
    const steps = "At GitHub: the repository’s Settings, Deploy keys, Add deploy key. Tick “Allow write access”.";
    return { href: `https://github.com/${path}/settings/keys/new`, steps };
  }
  if (place?.host === "gitlab.com" || place?.host.startsWith("gitlab.") === true) {
    const steps = "At GitLab: the project’s Settings, Repository, Deploy keys. Tick “Grant write permissions”.";
    return { href: `https://${place.host}/${path}/-/settings/repository`, steps };
  }
  return { href: null, steps: "Add it to the repository’s deploy keys, with write access." };
}

/** The same repository by the other transport: a deploy key needs ssh, a token https. `null` where it cannot be told. */
export function otherTransport(url: string): string | null {
  const place = gitPlaceOf(url);
  // Elsewhere the two may lie on other ports or paths.
  const known = place !== null && /^(github\.com|gitlab\.com|bitbucket\.org|codeberg\.org)$/.test(place.host);
  if (!known) return null;
  return place.transport === "https"
    ? `git@${place.host}:${place.path}.git`
    : `https://${place.host}/${place.path}.git`;
}

/** `owner/name` for a heading. */
export function repositoryName(url: string): string {
  return gitPlaceOf(url)?.path ?? url;
}
