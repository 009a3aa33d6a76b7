// Owns the reading of what `setup` prints: from a line of its stdout to a word of it.
// Must not know what a word does, nor where the line came from.

import { isObject, parseJson, stringAt } from "../kubernetes/json.ts";
import type { SetupWord } from "./setup-line.ts";
import { parseSetupCheck, setupSteps } from "./shell-setup.ts";

/** Longest sentence of the pod's that is kept, in UTF-16 units. */
const maxTextLength = 1_000;
/** As the codes of Limpet's own errors are written. */
const codeWord = /^[A-Z][A-Z0-9_]{0,63}$/;

/** @returns a word without any of these secrets; null where the line is no word of it: other lines are ignored */
export function parseSetupWord(line: string, secrets: readonly string[]): SetupWord | null {
  if (!line.startsWith("{")) return null;
  const word = parseJson(line);
  if (!isObject(word)) return null;
  const { type, step, state, code } = word;
  // Cut only then: half of a secret would not be found.
  const text = withoutSecrets(stringAt(word, "text") ?? "", secrets).slice(0, maxTextLength);
  switch (type) {
    case "receipt": {
      const nonce = stringAt(word, "nonce");
      return nonce === null ? null : { type, nonce };
    }
    case "step": {
      const known = setupSteps.find((name) => name === step);
      return known === undefined ? null : { type, step: known, text };
    }
    case "check": {
      const word = typeof code === "string" && codeWord.test(code) ? code : null;
      const check = parseSetupCheck({ step, state, code: word, text, at: 0 });
      return check === null ? null : { type, step: check.step, state: check.state, code: check.code, text };
    }
    default:
      return null;
  }
}

/** The script says no secret. Should it quote one all the same (a tool's own words), it goes no further than here. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  let clean = text;
  for (const secret of secrets) clean = clean.replaceAll(secret, "[secret]");
  return clean;
}
