// Owns which addresses a repository may have: https, or ssh in either of its spellings.
// Must not know how it is cloned; nothing here asks the network.

import { type Checked, fault, good, hasControls } from "./checked.ts";

export interface GitAddress {
  /** As git takes it. */
  readonly url: string;
  /** What a sign-in must fit: a token goes over http, a key over ssh. */
  readonly transport: "http" | "ssh";
}

const maxLength = 1_024;
const userName = /^[A-Za-z0-9_][\w.-]*$/;
/** `git@host:path`. A host with a colon in it stands in brackets. */
const scpLike = /^([^@/:]+)@(\[[^\]]+\]|[^@/:[\]]+):(.+)$/;

/** @param local the local environment: a repository may be on this machine, and over http then */
export function checkGitUrl(text: string, local: boolean): Checked<GitAddress> {
  const given = text.trim();
  if (given === "") return wrong("is missing. Give it as https://host/path or git@host:path.");
  if (given.length > maxLength) return wrong(`is longer than ${maxLength} characters.`);
  if (hasControls(given) || /\s/.test(given)) return wrong("must not have blanks or control characters in it.");
  if (given.startsWith("-")) return wrong("must not begin with a dash.");
  const url = given.includes("://") ? URL.parse(given) : null;
  if (url !== null) return checkUrl(url, local);
  const [, user = "", host = "", path = ""] = scpLike.exec(given) ?? [];
  if (host === "") return wrong("must begin with https:// or ssh://, or be like git@host:path.");
  const refusal = refuseUser(user) ?? refuseHost(host, local) ?? refusePath(path);
  return refusal ?? good({ url: given, transport: "ssh" });
}

/** `http` or `ssh`, of an address that passed `checkGitUrl` once. */
export function transportOf(url: string): GitAddress["transport"] {
  return /^https?:/.test(url) ? "http" : "ssh";
}

function checkUrl(url: URL, local: boolean): Checked<GitAddress> {
  const overHttp = url.protocol === "https:" || url.protocol === "http:";
  if (!overHttp && url.protocol !== "ssh:")
    return wrong("must begin with https:// or ssh://, or be like git@host:path.");
  if (url.protocol === "http:" && !(local && isThisMachine(url.hostname)))
    return wrong("must begin with https://: http would show your token and your work to the network.");
  // A token may stand in the place of the user's name as well.
  if (url.password !== "" || (overHttp && url.username !== ""))
    return wrong("must have no user name, password or token in it: give those as the sign-in.");
  if (url.search !== "" || url.hash !== "")
    return wrong("must have no ? or # in it: give the address that git clones.");
  const refusal =
    (url.username === "" ? null : refuseUser(url.username)) ??
    refuseHost(url.hostname, local) ??
    refusePath(url.pathname.replace(/^\/+/, ""));
  return refusal ?? good({ url: url.href, transport: overHttp ? "http" : "ssh" });
}

function refuseUser(user: string) {
  return userName.test(user) ? null : wrong("has a user name that ssh does not take: most forges want git@.");
}

function refuseHost(host: string, local: boolean) {
  // As a browser reads it: 127.1 and 2130706433 are this machine too, and ssh would find it so.
  const name = URL.parse(`https://${host}/`)?.hostname;
  if (name === undefined || host.startsWith("-") || !/^([\w.-]+|\[[0-9a-f:.]+\])$/i.test(name))
    return wrong("has no host name that can be looked up.");
  if (!local && isThisMachine(name)) return wrong("must not be on localhost: that would be the shell's own pod.");
  return null;
}

function refusePath(path: string) {
  if (path === "" || path === ".git") return wrong("names no repository: a path must follow the host.");
  return path.startsWith("-") ? wrong("has a path that begins with a dash.") : null;
}

/** Loopback and link-local (where clouds keep the credentials of machines); `name` as a URL has it. */
function isThisMachine(name: string): boolean {
  const host = name.replace(/\.$/, "").toLowerCase();
  if (host === "localhost" || host.endsWith(".localhost")) return true;
  if (/^(127|0)\.\d+\.\d+\.\d+$/.test(host) || host.startsWith("169.254.")) return true;
  return /^\[(::1?|::ffff:(7f|0:|a9fe).*|fe[89ab].*)\]$/.test(host);
}

function wrong(what: string) {
  return fault("INVALID_GIT_URL", `The repository's address ${what}`);
}
