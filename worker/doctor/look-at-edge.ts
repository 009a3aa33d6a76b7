// Owns looking at the edge's own parts: settings, D1, R2, objects, seal keys, the clock.
// Must not know what is said of what was seen.

import { eq, sql } from "drizzle-orm";
import { makeEventId } from "../db/ids.ts";
import { secrets, snapshots } from "../db/schema.ts";
import { LimpetError } from "../errors.ts";
import { lastReaperRun } from "../reaper/last-run.ts";
import { openBytes } from "../sealing/seal.ts";
import { openSecret } from "../sealing/secrets.ts";
import { countRunning } from "../shells/records.ts";
import { contentKeySeal, objectName } from "../snapshots/snapshot-object.ts";
import type { Finding } from "./check.ts";
import {
  configurationWords,
  databaseWords,
  limitWords,
  migrationsWords,
  objectWords,
  reaperWords,
  type SeenSealKey,
  type SeenStorage,
  sealKeysWords,
  storageWords,
} from "./edge-words.ts";
import { knownMigrations } from "./known-migrations.ts";
import { inTime, type Visit, wordsOf } from "./visit.ts";

/** What wrangler.toml is shipped with: names that are reserved for examples (RFC 2606) and belong to nobody. */
const exampleHost = /(^|[./@])example\.com([:/]|$)/;
const ownAddresses = ["PUBLIC_URL", "OIDC_ISSUER", "CLUSTER_URL", "SHELL_IMAGE"] as const;

export async function lookAtConfiguration({ world, settled, fault }: Visit): Promise<Finding> {
  const examples = ownAddresses.filter((name) => exampleHost.test(String(Reflect.get(world.env, name) ?? "")));
  const { emails, groups } = settled?.administrators ?? { emails: new Set(), groups: new Set() };
  return configurationWords({
    fault,
    examples,
    local: settled?.local ?? false,
    administrators: emails.size + groups.size > 0,
  });
}

export async function lookAtDatabase({ db, world }: Visit): Promise<Finding> {
  const begunMs = world.now();
  try {
    await inTime(db.run(sql`select 1`));
    return databaseWords({ ms: world.now() - begunMs });
  } catch (error) {
    return databaseWords({ error: wordsOf(error) });
  }
}

export async function lookAtMigrations({ db }: Visit): Promise<Finding> {
  const tables = await inTime(
    db.all<{ name: string }>(sql`select name from sqlite_master where type = 'table' and name = 'd1_migrations'`),
  );
  if (tables.length === 0) return migrationsWords(null, knownMigrations);
  const rows = await inTime(db.all<{ name: string }>(sql`select name from d1_migrations order by id`));
  return migrationsWords(
    rows.map(({ name }) => name),
    knownMigrations,
  );
}

/** Named as a snapshot of a shell that nobody has: should the deletion fail, the reaper lets it go within the hour. */
export async function lookAtStorage({ world }: Visit): Promise<Finding> {
  return storageWords(await tryStorage(world.env.SNAPSHOTS, objectName("doctor", makeEventId(world.now())), world.now));
}

async function tryStorage(bucket: R2Bucket, name: string, now: () => number): Promise<SeenStorage> {
  const begunMs = now();
  const text = crypto.randomUUID();
  let doing: "write" | "read" | "delete" = "write";
  try {
    await inTime(bucket.put(name, text));
    doing = "read";
    const object = await inTime(bucket.get(name));
    const read = object === null ? null : await inTime(object.text());
    doing = "delete";
    await inTime(bucket.delete(name));
    return read === text ? { type: "fine", ms: now() - begunMs } : { type: "lost" };
  } catch (error) {
    return { type: "error", doing, error: wordsOf(error) };
  }
}

/** An object that is nobody's; what it is asked changes nothing. */
export async function lookAtObject({ world }: Visit): Promise<Finding> {
  const begunMs = world.now();
  try {
    const { USER_SHELL } = world.env;
    await inTime(USER_SHELL.get(USER_SHELL.idFromName("doctor")).counters());
    return objectWords({ ms: world.now() - begunMs });
  } catch (error) {
    return objectWords({ error: wordsOf(error) });
  }
}

export async function lookAtSealKeys(visit: Visit): Promise<Finding> {
  const { db, config } = visit;
  const counted = await inTime(
    db.all<{ kid: string; rows: number }>(
      sql`select kid, count(*) as "rows" from (select ${secrets.kid} as kid from ${secrets} union all select ${snapshots.kid} as kid from ${snapshots}) group by kid order by kid`,
    ),
  );
  const seen: SeenSealKey[] = [];
  for (const { kid, rows } of counted) seen.push({ kid, rows, fault: await whyClosed(visit, kid) });
  return sealKeysWords(config.sealKeys[0].kid, seen);
}

/** Why a row that is sealed under this key does not open; null: it does. */
async function whyClosed({ db, config }: Visit, kid: string): Promise<string | null> {
  const { sealKeys } = config;
  try {
    const [secret] = await inTime(db.select().from(secrets).where(eq(secrets.kid, kid)).limit(1));
    if (secret !== undefined) {
      await openSecret(sealKeys, secret);
      return null;
    }
    const [snapshot] = await inTime(db.select().from(snapshots).where(eq(snapshots.kid, kid)).limit(1));
    if (snapshot === undefined) return null;
    await openBytes(sealKeys, contentKeySeal(snapshot.userId, snapshot.id), snapshot.sealedKey);
    return null;
  } catch (error) {
    if (error instanceof LimpetError) return error.message;
    throw error;
  }
}

/** As a person would find it who has no shell yet. */
export async function lookAtLimit({ db, config }: Visit): Promise<Finding> {
  return limitWords(await inTime(countRunning(db, "doctor")), config.shellLimit);
}

export async function lookAtReaper({ db, world }: Visit): Promise<Finding> {
  return reaperWords(await inTime(lastReaperRun(db)), world.now());
}
