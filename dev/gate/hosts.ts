// Owns which Host names the local environment answers to.
// Must not know requests: a page elsewhere that points its own name at this machine must not reach a shell through it.

const loopbackNames: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "[::1]"]);

/**
 * @param host a Host header: name and perhaps a port
 * @param publicHost host and port of the public URL
 */
export function isOurHost(host: string | null, publicHost: string): boolean {
  if (host === null) return false;
  if (host.toLowerCase() === publicHost.toLowerCase()) return true;
  const match = /^(\[[0-9a-f:]+\]|[^:[\]/@\s]+)(:\d{1,5})?$/i.exec(host);
  return match?.[1] !== undefined && loopbackNames.has(match[1].toLowerCase());
}
