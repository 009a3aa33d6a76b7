// Owns the lines that cluster/image/attach prints around tmux's own.
// Must not know control mode.

export type AttachLine =
  /** tmux follows; `token` is repeated by the end. */
  | { readonly type: "begin"; readonly token: string }
  | { readonly type: "no-tmux" }
  | { readonly type: "error"; readonly message: string }
  | { readonly type: "exited"; readonly code: number }
  | { readonly type: "superseded" }
  | { readonly type: "detached" };

/** Anything else is `null`. An end counts only with the token of the beginning: no program's output can pass for it. */
export function parseAttachLine(line: string, token: string | null): AttachLine | null {
  const words = line.split(" ");
  if (words[0] !== "limpet-attach") return null;
  if (token === null) {
    if (words[1] !== "1") return null;
    if (words[2] === "no-tmux" && words.length === 3) return { type: "no-tmux" };
    if (words[2] === "error") return { type: "error", message: words.slice(3).join(" ") };
    if (words[2] === "control" && words.length === 4 && /^[0-9a-f]{16}$/.test(words[3] ?? "")) {
      return { type: "begin", token: words[3] ?? "" };
    }
    return null;
  }
  if (words[1] !== "end" || words.at(-1) !== token) return null;
  if (words[2] === "superseded" && words.length === 4) return { type: "superseded" };
  if (words[2] === "detached" && words.length === 4) return { type: "detached" };
  if (words[2] === "exited" && words.length === 5 && /^\d{1,3}$/.test(words[3] ?? "")) {
    return { type: "exited", code: Number(words[3]) };
  }
  return null;
}
