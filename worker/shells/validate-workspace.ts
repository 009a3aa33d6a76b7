// Owns where below the home a repository may lie.
// Must not know what is cloned there.

import { type Checked, fault, good, hasControls } from "./checked.ts";

const maxLength = 200;

/** @returns the path below the home, without `~/` before it and without slashes around it */
export function checkWorkspace(text: string): Checked<string> {
  const path = text
    .trim()
    .replace(/^~\//, "")
    .replace(/(?<=[^/])\/+$/, "");
  const wrong = (what: string) => fault("INVALID_WORKSPACE", `The repository's folder ${what}`);
  if (path === "" || path === "~") return wrong("is missing. Give a path below the home, as work/infra.");
  if (path.length > maxLength) return wrong(`has a path longer than ${maxLength} characters.`);
  if (hasControls(path)) return wrong("must have no control characters in its path.");
  if (path.startsWith("/")) return wrong("must be below the home: give it without a slash before it, as work/infra.");
  const parts = path.split("/");
  if (parts.includes("..") || parts.includes(".") || parts.includes("")) {
    return wrong("must be a plain path, as work/infra: no empty part, no . and no .. in it.");
  }
  // Git, ssh, the clouds' tools and Limpet itself keep their own things there.
  if (path.startsWith(".") || parts.includes(".git"))
    return wrong("must not be a hidden one: those are the tools' own.");
  if (parts.some((part) => part.startsWith("-") || part.startsWith("~"))) {
    return wrong("must have no part that begins with a dash or a tilde: programs would read it as something else.");
  }
  return good(path);
}
