// Owns whether credentials of a cloud look as that cloud makes them. Whether they are taken is found out in the pod.
// Must not know how they are kept or used. No message holds any of them.

import { type Checked, type Fault, fault, good, hasControls, isPlain } from "./checked.ts";
import type { AwsCredentials, AzureCredentials, GoogleCredentials } from "./shell-setup.ts";

const awsKeyId = /^(AKIA|ASIA)[A-Z0-9]{12,124}$/;
const awsSecret = /^[A-Za-z0-9/+=]{40,128}$/;
const awsRegion = /^[a-z]{2,4}(-[a-z]{2,12})+-\d{1,2}$/;
const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** With the organisation's domain before it, as the oldest have. */
const googleProject = /^([a-z0-9.-]{1,100}:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$/;
const maxGoogleKey = 16 * 1_024;

export function checkAws(given: AwsCredentials): Checked<AwsCredentials> {
  const accessKeyId = given.accessKeyId.trim();
  const secretAccessKey = given.secretAccessKey.trim();
  const sessionToken = trimmed(given.sessionToken);
  const region = trimmed(given.region);
  if (!awsKeyId.test(accessKeyId)) {
    return wrong("The AWS access key id must be like AKIAIOSFODNN7EXAMPLE: AKIA or ASIA, then capitals and digits.");
  }
  if (!awsSecret.test(secretAccessKey)) {
    return wrong("The AWS secret access key must be the 40 characters that AWS showed when the key was made.");
  }
  if (accessKeyId.startsWith("ASIA") && sessionToken === null) {
    return wrong("An AWS access key id that begins with ASIA is a temporary one: give its session token too.");
  }
  if (sessionToken !== null && !isPlain(sessionToken, 8_192)) {
    return wrong("The AWS session token must be one word without blanks, as AWS gave it.");
  }
  if (region !== null && !awsRegion.test(region)) return wrong("The AWS region must be like eu-central-1.");
  return good({ accessKeyId, secretAccessKey, sessionToken, region });
}

export function checkGoogle(given: GoogleCredentials): Checked<GoogleCredentials> {
  const serviceAccountKey = given.serviceAccountKey.trim();
  const project = trimmed(given.project);
  if (serviceAccountKey.length > maxGoogleKey) {
    return wrong(`The Google service account key is longer than ${maxGoogleKey / 1_024} KiB: give the key file alone.`);
  }
  const refusal = refuseGoogleKey(parseFields(serviceAccountKey));
  if (refusal !== null) return refusal;
  if (project !== null && !googleProject.test(project)) {
    return wrong("The Google project must be its id, as my-project-123, not its name or number.");
  }
  return good({ serviceAccountKey, project });
}

export function checkAzure(given: AzureCredentials): Checked<AzureCredentials> {
  const tenantId = given.tenantId.trim();
  const clientId = given.clientId.trim();
  const clientSecret = given.clientSecret.trim();
  const subscriptionId = trimmed(given.subscriptionId);
  const ids = { "tenant id": tenantId, "client id": clientId, "subscription id": subscriptionId };
  for (const [name, id] of Object.entries(ids)) {
    if (id !== null && !guid.test(id)) {
      return wrong(`The Azure ${name} must be a GUID, as 00000000-0000-0000-0000-000000000000.`);
    }
  }
  if (guid.test(clientSecret)) {
    return wrong(
      "What was given as the Azure client secret is the secret's id. Give its value, which Azure shows once.",
    );
  }
  if (!isPlain(clientSecret, 1_024)) {
    return wrong("The Azure client secret must be one word without blanks, as Azure showed it.");
  }
  return good({ tenantId, clientId, clientSecret, subscriptionId });
}

type Fields = Readonly<Record<string, unknown>>;

function refuseGoogleKey(key: Fields | null): Fault | null {
  const name = "The Google service account key";
  if (key === null) return wrong(`${name} is no JSON: give the whole key file as it was downloaded.`);
  if (key["type"] === "authorized_user") {
    return wrong(`${name} is your own sign-in instead. Make a key of a service account, and give that file.`);
  }
  if (key["type"] !== "service_account") {
    return wrong(`${name} has another type than service_account: give a service account's key file.`);
  }
  for (const field of ["project_id", "private_key_id", "private_key", "client_email", "token_uri"]) {
    const value = key[field];
    if (typeof value !== "string" || value === "") return wrong(`${name} has no ${field}: give the whole key file.`);
    if (field !== "private_key" && hasControls(value)) return wrong(`${name} is damaged at ${field}.`);
    if (field === "private_key" && !/^-----BEGIN (RSA )?PRIVATE KEY-----\n/.test(value)) {
      return wrong(`${name} has a private_key that is none: give the key file unchanged.`);
    }
    if (field === "token_uri" && !value.startsWith("https://"))
      return wrong(`${name} has a token_uri that is not https.`);
  }
  return null;
}

function parseFields(text: string): Fields | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value))
      : null;
  } catch {
    return null;
  }
}

/** Empty is as good as not given. */
function trimmed(text: string | null | undefined): string | null {
  const value = text?.trim() ?? "";
  return value === "" ? null : value;
}

function wrong(message: string): Fault {
  return fault("INVALID_CREDENTIALS", message);
}
