// Owns where a person lands after signing in.
// Must not know the sign-in itself.

const maxLength = 2048;

/** Path, query and fragment on our own origin; anything else, and anything under /auth/, becomes `/`. */
export function parseReturnTo(value: string | undefined, publicUrl: string): string {
  if (value === undefined || value.length > maxLength || !value.startsWith("/")) return "/";
  // The URL parser knows every spelling that leaves the origin: //host, /\host, tabs and line ends within.
  const url = URL.parse(value, publicUrl);
  if (url === null || url.origin !== publicUrl || url.pathname.startsWith("//")) return "/";
  if (url.pathname.startsWith("/auth/")) return "/";
  return `${url.pathname}${url.search}${url.hash}`;
}
