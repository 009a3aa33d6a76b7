// Owns the rules for names, labels and annotations.
// Must not know pods beyond their metadata.

import type { FieldError } from "../api/status.ts";
import { isObject, type Json, type JsonObject } from "../json.ts";

export interface NamedMetadata {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>> | undefined;
  readonly annotations: Readonly<Record<string, string>> | undefined;
}

const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const qualifiedName = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const labelValue = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;

/** The words of apimachinery `pkg/util/validation`. */
const subdomainRule =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and " +
  `end with an alphanumeric character (e.g. 'example.com', regex used for validation is '${subdomain.source.slice(1, -1)}')`;
const labelRule =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and " +
  `end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '${labelValue.source.slice(1, -1)}')`;
const keyRule =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric " +
  `character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '${qualifiedName.source.slice(1, -1)}')`;

/** Adds what is wrong to `errors`; undefined where a type is. */
export function validateMetadata(metadata: JsonObject, errors: FieldError[]): NamedMetadata | undefined {
  const name = metadata["name"];
  if (typeof name !== "string" || name === "") {
    errors.push({
      reason: "FieldValueRequired",
      field: "metadata.name",
      message: "Required value: name or generateName is required",
    });
    return undefined;
  }
  if (name.length > 253 || !subdomain.test(name)) {
    errors.push(fieldInvalid("metadata.name", JSON.stringify(name), name.length > 253 ? tooLong(253) : subdomainRule));
  }
  const labels = stringMap(metadata["labels"], "metadata.labels", errors);
  for (const [key, value] of Object.entries(labels ?? {})) {
    if (!validKey(key)) errors.push(fieldInvalid("metadata.labels", JSON.stringify(key), keyRule));
    if (value.length > 63) errors.push(fieldInvalid("metadata.labels", JSON.stringify(value), tooLong(63)));
    else if (!labelValue.test(value)) errors.push(fieldInvalid("metadata.labels", JSON.stringify(value), labelRule));
  }
  const annotations = stringMap(metadata["annotations"], "metadata.annotations", errors);
  for (const key of Object.keys(annotations ?? {})) {
    if (!validKey(key)) errors.push(fieldInvalid("metadata.annotations", JSON.stringify(key), keyRule));
  }
  return { name, labels, annotations };
}

export function fieldInvalid(field: string, value: string, why: string): FieldError {
  return { reason: "FieldValueInvalid", field, message: `Invalid value: ${value}: ${why}` };
}

const tooLong = (most: number): string => `must be no more than ${most} characters`;

function validKey(key: string): boolean {
  const slash = key.indexOf("/");
  const prefix = slash < 0 ? undefined : key.slice(0, slash);
  const name = key.slice(slash + 1);
  const prefixIsFine = prefix === undefined || (prefix.length <= 253 && subdomain.test(prefix));
  return prefixIsFine && name.length <= 63 && qualifiedName.test(name);
}

function stringMap(
  value: Json | undefined,
  field: string,
  errors: FieldError[],
): Readonly<Record<string, string>> | undefined {
  if (value === undefined || value === null) return undefined;
  const entries: Record<string, string> = {};
  for (const [key, item] of Object.entries(isObject(value) ? value : { "": value })) {
    if (typeof item === "string") entries[key] = item;
    else
      errors.push({ ...fieldInvalid(field, "", ""), message: `json: cannot unmarshal ${typeof item} into a string` });
  }
  return Object.keys(entries).length === 0 ? undefined : entries;
}
