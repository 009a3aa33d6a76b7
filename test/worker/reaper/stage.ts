// Owns the stage of the reaper's tests in workerd: an installation of a test's own in the cluster, records, a run's world.
// Must not know what the reaper does.

import { env } from "cloudflare:workers";
import { makeUserId } from "../../../worker/db/ids.ts";
import { podManifest } from "../../../worker/kubernetes/pod-manifest.ts";
import { SweptShells } from "../../../worker/reaper/swept-shell.ts";
import { Turn, type TurnLimits } from "../../../worker/reaper/turn.ts";
import type { ReaperWorld } from "../../../worker/reaper/world.ts";
import { podNameOf } from "../../../worker/shells/shell-record.ts";
import { podSettings, pods } from "../object/cluster.ts";
import { db } from "../object/person.ts";

export const minuteMs = 60_000;
/** Pods that were made a moment ago are old enough for it. */
export const laterMs = 11 * minuteMs;

const limits: TurnLimits = { leaseMs: 60_000, renewAfterMs: 10_000, calls: 1_000, runMs: 60_000 };

export interface Shell {
  readonly userId: string;
  readonly podName: string;
  readonly uid: string;
}

export class Stage {
  readonly installId: string;
  readonly #made: Shell[] = [];

  /** By default one that no other test's pods are of. */
  constructor(installId = `test-${makeUserId()}`) {
    this.installId = installId;
  }

  /** A pod of this installation that nobody has. */
  async pod(labels: Readonly<Record<string, string>> = {}): Promise<Shell> {
    const userId = makeUserId();
    return this.podOf(userId, labels);
  }

  async podOf(userId: string, labels: Readonly<Record<string, string>> = {}): Promise<Shell> {
    const settings = { ...podSettings, installId: this.installId, graceSeconds: 5 };
    const wish = {
      name: podNameOf(userId),
      userId,
      expiresAtMs: Date.now() + 60 * minuteMs,
      longestLifeMs: 86_400_000,
    };
    const manifest = podManifest(settings, wish);
    // From the beginning: the cluster lets nobody of ours change them later.
    const metadata = { ...manifest.metadata, labels: { ...manifest.metadata.labels, ...labels } };
    const made = await pods.create({ ...manifest, metadata });
    if (!made.ok) throw new Error(`no pod: ${made.failure.message}`);
    const shell = { userId, podName: wish.name, uid: made.value.uid };
    this.#made.push(shell);
    return shell;
  }

  /** A pod that its record knows. */
  async shell(changes: Readonly<Record<string, string | number | null>> = {}): Promise<Shell> {
    const shell = await this.pod();
    await this.record(shell, changes);
    return shell;
  }

  async shells(count: number): Promise<readonly Shell[]> {
    const made: Shell[] = [];
    for (let number = 0; number < count; number += 1) made.push(await this.shell());
    return made;
  }

  async orphans(count: number): Promise<readonly Shell[]> {
    const made: Shell[] = [];
    for (let number = 0; number < count; number += 1) made.push(await this.pod());
    return made;
  }

  async record(shell: Shell, changes: Readonly<Record<string, string | number | null>> = {}): Promise<void> {
    const row = {
      id: `shell-${shell.userId}`,
      user_id: shell.userId,
      pod_name: shell.podName,
      pod_uid: shell.uid,
      desired: "present",
      phase: "ready",
      expires_at: Date.now() + 60 * minuteMs,
      started_at: Date.now() - 60 * minuteMs,
      set_up_for: `${shell.uid}/0/0`,
      created_at: Date.now() - 60 * minuteMs,
      updated_at: Date.now() - 30 * minuteMs,
      ...changes,
    };
    const names = Object.keys(row);
    await env.DB.batch([
      env.DB.prepare("insert into users (id, issuer, subject) values (?, 'https://issuer.test', ?)").bind(
        shell.userId,
        shell.userId,
      ),
      env.DB.prepare(`insert into shells (${names.join(", ")}) values (${names.map(() => "?").join(", ")})`).bind(
        ...Object.values(row),
      ),
    ]);
  }

  /** A run `aheadMs` from now. */
  async world(changes: Partial<TurnLimits> = {}, aheadMs: number = laterMs): Promise<ReaperWorld> {
    const turn = await Turn.begin(db, "reaper", { ...limits, ...changes }, Date.now);
    if (turn === null) throw new Error("another run is under way");
    return {
      env,
      db,
      shells: new SweptShells(db, env.DB.withSession("first-primary")),
      pods,
      config: { installId: this.installId, graceSeconds: 5 },
      objectOf: (userId) => env.USER_SHELL.get(env.USER_SHELL.idFromName(userId)),
      nowMs: Date.now() + aheadMs,
      turn,
    };
  }

  /** Whether this very pod is there and was not asked to end. */
  async stands({ podName, uid }: Shell): Promise<boolean> {
    const answer = await pods.get(podName);
    if (!answer.ok && answer.failure.status !== 404) throw new Error(answer.failure.message);
    return answer.ok && answer.value.uid === uid && !answer.value.deleting;
  }

  async standing(shells: readonly Shell[]): Promise<readonly boolean[]> {
    const stand: boolean[] = [];
    for (const shell of shells) stand.push(await this.stands(shell));
    return stand;
  }

  /** Everything of it goes, at once. */
  async close(): Promise<void> {
    await env.DB.batch([
      env.DB.prepare("delete from leases"),
      env.DB.prepare("delete from cursors"),
      env.DB.prepare("delete from shells"),
    ]);
    for (const { podName, uid } of this.#made) await pods.delete(podName, uid, 0);
  }
}
