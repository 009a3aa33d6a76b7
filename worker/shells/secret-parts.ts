// Owns which texts of a set-up's line must be said nowhere: its secrets, and the parts of those that hold several lines.
// Must not know what is said, nor by whom.

import { isObject, parseJson } from "../kubernetes/json.ts";
import type { SetupLine } from "./setup-line.ts";

/** Shorter ones would be found in innocent words. */
const shortestSecret = 6;
/** A part may be a word like any other, so it must be longer. */
const shortestPart = 16;

/** The longest first: none is broken up by one that is a part of it. */
export function secretsIn({ edge, git, aws, google, azure, kubeconfig, save, snapshot }: SetupLine): readonly string[] {
  const whole = [
    edge.capability,
    git?.key,
    git?.token?.token,
    aws?.secretAccessKey,
    aws?.sessionToken,
    google?.serviceAccountKey,
    azure?.clientSecret,
    kubeconfig,
    save.key,
    snapshot?.ticket,
  ].filter((text): text is string => typeof text === "string" && text.length >= shortestSecret);
  const parts = whole.flatMap(partsOf).filter((text) => text.length >= shortestPart);
  return [...new Set([...whole, ...parts])].toSorted((one, other) => other.length - one.length);
}

/** What is secret under one of these names; a server's address or an account's name may be said. */
const tellingKey = /key|token|secret|password|data$/i;
/** A line of a PEM block, or of another text in base64. */
const opaqueLine = /^[A-Za-z0-9+/=_-]+$/;
/** A line of YAML with a value; quotes are taken off. */
const yamlLine = /^[\s-]*["']?([\w.-]+)["']?\s*:\s+["']?([^"']+)["']?$/;

/** Tools quote a line or a value of what they could not read, seldom all of it. */
function partsOf(text: string): string[] {
  const value = parseJson(text);
  return typeof value === "object" && value !== null ? leavesOf("", value) : linesOf(text);
}

function linesOf(text: string): string[] {
  return text.split(/\r?\n/).flatMap((line) => {
    const plain = line.trim();
    if (opaqueLine.test(plain)) return [plain];
    const [, key = "", value = ""] = yamlLine.exec(plain) ?? [];
    return tellingKey.test(key) ? [value.trim()] : [];
  });
}

function leavesOf(key: string, value: unknown): string[] {
  if (typeof value === "string") return tellingKey.test(key) ? [value, ...linesOf(value)] : [];
  if (Array.isArray(value)) return value.flatMap((entry) => leavesOf(key, entry));
  return isObject(value) ? Object.entries(value).flatMap(([name, entry]) => leavesOf(name, entry)) : [];
}
