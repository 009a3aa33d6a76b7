// Owns whether a text can be a kubeconfig that is of use in a pod. It is plausibility: kubectl in the pod reads it in earnest.
// Must not know clusters, nor YAML beyond lines that begin with a key.

import { type Checked, fault, good } from "./checked.ts";

const maxLength = 64 * 1_024;
/** The keys that name files on the machine where it was written. */
const fileKeys = ["certificate-authority", "client-certificate", "client-key", "tokenFile"] as const;

export function checkKubeconfig(text: string): Checked<string> {
  const lines = text.replace(/^\uFEFF/, "").replace(/\r\n?/g, "\n");
  const wrong = (what: string) => fault("INVALID_KUBECONFIG", `What was given as the kubeconfig ${what}`);
  const whole = 'Give the output of "kubectl config view --raw --flatten --minify".';
  if (lines.trim() === "") return wrong(`is empty. ${whole}`);
  if (lines.length > maxLength) return wrong(`is longer than ${maxLength / 1_024} KiB. ${whole}`);
  // Tabs are no blanks to YAML, but they may stand in a comment or a text.
  if (/[^\n\t\P{Cc}]/u.test(lines) || !lines.isWellFormed()) return wrong(`has control characters in it. ${whole}`);
  if (headOf(lines, "kind") !== "Config") return wrong(`has no line "kind: Config". ${whole}`);
  for (const key of ["clusters", "contexts", "users"]) {
    if (headOf(lines, key) === null) return wrong(`has no ${key}. ${whole}`);
  }
  if (/\b(DATA\+OMITTED|REDACTED)\b/.test(lines)) return wrong(`has its secrets left out. ${whole}`);
  const file = fileKeys.find((key) => new RegExp(`^[\\s{,"'-]*${key}["']?:\\s*["']?[^\\s"']`, "m").test(lines));
  if (file !== undefined) return wrong(`names a file on your own machine (${file}). ${whole}`);
  return good(`${lines.trimEnd()}\n`);
}

/** Of a key at the top: what stands behind it on its line, quotes taken off; null where there is no such key. */
function headOf(text: string, key: string): string | null {
  // JSON is YAML too, and kubectl writes it on demand: keys stand deeper and in quotes there.
  const pattern = text.trimStart().startsWith("{") ? `"${key}"\\s*:\\s*(.*)$` : `^["']?${key}["']?:[ \\t]*(.*)$`;
  const [, value] = new RegExp(pattern, "m").exec(text) ?? [];
  if (value === undefined) return null;
  const [, plain = ""] = /^["']?([\w.-]*)/.exec(value) ?? [];
  return plain;
}
