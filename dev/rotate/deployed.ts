// Owns a deployed Limpet as an operator reaches it: its D1 and its secret, through wrangler.
// Must not know what a rotation's steps mean.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { runTool } from "../build/tool.ts";
import type { Query } from "./sealed-rows.ts";

/** What a rotation needs of a deployed Limpet and of the time. */
export interface Deployed {
  readonly query: Query;
  /** Gives the Worker a new `SEAL_KEYS`. @returns false where it was not done */
  putSealKeys(value: string): Promise<boolean>;
  pause(ms: number): Promise<void>;
  now(): Date;
}

/** The one of wrangler.toml, at Cloudflare. */
export function deployedByWrangler(root: string): Deployed {
  return {
    query: deployedRows(root, ["--remote"]),
    putSealKeys: (value) => putSecret(root, "SEAL_KEYS", value),
    pause: (ms) => sleep(ms),
    now: () => new Date(),
  };
}

/** @param where `--remote`, or what names another D1 to wrangler */
export function deployedRows(root: string, where: readonly string[]): Query {
  return async (sql) =>
    parseAnswer(await runTool(root, ["wrangler", "d1", "execute", "DB", ...where, "--json", "--command", sql]));
}

/** `[{"results": […], "success": true, …}]`: one entry a statement. Warnings may stand before and after it. */
export function parseAnswer(said: string): readonly unknown[] {
  const json = /^\[[\s\S]*^\]/m.exec(said)?.[0] ?? /^\[.*\]$/m.exec(said)?.[0];
  const answer: unknown = json === undefined ? null : JSON.parse(json);
  const first: unknown = Array.isArray(answer) ? answer[0] : null;
  const results: unknown = typeof first === "object" && first !== null ? Reflect.get(first, "results") : null;
  if (!Array.isArray(results)) throw new Error(`wrangler did not answer as expected:\n${said.slice(0, 2_000)}`);
  return results;
}

/** The value goes in on stdin: no list of processes shows it. @returns false where wrangler did not do it, and said why */
export async function putSecret(root: string, name: "SEAL_KEYS" | "SIGNING_KEYS", value: string): Promise<boolean> {
  const env = { ...process.env, WRANGLER_HIDE_BANNER: "true", WRANGLER_SEND_METRICS: "false" };
  const child = spawn(join(root, "node_modules/.bin/wrangler"), ["secret", "put", name], {
    cwd: root,
    stdio: ["pipe", "inherit", "inherit"],
    env,
  });
  child.stdin.on("error", () => {});
  child.stdin.end(value);
  const [code] = await once(child, "close");
  return code === 0;
}
