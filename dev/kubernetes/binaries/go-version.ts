// Owns the order of Go's versions.
// Must not know where a Go is.

/**
 * @param text what `go version` prints, as `go version go1.26.8 linux/amd64`
 * @returns `1.26.8`; `null` for one that is no release (a candidate, a development tree)
 */
export function parseGoVersion(text: string): string | null {
  return /^go version go([0-9]+(?:\.[0-9]+){1,2}) /.exec(text)?.[1] ?? null;
}

/** @returns below 0 where `a` is older; versions as `1.26.8`; a part that is missing counts as 0 */
export function compareGoVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split(".").map(Number));
  for (let place = 0; place < 3; place++) {
    const difference = (left?.[place] ?? 0) - (right?.[place] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
