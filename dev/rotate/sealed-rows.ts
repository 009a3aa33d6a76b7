// Owns looking at what is sealed in a D1: under which keys, and whether all of it opens. It only reads.
// Must not know where that D1 is.

import { LimpetError } from "../../worker/errors.ts";
import { openBytes, type Seal } from "../../worker/sealing/seal.ts";
import type { SealKeys } from "../../worker/sealing/seal-keys.ts";
import { contentKeySeal } from "../../worker/snapshots/snapshot-object.ts";
import { textAt } from "../start/fields.ts";
import type { RowsByKey } from "./plan.ts";

/** @returns the rows of one SELECT, each an object of its columns */
export type Query = (sql: string) => Promise<readonly unknown[]>;

const pageRows = 200;

/** Empty also where the migrations were not applied yet. */
export async function countRows(query: Query): Promise<RowsByKey> {
  if (!(await hasTables(query))) return new Map();
  const rows = await query(
    "select kid, count(*) as rows from (select kid from secrets union all select kid from snapshots) group by kid",
  );
  return new Map(rows.map((row) => [textAt(row, "kid"), Number(Reflect.get(Object(row), "rows"))]));
}

/** Why rows do not open with these keys, a sentence each; at most `most` of them. Empty: all of them open. */
export async function findUnreadable(query: Query, keys: SealKeys, most: number): Promise<readonly string[]> {
  const found: string[] = [];
  if (!(await hasTables(query))) return found;
  for await (const { seal, sealed } of allRows(query)) {
    try {
      await openBytes(keys, seal, sealed);
    } catch (error) {
      if (!(error instanceof LimpetError)) throw error;
      found.push(`${error.code}: ${error.message}`);
      if (found.length === most) break;
    }
  }
  return found;
}

/** What is sealed stands in these two. */
export async function hasTables(query: Query): Promise<boolean> {
  const names = await query(
    "select name from sqlite_master where type = 'table' and name in ('secrets', 'snapshots') limit 2",
  );
  return names.length === 2;
}

async function* allRows(query: Query): AsyncGenerator<{ readonly seal: Seal; readonly sealed: string }> {
  let after = "('', '')";
  for (;;) {
    const page = await query(
      `select user_id, name, sealed from secrets where (user_id, name) > ${after} order by user_id, name limit ${pageRows}`,
    );
    for (const row of page) {
      const [owner, name] = [textAt(row, "user_id"), textAt(row, "name")];
      after = `(${quote(owner)}, ${quote(name)})`;
      yield { seal: { owner, name }, sealed: textAt(row, "sealed") };
    }
    if (page.length < pageRows) break;
  }
  let last = "''";
  for (;;) {
    const page = await query(
      `select id, user_id, sealed_key from snapshots where id > ${last} order by id limit ${pageRows}`,
    );
    for (const row of page) {
      const id = textAt(row, "id");
      last = quote(id);
      yield { seal: contentKeySeal(textAt(row, "user_id"), id), sealed: textAt(row, "sealed_key") };
    }
    if (page.length < pageRows) break;
  }
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
