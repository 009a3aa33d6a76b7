// Owns a pod as the edge knows it: a shell's record with a pod's uid, a capability, and calls with it.
// Must not know what is tested with it.

import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { eq } from "drizzle-orm";
import { app } from "../../../worker/app.ts";
import { configOf } from "../../../worker/config.ts";
import { openDatabase } from "../../../worker/db/database.ts";
import { makeShellId, makeUserId } from "../../../worker/db/ids.ts";
import { shells, users } from "../../../worker/db/schema.ts";
import { type Capability, makeCapability } from "../../../worker/pod-api/capability.ts";
import { environment } from "../browser.ts";

export const db = openDatabase(env);
export const { sealKeys } = configOf(env);
const hourMs = 3_600_000;

/** Bytes that no two pieces share, and that are the same for one seed. */
export function someBytes(length: number, seed = 1): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let state = seed * 2_654_435_761;
  for (let at = 0; at < length; at += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}

export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export class PodCaller {
  readonly userId: string;
  readonly shellId = makeShellId();
  readonly podUid: string = crypto.randomUUID();
  readonly env: Env;
  readonly #address = crypto.randomUUID();

  private constructor(userId: string, changes: Readonly<Record<string, string>>) {
    this.userId = userId;
    this.env = environment(changes);
  }

  /** A person with a shell whose pod runs. `changes`: variables of the Worker, for this pod's calls. */
  static async runs(changes: Readonly<Record<string, string>> = {}, owner?: string): Promise<PodCaller> {
    const pod = new PodCaller(owner ?? makeUserId(), changes);
    const { userId, shellId, podUid } = pod;
    if (owner === undefined)
      await db.insert(users).values({ id: userId, issuer: "https://issuer.test", subject: userId });
    const now = Date.now();
    await db.insert(shells).values({
      id: shellId,
      userId,
      podName: `limpet-${userId}`,
      podUid,
      desired: "present",
      phase: "ready",
      expiresAt: new Date(now + 6 * hourMs),
      startedAt: new Date(now),
      capabilityGeneration: 2,
    });
    return pod;
  }

  get capability(): Promise<string> {
    return this.capabilityWith({});
  }

  /** Genuine, but for what is changed. */
  capabilityWith(changes: Partial<Capability>): Promise<string> {
    return makeCapability(sealKeys, { shellId: this.shellId, podUid: this.podUid, generation: 2, ...changes });
  }

  async changeRecord(change: Partial<typeof shells.$inferInsert>): Promise<void> {
    await db.update(shells).set(change).where(eq(shells.id, this.shellId));
  }

  /** One request as `curl` sends it: no Origin, no cookie. */
  async call(method: string, path: string, init: RequestInit & { readonly bearer?: string } = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    headers.set("cf-connecting-ip", this.#address);
    headers.set("authorization", `Bearer ${init.bearer ?? (await this.capability)}`);
    const context = createExecutionContext();
    const request = new Request(new URL(path, this.env.PUBLIC_URL), { ...init, method, headers });
    const response = await app.fetch(request, this.env, context);
    await waitOnExecutionContext(context);
    return response;
  }

  post(path: string, body: unknown, bearer?: string): Promise<Response> {
    const init = { headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
    return this.call("POST", path, { ...init, ...(bearer === undefined ? {} : { bearer }) });
  }

  /** `changes`: headers that say something else than what is true; null: that are left out. */
  async upload(
    bytes: Uint8Array<ArrayBuffer>,
    changes: Readonly<Record<string, string | null>> = {},
    bearer?: string,
  ): Promise<Response> {
    const headers = new Headers({ "content-length": String(bytes.length), "x-limpet-sha256": await sha256(bytes) });
    for (const [name, value] of Object.entries(changes)) {
      if (value === null) headers.delete(name);
      else headers.set(name, value);
    }
    const body = new Blob([bytes]).stream();
    return this.call("PUT", "/api/pod/snapshot", { headers, body, ...(bearer === undefined ? {} : { bearer }) });
  }

  /** @returns the snapshot's id */
  async saves(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
    const response = await this.upload(bytes);
    if (response.status !== 201) throw new Error(`not saved: ${response.status} ${await response.text()}`);
    const { id } = await response.json<{ id: string }>();
    return id;
  }

  /** Names of this shell's objects in the bucket, without its prefix. */
  async objects(): Promise<string[]> {
    const { objects } = await env.SNAPSHOTS.list({ prefix: `${this.shellId}/` });
    return objects.map(({ key }) => key.slice(this.shellId.length + 1));
  }
}
