// Owns what the kubelet reads from a pod's spec, and the checks that make it safe to read.
// Must not know the store, HTTP or processes.

import type { FieldError } from "../api/status.ts";
import { isObject, type Json, type JsonObject } from "../json.ts";
import { fieldInvalid } from "./validate-metadata.ts";

export interface ContainerPlan {
  readonly name: string;
  readonly image: string;
  /** `command` and `args` in one; empty where the image's own is meant. */
  readonly argv: readonly string[];
  readonly workingDir: string | undefined;
  readonly env: readonly { readonly name: string; readonly value: string; readonly fieldPath: string | undefined }[];
  readonly preStop: readonly string[] | undefined;
  readonly readiness: ProbePlan | undefined;
  /** The container as it was sent. */
  readonly json: JsonObject;
}

/** An exec probe; the other kinds are not run here and count as passed. */
export interface ProbePlan {
  readonly argv: readonly string[];
  readonly initialDelayMs: number;
  readonly periodMs: number;
  readonly timeoutMs: number;
}

export interface PodPlan {
  readonly containers: readonly [ContainerPlan, ...ContainerPlan[]];
  readonly restartPolicy: "Always" | "OnFailure" | "Never";
  readonly graceSeconds: number;
  readonly deadlineSeconds: number | undefined;
}

/** Reads a spec and adds what is wrong with it to `errors`. A message that starts with `json: ` means a wrong type. */
export function planPod(spec: JsonObject, errors: FieldError[]): PodPlan | undefined {
  const containers = planContainers(spec["containers"], errors);
  const [first, ...rest] = containers;
  if (first === undefined && errors.length === 0) {
    errors.push({ reason: "FieldValueRequired", field: "spec.containers", message: "Required value" });
  }
  const restartPolicy = spec["restartPolicy"] ?? "Always";
  if (restartPolicy !== "Always" && restartPolicy !== "OnFailure" && restartPolicy !== "Never") {
    errors.push({
      reason: "FieldValueNotSupported",
      field: "spec.restartPolicy",
      message: `Unsupported value: ${JSON.stringify(restartPolicy)}: supported values: "Always", "OnFailure", "Never"`,
    });
    return undefined;
  }
  const graceSeconds = wholeSeconds(
    spec["terminationGracePeriodSeconds"],
    "spec.terminationGracePeriodSeconds",
    errors,
  );
  const deadlineSeconds = wholeSeconds(spec["activeDeadlineSeconds"], "spec.activeDeadlineSeconds", errors);
  if (deadlineSeconds !== undefined && (deadlineSeconds < 1 || deadlineSeconds > 2_147_483_647)) {
    const why = "must be between 1 and 2147483647, inclusive";
    errors.push(fieldInvalid("spec.activeDeadlineSeconds", String(deadlineSeconds), why));
  }
  if (graceSeconds !== undefined && graceSeconds < 0) {
    errors.push(
      fieldInvalid("spec.terminationGracePeriodSeconds", String(graceSeconds), "must be greater than or equal to 0"),
    );
  }
  if (first === undefined) return undefined;
  return { containers: [first, ...rest], restartPolicy, graceSeconds: graceSeconds ?? 30, deadlineSeconds };
}

export function planContainers(value: Json | undefined, errors: FieldError[] = []): readonly ContainerPlan[] {
  if (!Array.isArray(value)) {
    if (value !== undefined && value !== null) errors.push(wrongType("spec.containers", "a list"));
    return [];
  }
  const names = new Set<string>();
  return value.flatMap((item, index) => {
    const place = `spec.containers[${index}]`;
    if (!isObject(item)) {
      errors.push(wrongType(place, "an object"));
      return [];
    }
    const plan = planContainer(item, place, errors);
    if (names.has(plan.name)) {
      errors.push({
        reason: "FieldValueInvalid",
        field: `${place}.name`,
        message: `Duplicate value: ${JSON.stringify(plan.name)}`,
      });
    }
    names.add(plan.name);
    return [plan];
  });
}

function planContainer(json: JsonObject, place: string, errors: FieldError[]): ContainerPlan {
  const name = text(json["name"], `${place}.name`, errors) ?? "";
  const image = text(json["image"], `${place}.image`, errors) ?? "";
  if (name === "") errors.push({ reason: "FieldValueRequired", field: `${place}.name`, message: "Required value" });
  else if (name.length > 63 || !/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(name)) {
    errors.push(fieldInvalid(`${place}.name`, JSON.stringify(name), "a lowercase RFC 1123 label is expected"));
  }
  if (image === "") errors.push({ reason: "FieldValueRequired", field: `${place}.image`, message: "Required value" });
  const command = words(json["command"], `${place}.command`, errors);
  const args = words(json["args"], `${place}.args`, errors);
  const lifecycle = isObject(json["lifecycle"]) ? json["lifecycle"]["preStop"] : undefined;
  return {
    name,
    image,
    argv: [...(command ?? []), ...(args ?? [])],
    workingDir: text(json["workingDir"], `${place}.workingDir`, errors),
    env: planEnvironment(json["env"], `${place}.env`, errors),
    preStop: handlerCommand(lifecycle, `${place}.lifecycle.preStop`, errors),
    readiness: planProbe(json["readinessProbe"], `${place}.readinessProbe`, errors),
    json,
  };
}

function planEnvironment(value: Json | undefined, place: string, errors: FieldError[]): ContainerPlan["env"] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) {
    errors.push(wrongType(place, "a list"));
    return [];
  }
  return value.flatMap((item, index) => {
    const at = `${place}[${index}]`;
    if (!isObject(item)) {
      errors.push(wrongType(at, "an object"));
      return [];
    }
    const name = text(item["name"], `${at}.name`, errors) ?? "";
    if (name === "") errors.push({ reason: "FieldValueRequired", field: `${at}.name`, message: "Required value" });
    const from = isObject(item["valueFrom"]) ? item["valueFrom"]["fieldRef"] : undefined;
    const fieldPath = isObject(from)
      ? text(from["fieldPath"], `${at}.valueFrom.fieldRef.fieldPath`, errors)
      : undefined;
    return [{ name, value: text(item["value"], `${at}.value`, errors) ?? "", fieldPath }];
  });
}

function planProbe(value: Json | undefined, place: string, errors: FieldError[]): ProbePlan | undefined {
  const argv = handlerCommand(value, place, errors);
  if (argv === undefined || !isObject(value)) return undefined;
  const seconds = (field: string, otherwise: number) =>
    (wholeSeconds(value[field], `${place}.${field}`, errors) ?? otherwise) * 1_000;
  return {
    argv,
    initialDelayMs: seconds("initialDelaySeconds", 0),
    periodMs: seconds("periodSeconds", 10),
    timeoutMs: seconds("timeoutSeconds", 1),
  };
}

function handlerCommand(value: Json | undefined, place: string, errors: FieldError[]): readonly string[] | undefined {
  const exec = isObject(value) ? value["exec"] : undefined;
  return isObject(exec) ? words(exec["command"], `${place}.exec.command`, errors) : undefined;
}

function text(value: Json | undefined, place: string, errors: FieldError[]): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "string") return value;
  errors.push(wrongType(place, "a string"));
  return undefined;
}

function words(value: Json | undefined, place: string, errors: FieldError[]): readonly string[] | undefined {
  if (value === undefined || value === null) return undefined;
  if (Array.isArray(value)) {
    const list = value.filter((item) => typeof item === "string");
    if (list.length === value.length) return list;
  }
  errors.push(wrongType(place, "a list of strings"));
  return undefined;
}

function wholeSeconds(value: Json | undefined, place: string, errors: FieldError[]): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "number" && Number.isSafeInteger(value)) return value;
  errors.push(wrongType(place, "an int64"));
  return undefined;
}

function wrongType(field: string, wanted: string): FieldError {
  return { reason: "FieldValueInvalid", field, message: `json: cannot unmarshal the value into ${wanted}` };
}
