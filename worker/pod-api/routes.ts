// Owns the routes that pods call: a snapshot of the home in, and out again; receipts; what runs.
// Must not know how bytes are sealed, or what the person's object does with a report.

import { Hono } from "hono";
import type { AppEnv } from "../context.ts";
import { openDatabase } from "../db/database.ts";
import { isEventId } from "../db/ids.ts";
import { findSnapshot } from "../db/snapshots.ts";
import { LimpetError } from "../errors.ts";
import { limitPod, limitReceipts, limitUpload } from "../rate-limit.ts";
import type { ShellObject } from "../shells/shell-object.ts";
import { openSnapshot } from "../snapshots/open.ts";
import { storeSnapshot } from "../snapshots/store.ts";
import { isTicketFor } from "./capability.ts";
import { readJson } from "./json-body.ts";
import { bearer, type KnownPod, refuseStranger, requirePod } from "./pod.ts";
import { parseActivity, parseReceipt } from "./reports.ts";

/** Of a receipt or a report of activity. */
const maxReportBytes = 64 * 1024;

/**
 * `Authorization: Bearer` with a capability (or a ticket) instead of a cookie: no page of another site can send one, so
 * no Origin is asked for. Answers are JSON.
 */
export const podRoutes = new Hono<AppEnv>();

/** The body is a tar.gz; `content-length` and `x-limpet-sha256` say what it must be. 201 `{"id"}`. */
podRoutes.put("/snapshot", async (c) => {
  const pod = await requirePod(c);
  await limitUpload(c, pod.shellId);
  const { save, sealKeys } = c.get("config");
  const bytes = readLength(c.req.header("content-length"), save.homeLimitBytes);
  const sha256 = c.req.header("x-limpet-sha256") ?? "";
  if (!/^[0-9a-f]{64}$/.test(sha256)) {
    throw new LimpetError("BAD_REQUEST", "Say the body's SHA-256 in x-limpet-sha256: 64 lower-case hex digits.");
  }
  const body = c.req.raw.body;
  if (body === null) throw new LimpetError("BAD_REQUEST", "A snapshot is not empty.");
  const id = await storeSnapshot(c.env, sealKeys, { pod, userId: pod.userId, body, bytes, sha256 }, Date.now());
  return c.json({ id }, 201);
});

podRoutes.post("/receipt", async (c) => {
  const pod = await requirePod(c);
  await limitReceipts(c, pod.shellId);
  const receipt = parseReceipt(await readJson(c.req.raw, maxReportBytes), Date.now());
  if (receipt === null) throw new LimpetError("BAD_REQUEST", "This is no receipt: see Receipt in shell-setup.ts.");
  if (receipt.snapshot !== null) {
    const row = await findSnapshot(openDatabase(c.env), receipt.snapshot);
    if (row?.shellId !== pod.shellId)
      throw new LimpetError("BAD_REQUEST", "The receipt names no snapshot of this shell.");
  }
  await objectOf(c.env, pod).saved(pod.userId, pod.shellId, receipt);
  return c.body(null, 204);
});

podRoutes.post("/activity", async (c) => {
  const pod = await requirePod(c);
  const activity = parseActivity(await readJson(c.req.raw, maxReportBytes));
  if (activity === null)
    throw new LimpetError("BAD_REQUEST", "This is no activity: see PodActivity in shell-setup.ts.");
  await objectOf(c.env, pod).active(pod.userId, pod.shellId, activity);
  return c.body(null, 204);
});

/** With a ticket: the newest home for a pod that is being set up. It opens this one for some minutes and nothing else. */
podRoutes.get("/snapshot/:id", async (c) => {
  const id = c.req.param("id");
  const { sealKeys } = c.get("config");
  if (!isEventId(id) || !(await isTicketFor(sealKeys, id, bearer(c), Date.now()))) {
    return refuseStranger(c);
  }
  await limitPod(c, id);
  const row = await findSnapshot(openDatabase(c.env), id);
  if (row === null) throw new LimpetError("SNAPSHOT_NOT_FOUND", "This snapshot is not there any more.");
  const archive = await openSnapshot(c.env, sealKeys, row);
  return c.body(archive, 200, { "content-type": "application/gzip", "cache-control": "no-store" });
});

/** @throws LimpetError `TOO_LARGE`, `BAD_REQUEST` */
function readLength(header: string | undefined, most: number): number {
  if (header === undefined || !/^[1-9][0-9]{0,14}$/.test(header)) {
    throw new LimpetError(
      "BAD_REQUEST",
      "Say the snapshot's length in content-length: a whole number of bytes, above 0.",
    );
  }
  const bytes = Number(header);
  if (bytes > most) {
    throw new LimpetError(
      "TOO_LARGE",
      `The snapshot has ${bytes} bytes; at most ${most} are kept. Leave out what can be made again.`,
    );
  }
  return bytes;
}

function objectOf(env: Env, pod: KnownPod): Pick<ShellObject, "saved" | "active"> {
  return env.USER_SHELL.get(env.USER_SHELL.idFromName(pod.userId));
}
