// Owns the way from JSON to a fault or an action.
// Must not know what either does.

import type { FaultAction } from "./cluster-faults.ts";
import { autoscalers, type Fault, type RequestFault } from "./faults.ts";
import { isObject, type Json, type JsonObject } from "./json.ts";
import { walls } from "./pods/admission.ts";

export type FaultRequest = { readonly fault: Fault } | { readonly action: FaultAction };

const statuses = [401, 403, 404, 409, 410, 429, 500, 503] as const;
const cuts = ["reset", "close", "success"] as const;
/** An API that is down cannot be asked to come back: it does so by itself. */
const longestDownMs = 10 * 60_000;

/** A string says what is wrong. */
export function parseFaultRequest(body: Json | undefined): FaultRequest | string {
  if (!isObject(body) || typeof body["type"] !== "string") return "a fault is an object with a type";
  const pod = typeof body["pod"] === "string" ? { pod: body["pod"] } : {};
  const message = typeof body["message"] === "string" ? { message: body["message"] } : {};
  const id = typeof body["id"] === "string" ? { id: body["id"] } : {};
  const { type } = body;
  switch (type) {
    case "unschedulable": {
      const autoscaler = autoscalers.find((one) => one === body["autoscaler"]);
      if (body["autoscaler"] !== undefined && autoscaler === undefined) {
        return `autoscaler must be one of ${autoscalers.join(", ")}`;
      }
      return { fault: { type, ...pod, ...message, ...(autoscaler === undefined ? {} : { autoscaler }) } };
    }
    case "clock": {
      const { offsetMs } = body;
      return typeof offsetMs === "number" ? { fault: { type, offsetMs } } : "offsetMs must be a number";
    }
    case "no-wall": {
      const wall = walls.find((one) => one === body["wall"]);
      return wall === undefined ? `wall must be one of ${walls.join(", ")}` : { fault: { type, wall } };
    }
    case "image-pull":
      return { fault: { type, ...pod, ...message } };
    case "crash-loop":
      return { fault: { type, ...pod } };
    case "slow-start": {
      const delayMs = milliseconds(body["delayMs"]);
      return delayMs === undefined ? "delayMs must be a number" : { fault: { type, ...pod, delayMs } };
    }
    case "silent-node": {
      const agoMs = milliseconds(body["agoMs"] ?? 0);
      return agoMs === undefined ? "agoMs must be a number" : { fault: { type, ...pod, agoMs } };
    }
    case "answer": {
      const status = statuses.find((one) => one === body["status"]);
      return status === undefined
        ? `status must be one of ${statuses.join(", ")}`
        : request(body, { type, status, ...message });
    }
    case "refuse-exec":
      return request(body, { type, ...message });
    case "hang":
    case "cut-body":
    case "resize-hangs":
      return request(body, { type });
    case "chance": {
      const { percent, seed, method, path } = body;
      if (typeof percent !== "number" || percent < 0 || percent > 100) return "percent must be between 0 and 100";
      if (typeof seed !== "number" || !Number.isSafeInteger(seed)) return "seed must be a whole number";
      return {
        fault: {
          type,
          percent,
          seed,
          ...(typeof method === "string" ? { method } : {}),
          ...(typeof path === "string" ? { path } : {}),
        },
      };
    }
    case "lose-pod":
      return pod.pod === undefined ? "pod must be a name" : { action: { type, pod: pod.pod } };
    case "cut-exec": {
      const how = cuts.find((one) => one === body["how"]);
      return how === undefined ? `how must be one of ${cuts.join(", ")}` : { action: { type, how, ...pod, ...id } };
    }
    case "silence-exec":
      return { action: { type, ...pod, ...id } };
    case "api-down": {
      const durationMs = milliseconds(body["durationMs"]);
      if (durationMs === undefined || durationMs > longestDownMs) return `durationMs must be at most ${longestDownMs}`;
      return { action: { type, durationMs } };
    }
    case "forget-history":
      return { action: { type } };
    default:
      return `unknown type ${type}`;
  }
}

type Particular<T> = T extends RequestFault ? Omit<T, "method" | "path" | "times"> : never;

function request(body: JsonObject, particular: Particular<RequestFault>): FaultRequest {
  const { method, path, times } = body;
  return {
    fault: {
      ...particular,
      ...(typeof method === "string" ? { method } : {}),
      ...(typeof path === "string" ? { path } : {}),
      times: typeof times === "number" && times >= 1 ? Math.floor(times) : 1,
    },
  };
}

function milliseconds(value: Json | undefined): number | undefined {
  return typeof value === "number" && value >= 0 ? value : undefined;
}
