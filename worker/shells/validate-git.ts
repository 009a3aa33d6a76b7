// Owns which branches, tokens and user names may be given for a repository.
// Must not know its address.

import { type Checked, fault, good, hasControls, isPlain } from "./checked.ts";

/** A file below .git, with `.lock` behind it, is named by it. */
const maxBranchBytes = 240;

/** git's own rules for the name of a branch (git-check-ref-format(1), with --branch). */
export function checkBranch(text: string): Checked<string> {
  const name = text.trim();
  const wrong = (what: string) => fault("INVALID_GIT_BRANCH", `The branch's name ${what}`);
  if (name === "") return wrong("is empty. Give one, or null for the repository's own default.");
  if (new TextEncoder().encode(name).length > maxBranchBytes) return wrong(`is longer than ${maxBranchBytes} bytes.`);
  if (name.startsWith("refs/")) return wrong("must be given without refs/heads/ before it.");
  if (name.startsWith("-")) return wrong("must not begin with a dash.");
  if (name === "HEAD" || name === "@") return wrong("must not be HEAD or @, which mean something else to git.");
  if (hasControls(name) || /[ ~^:?*[\\]/.test(name)) {
    return wrong("must have no blanks, no control characters and none of ~ ^ : ? * [ \\ in it.");
  }
  if (name.includes("..") || name.includes("@{")) return wrong("must not have .. or @{ in it.");
  if (name.endsWith(".")) return wrong("must not end with a dot.");
  for (const part of name.split("/")) {
    if (part === "") return wrong("must not begin or end with a slash, nor have two in a row.");
    if (part.startsWith(".") || part.endsWith(".lock")) {
      return wrong("must have no part between slashes that begins with a dot or ends with .lock.");
    }
  }
  return good(name);
}

/** A token as a forge gives it. @returns it without the blanks around it that were copied along */
export function checkToken(text: string): Checked<string> {
  const token = text.trim();
  const wrong = (what: string) => fault("INVALID_GIT_TOKEN", `What was given as the git token ${what}`);
  if (token === "") return wrong("is empty. Make one at your forge that may read and write the repository.");
  if (token.includes("PRIVATE KEY-----")) return wrong("is a private key. Give it as the key.");
  if (!isPlain(token, 4_096)) return wrong("is none: a token is one word without blanks, at most 4,096 characters.");
  return good(token);
}

/** The user name that goes with a token. A colon would end it early (RFC 7617). */
export function checkTokenUser(text: string): Checked<string> {
  const user = text.trim();
  if (isPlain(user, 256) && !user.includes(":")) return good(user);
  return fault(
    "INVALID_GIT_TOKEN",
    "The user name beside the git token must be one word without blanks and colons. Leave it out where your forge wants none.",
  );
}
