// Owns what can happen at any moment, and what must be true once it stops.

import type { TestClient } from "./client.ts";
import type { World } from "./world.ts";

let typedSoFar = 0;

/** One thing that happens. Weights: what moves bytes is common, what breaks things is rare. */
export function step(world: World): void {
  const { random } = world;
  const roll = random.below(1000);
  const client = random.pick(world.clients);
  const sockets = [...world.sockets.values()];
  if (!world.told && random.chance(0.1)) world.ready();
  if (roll < 170) for (let count = 1 + random.below(6); count > 0; count--) world.deliverStdout();
  else if (roll < 320) for (let count = 1 + random.below(6); count > 0; count--) world.deliverStdin();
  else if (roll < 470) {
    if (sockets.length > 0) for (let n = 1 + random.below(8); n > 0; n--) world.deliverDown(random.pick(sockets));
  } else if (roll < 620) {
    if (sockets.length > 0) for (let n = 1 + random.below(8); n > 0; n--) world.deliverUp(random.pick(sockets));
  } else if (roll < 720) {
    const pane = random.pick([...world.tmux.panes.values()]);
    world.tmux.write(pane, 1 + (random.chance(0.2) ? random.below(3000) : random.below(60)));
  } else if (roll < 780) {
    client.ack(world.nowMs);
    world.collect(client);
  } else if (roll < 850) type(world, client);
  else if (roll < 870) world.answerExec(random.chance(0.1));
  else if (roll < 900) {
    if (client.wantsSocket) world.connect(client);
  } else if (roll < 925) world.advance(random.below(random.chance(0.05) ? 400_000 : 800));
  else if (roll < 935) resize(world, client);
  else if (roll < 945) {
    client.look(random.chance(0.5), world.nowMs);
    world.collect(client);
  } else if (roll < 955) {
    const socket = world.socketOf(client);
    if (socket !== undefined) world.cutSocket(socket, random.chance(0.6));
  } else if (roll < 962) {
    const dead = sockets.find((socket) => world.socketOf(socket.client) !== socket);
    if (dead !== undefined) world.forgetSocket(dead);
  } else if (roll < 970) world.cutExec();
  else if (roll < 973) {
    if (world.exec.kind === "open") world.exec.frozen = true;
  } else if (roll < 976) world.tmux.attach?.pause(random.pick([...world.tmux.panes.values()]));
  else if (roll < 980)
    world.tmux.resize(random.pick([...world.tmux.panes.values()]), { cols: 20 + random.below(9), rows: 5 });
  else if (roll < 983) world.killObject();
  else if (roll < 987) {
    if (world.bridge.canHibernate()) world.evict();
  } else if (roll < 988) world.evict();
  else if (roll < 991) {
    if (world.tmux.panes.size < 3) world.tmux.open({ cols: 80, rows: 24 });
  } else if (roll < 993) {
    if (world.tmux.panes.size > 1) world.tmux.close(random.pick([...world.tmux.panes.values()]));
  } else {
    client.openPane(random.pick([...world.tmux.panes.keys()]), world.nowMs);
    world.collect(client);
  }
}

function type(world: World, client: TestClient): void {
  const { random } = world;
  if (client.open.length === 0) return;
  const pane = random.pick(client.open);
  const word = () => `${typedSoFar++}.`.repeat(1 + random.below(random.chance(0.1) ? 200 : 3));
  if (random.chance(0.15)) client.paste(pane, Array.from({ length: 1 + random.below(5) }, word).join(""), world.nowMs);
  else client.type(pane, word(), world.nowMs);
  world.collect(client);
}

function resize(world: World, client: TestClient): void {
  const size = { cols: 40 + world.random.below(40), rows: 10 + world.random.below(20) };
  client.resize(size, world.random.chance(0.3), world.nowMs);
  world.collect(client);
}

/** Nothing breaks any more: everything that is under way arrives, and everybody comes back. */
export function calm(world: World): void {
  if (!world.told) world.ready();
  if (world.exec.kind === "open") world.exec.frozen = false;
  for (const socket of [...world.sockets.values()]) {
    if (world.socketOf(socket.client) !== socket) world.forgetSocket(socket);
  }
  for (let turns = 0; turns < 4000; turns++) {
    for (const client of world.clients) {
      if (client.wantsSocket) world.connect(client);
      if (!client.visible) client.look(true, world.nowMs);
      client.ack(world.nowMs);
      world.collect(client);
    }
    world.answerExec(false);
    for (let count = 0; count < 40; count++) {
      world.deliverStdin();
      world.deliverStdout();
      for (const socket of [...world.sockets.values()]) {
        world.deliverUp(socket);
        world.deliverDown(socket);
      }
    }
    world.advance(turns < 50 ? 40 : 400);
    if (turns > 10 && complaints(world).length === 0 && isQuiet(world)) return;
  }
  throw new Error(`it never came to rest: ${complaints(world).join("; ")}`);
}

function isQuiet(world: World): boolean {
  if (world.exec.kind !== "open" || world.exec.stdin.length + world.exec.stdout.length > 0) return false;
  return [...world.sockets.values()].every((socket) => socket.up.length + socket.down.length === 0);
}

/** What is not as it must be once all is calm. */
export function complaints(world: World): readonly string[] {
  const wrong: string[] = [];
  for (const [index, client] of world.clients.entries()) {
    if (client.open.length === 0) wrong.push(`client ${index} shows nothing`);
    for (const paneId of client.open) {
      const pane = world.tmux.panes.get(paneId);
      const view = client.views.get(paneId);
      if (pane === undefined || view === undefined) {
        wrong.push(`client ${index} shows ${paneId}, which is gone`);
        continue;
      }
      if (view.busy || view.position !== pane.position) {
        wrong.push(`client ${index} is at ${view.position} of ${paneId}'s ${pane.position}`);
      }
      if (view.size.cols !== pane.size.cols || view.size.rows !== pane.size.rows) {
        wrong.push(
          `client ${index} shows ${paneId} at ${view.size.cols}x${view.size.rows}, it has ${pane.size.cols}x${pane.size.rows}`,
        );
      }
      const typed = pane.typed.get(client.viewer) ?? "";
      if (typed !== view.typed)
        wrong.push(`client ${index} typed ${view.typed.length} into ${paneId}, it got ${typed.length}`);
    }
  }
  const { inputBytes, underWayBytes } = world.bridge.counters();
  if (inputBytes > 0) wrong.push(`${inputBytes} bytes of input were never taken`);
  if (underWayBytes > 0) wrong.push(`${underWayBytes} bytes were never acknowledged`);
  return wrong;
}
