// Owns the file in which whoever runs a deployed Limpet keeps its signing keys, and which step of a change it stands at.
// Must not know how the Worker gets them. Cloudflare gives no secret back: without this file no key can be kept beside a new one.

import { readFile, rename, writeFile } from "node:fs/promises";
import { parseSigningKeys, type SigningKey } from "../../worker/signing-keys.ts";

export type Step = "first" | "added" | "promoted" | "retired" | "stolen";

/** `keys` is what `SIGNING_KEYS` has: the first one signs. */
export interface KeptKeys {
  readonly keys: readonly SigningKey[];
  /** The last one that was begun. */
  readonly step: Step;
  /** When. */
  readonly at: string;
  /** The Worker has them. */
  readonly sent: boolean;
}

const steps: readonly string[] = ["first", "added", "promoted", "retired", "stolen"];

/**
 * Until the cluster's side has read a key that was published (two minutes), and until no sign-in is under way that was sealed
 * with an older one (ten).
 */
const waitMinutes: Readonly<Record<Step, number>> = { first: 0, added: 2, promoted: 10, retired: 0, stolen: 0 };

export function nextStep(kept: KeptKeys | null): "first" | "added" | "promoted" | "retired" {
  if (kept === null) return "first";
  if (kept.step === "added") return "promoted";
  return kept.step === "promoted" ? "retired" : "added";
}

/** Whole minutes until the next step may be taken. */
export function minutesLeft({ step, at }: KeptKeys, now: Date): number {
  return Math.max(0, Math.ceil((Date.parse(at) + waitMinutes[step] * 60_000 - now.getTime()) / 60_000));
}

/** Null where there is no such file. @throws Error where it is none of ours */
export async function readKeptKeys(path: string): Promise<KeptKeys | null> {
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  });
  if (text === null) return null;
  const kept = parseKeptKeys(text);
  if (kept === null) throw new Error(`${path} has no signing keys as this command keeps them: put it right first.`);
  return kept;
}

/** A bare JWK Set, as one may have made it by hand, stands at its end. */
function parseKeptKeys(text: string): KeptKeys | null {
  const keys = parseSigningKeys(text);
  if (keys === null) return null;
  const value: unknown = JSON.parse(text);
  const field = (name: string): unknown => Reflect.get(Object(value), name);
  const [step, at] = [field("step"), field("at")];
  if (step === undefined) return { keys, step: "retired", at: new Date(0).toISOString(), sent: true };
  if (!isStep(step) || typeof at !== "string" || Number.isNaN(Date.parse(at))) return null;
  if ((step === "added" || step === "promoted") !== (keys.length === 2)) return null;
  return { keys, step, at, sent: field("sent") === true };
}

function isStep(value: unknown): value is Step {
  return typeof value === "string" && steps.includes(value);
}

/** Whole or not at all. */
export async function writeKeptKeys(path: string, kept: KeptKeys): Promise<void> {
  await writeFile(`${path}.new`, `${JSON.stringify(kept, null, 2)}\n`, { mode: 0o600 });
  await rename(`${path}.new`, path);
}
