// Owns who lives in the reaper's proof: shells whose time is over and shells whose is not, pods that nobody has, others' pods.
// Must not know what becomes of them.

import { randomInt } from "node:crypto";
import { isObject, objectAt, stringAt } from "../../worker/kubernetes/json.ts";
import { type PodWish, podLabels, podManifest, unixSeconds } from "../../worker/kubernetes/pod-manifest.ts";
import { podNameOf } from "../../worker/shells/shell-record.ts";
import { forEach, graceSeconds, type World } from "./world.ts";

const minuteMs = 60_000;

/**
 * - `over`: its time is over; `living`: it is not. The label is up to five minutes ahead or behind.
 * - `over-by-record`: the record says over, the label not yet; `over-by-label`: the reverse, and it lives.
 * - `lost`: its pod is gone and the record does not know; `stopped`: nobody wants it, and it has none.
 * - `finished`: its pod failed and the record says so.
 */
export const kinds = ["over", "over-by-record", "living", "over-by-label", "lost", "stopped", "finished"] as const;
export type Kind = (typeof kinds)[number];

export interface Resident {
  readonly kind: Kind;
  readonly userId: string;
  readonly podName: string;
  /** Null where it has no pod. */
  readonly uid: string | null;
  /** Unix milliseconds. */
  readonly expiresAt: number;
}

export interface PlainPod {
  readonly name: string;
  readonly uid: string;
}

export interface Population {
  readonly shells: readonly Resident[];
  readonly orphans: readonly PlainPod[];
  readonly foreign: readonly PlainPod[];
}

/** Minutes from now at which the record and the label end. */
function endOf(kind: Kind): { readonly record: number; readonly label: number } {
  switch (kind) {
    case "over": {
      const record = -randomInt(7, 90);
      return { record, label: record + randomInt(-5, 6) };
    }
    case "over-by-record":
      return { record: -1, label: 4 };
    case "over-by-label":
      // Longer than the proof takes on any machine: it is real time until then.
      return { record: 20, label: -1 };
    default: {
      const record = randomInt(20, 300);
      return { record, label: record + randomInt(-5, 6) };
    }
  }
}

/** `counts`: how many of each kind. */
export async function populate(
  world: World,
  counts: Readonly<Record<Kind, number>> & { readonly orphans: number; readonly foreign: number },
): Promise<Population> {
  let number = 0;
  const plans = kinds.flatMap((kind) =>
    Array.from({ length: counts[kind] }, () => {
      number += 1;
      return { kind, userId: personOf(number), end: endOf(kind) };
    }),
  );
  const shells: Resident[] = [];
  const nowMs = Date.now();
  await forEach(plans, async ({ kind, userId, end }) => {
    const expiresAt = nowMs + end.record * minuteMs;
    const podName = podNameOf(userId);
    const has = kind !== "lost" && kind !== "stopped";
    const uid = has
      ? await makePod(world, { name: podName, userId, expiresAtMs: nowMs + end.label * minuteMs }, kind === "finished")
      : null;
    shells.push({ kind, userId, podName, uid, expiresAt });
  });
  await writeRows(world, shells, nowMs);

  const orphans: PlainPod[] = [];
  await forEach(Array.from({ length: counts.orphans }), async () => {
    number += 1;
    const userId = personOf(number);
    const name = podNameOf(userId);
    const uid = await makePod(world, { name, userId, expiresAtMs: nowMs + randomInt(-60, 300) * minuteMs });
    orphans.push({ name, uid });
  });
  const foreign: PlainPod[] = [];
  await forEach(Array.from({ length: counts.foreign }), async () => {
    number += 1;
    foreign.push(await makeForeignPod(world, number, nowMs - 999 * minuteMs));
  });
  return { shells, orphans, foreign };
}

/** A label's value, 20 digits as a person's id has. */
function personOf(number: number): string {
  return `proof${String(number).padStart(15, "0")}`;
}

type Labels = Readonly<Record<string, string>>;

/**
 * A pod as Limpet asks for one, but light: one process, which writes its work down and waits, and at its end takes the work
 * to a safe place, as `shutdown` does. @returns its uid
 */
async function makePod(
  world: World,
  wish: Omit<PodWish, "longestLifeMs">,
  finished = false,
  labels: Labels | null = null,
): Promise<string> {
  const small = { cpu: "1m", memory: "1Mi", "ephemeral-storage": "1Mi" };
  const settings = {
    image: "limpet-shell:proof",
    installId: world.installId,
    resources: { requests: small, limits: small },
    nodeSelector: {},
    priorityClass: null,
    graceSeconds,
  };
  const { metadata, spec, ...rest } = podManifest(settings, { ...wish, longestLifeMs: 86_400_000 });
  const work = finished ? "exit 1" : 'echo "work of $HOSTNAME" >"$HOME/work"; exec sleep infinity';
  const save = 'sleep 0.1; cp "$HOME/work" "$PROOF_SAVED/$HOSTNAME"';
  const light = {
    ...rest,
    metadata: { ...metadata, labels: labels ?? metadata.labels },
    spec: {
      ...spec,
      restartPolicy: finished ? "Never" : spec.restartPolicy,
      containers: spec.containers.map((container) => ({
        ...container,
        command: ["/bin/sh", "-c", work],
        env: [{ name: "PROOF_SAVED", value: world.savedDir }],
        lifecycle: { preStop: { exec: { command: ["/bin/sh", "-c", save] } } },
      })),
    },
  };
  const answer = await world.client.ask({
    method: "POST",
    path: "/pods",
    pod: null,
    body: { contentType: "application/json", json: light },
    timeoutMs: 30_000,
  });
  if (!answer.ok) throw new Error(`no pod: ${answer.failure.message}`);
  const uid = isObject(answer.value) ? stringAt(objectAt(answer.value, "metadata"), "uid") : null;
  if (uid === null) throw new Error("a pod without a uid");
  return uid;
}

/** In four ways not of this installation, and long over by their own word. */
async function makeForeignPod(world: World, number: number, expiresAtMs: number): Promise<PlainPod> {
  const userId = personOf(number);
  const name = number % 2 === 0 ? podNameOf(userId) : `other-${number}`;
  const ours = {
    [podLabels.name]: "limpet-shell",
    [podLabels.install]: world.installId,
    [podLabels.user]: userId,
    [podLabels.expiresAt]: unixSeconds(expiresAtMs),
  };
  const ways: readonly Labels[] = [
    { ...ours, [podLabels.install]: "another" },
    { ...ours, [podLabels.name]: "database" },
    { [podLabels.name]: "limpet-shell", [podLabels.expiresAt]: unixSeconds(expiresAtMs) },
    {},
  ];
  const labels = ways[number % ways.length] ?? {};
  const finished = number % 5 === 0;
  return { name, uid: await makePod(world, { name, userId, expiresAtMs }, finished, labels) };
}

async function writeRows(world: World, shells: readonly Resident[], nowMs: number): Promise<void> {
  const person = "insert into users (id, issuer, subject) values (?, 'https://issuer.test', ?)";
  const record = `insert into shells (id, user_id, pod_name, pod_uid, desired, phase, reason, expires_at, started_at, set_up_for,
    created_at, updated_at) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
  const queries = shells.flatMap(({ kind, userId, podName, uid, expiresAt }) => {
    const desired = kind === "stopped" ? "stopped" : "present";
    const phase = kind === "stopped" ? "absent" : kind === "finished" ? "failed" : "ready";
    const reason = kind === "finished" ? "Error" : null;
    const known = kind === "lost" ? "gone" : uid;
    const times = [expiresAt, nowMs - 120 * minuteMs, uid === null ? null : `${uid}/0/0`];
    const written = [nowMs - 120 * minuteMs, nowMs - 30 * minuteMs];
    return [
      { sql: person, values: [userId, userId] },
      {
        sql: record,
        values: [`shell-${userId}`, userId, podName, known, desired, phase, reason, ...times, ...written],
      },
    ];
  });
  await world.edge.write(queries);
}
