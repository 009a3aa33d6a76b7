// Owns what the local issuer remembers: in memory, until it expires or the issuer ends.
// Must not know what a record means (oidc-provider's own payloads).

import type { Adapter, AdapterPayload } from "oidc-provider";

interface Kept {
  readonly payload: AdapterPayload;
  readonly untilMs: number;
}

/** All models' records by "model:id": a few for each sign-in of a few people, so a search may look at all of them. */
const records = new Map<string, Kept>();

export class MemoryAdapter implements Adapter {
  readonly #model: string;

  constructor(model: string) {
    this.#model = model;
  }

  async upsert(id: string, payload: AdapterPayload, expiresInSeconds: number): Promise<void> {
    const nowMs = Date.now();
    for (const [key, { untilMs }] of records) if (untilMs <= nowMs) records.delete(key);
    records.set(`${this.#model}:${id}`, { payload, untilMs: nowMs + expiresInSeconds * 1000 });
  }

  async find(id: string): Promise<AdapterPayload | undefined> {
    const kept = records.get(`${this.#model}:${id}`);
    return kept !== undefined && kept.untilMs > Date.now() ? kept.payload : undefined;
  }

  async findByUid(uid: string): Promise<AdapterPayload | undefined> {
    return this.#search((payload) => payload.uid === uid);
  }

  async findByUserCode(userCode: string): Promise<AdapterPayload | undefined> {
    return this.#search((payload) => payload.userCode === userCode);
  }

  async consume(id: string): Promise<void> {
    const kept = records.get(`${this.#model}:${id}`);
    if (kept !== undefined) kept.payload.consumed = Math.floor(Date.now() / 1000);
  }

  async destroy(id: string): Promise<void> {
    records.delete(`${this.#model}:${id}`);
  }

  async revokeByGrantId(grantId: string): Promise<void> {
    for (const [key, { payload }] of records) if (payload.grantId === grantId) records.delete(key);
  }

  #search(matches: (payload: AdapterPayload) => boolean): AdapterPayload | undefined {
    const nowMs = Date.now();
    for (const [key, { payload, untilMs }] of records) {
      if (key.startsWith(`${this.#model}:`) && untilMs > nowMs && matches(payload)) return payload;
    }
    return undefined;
  }
}
