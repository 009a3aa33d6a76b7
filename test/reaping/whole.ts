// Owns whole shells in the reaper's proof: made by their objects, set up by the pod's own script, with work in their homes.
// Must not know the rest of the population.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { forEach, until, type World } from "./world.ts";

const minuteMs = 60_000;
const patienceMs = 120_000;

export interface WholeShell {
  readonly userId: string;
  readonly work: string;
}

/** Where the work is, below the home. */
const file = "notes/today.txt";

/** Shells as people have them, each set up. */
export async function settle(world: World, count: number): Promise<readonly WholeShell[]> {
  const shells = Array.from({ length: count }, (_, number) => {
    // The first in the reaper's order.
    const userId = `0whole${String(number).padStart(14, "0")}`;
    return { userId, work: `what ${userId} did\n` };
  });
  const person = "insert into users (id, issuer, subject) values (?, 'https://issuer.test', ?)";
  await world.edge.write(shells.map(({ userId }) => ({ sql: person, values: [userId, userId] })));
  await start(world, shells);
  return shells;
}

/**
 * Everybody does some work, and then their time is over: nothing but the end of the pod saves it, since the next regular
 * save is minutes away. The records are changed while the objects are gone from memory: one that is awake
 * would know another end, and one that wakes before the work is done would end the pod too early.
 */
export async function workToTheEnd(world: World, shells: readonly WholeShell[]): Promise<void> {
  for (const { userId, work } of shells) {
    const notes = await workFile(world, userId);
    mkdirSync(dirname(notes), { recursive: true });
    writeFileSync(notes, work);
  }
  const over = "update shells set expires_at = ?, updated_at = ? where user_id = ?";
  const [endMs, writtenMs] = [Date.now() - 3 * minuteMs, Date.now() - 30 * minuteMs];
  await world.edge.restart(shells.map(({ userId }) => ({ sql: over, values: [endMs, writtenMs, userId] })));
}

/** Starts them again. @returns those whose work did not come back, with what was told of them meanwhile */
export async function comeBack(world: World, shells: readonly WholeShell[]): Promise<readonly string[]> {
  await start(world, shells);
  const lost: string[] = [];
  for (const { userId, work } of shells) {
    const notes = await workFile(world, userId);
    if (!existsSync(notes) || readFileSync(notes, "utf8") !== work) {
      const told = await world.edge.read("select type, message from events where user_id = ? order by id", userId);
      lost.push(`${userId}: ${JSON.stringify(told)}`);
    }
  }
  return lost;
}

/** Until each is set up. */
async function start(world: World, shells: readonly WholeShell[]): Promise<void> {
  await forEach(shells, ({ userId }) => world.edge.createShell(userId));
  const ready = "select user_id from shells where phase = 'ready' and set_up_for like pod_uid || '/%'";
  await until("whole shells are set up", patienceMs, async () => {
    const found = new Set((await world.edge.read(ready)).flat());
    return shells.every(({ userId }) => found.has(userId));
  });
}

async function workFile(world: World, userId: string): Promise<string> {
  const [row] = await world.edge.read("select pod_uid from shells where user_id = ?", userId);
  const uid = row?.[0];
  if (typeof uid !== "string") throw new Error(`${userId} has no pod`);
  return join(world.cluster.homeOf(uid), file);
}
