// Owns the forms of clouds and of a kubeconfig: their fields, and what they become for the API.
// Must not know how a form looks, nor what makes a value good.

import type { SecretKind, SetupShellInput } from "../api/generated.ts";
import type { Filled } from "./setup-form.ts";

export type CredentialKind = Extract<SecretKind, "AWS" | "GOOGLE" | "AZURE" | "KUBECONFIG">;

export interface CredentialField {
  readonly name: string;
  readonly label: string;
  readonly hint?: string;
  /** Not shown while it is typed. */
  readonly secret?: true;
  /** Many lines; a file can be dropped on it. */
  readonly lines?: true;
  readonly optional?: true;
}

export interface CredentialForm {
  readonly kind: CredentialKind;
  readonly title: string;
  readonly fields: readonly CredentialField[];
  /** Where it comes from. */
  readonly help: string;
}

export const credentialForms: readonly CredentialForm[] = [
  {
    kind: "AWS",
    title: "AWS",
    help: "An access key from IAM: Users, Security credentials, Create access key.",
    fields: [
      { name: "accessKeyId", label: "Access key ID", hint: "AKIA…" },
      { name: "secretAccessKey", label: "Secret access key", secret: true },
      { name: "sessionToken", label: "Session token", secret: true, optional: true, hint: "for temporary keys" },
      { name: "region", label: "Region", optional: true, hint: "eu-central-1" },
    ],
  },
  {
    kind: "GOOGLE",
    title: "Google Cloud",
    help: "A service account’s key file from IAM: Service accounts, Keys, Add key, JSON.",
    fields: [
      { name: "serviceAccountKey", label: "Key file", lines: true, hint: '{ "type": "service_account", …' },
      { name: "project", label: "Project", optional: true, hint: "the service account’s own" },
    ],
  },
  {
    kind: "AZURE",
    title: "Azure",
    help: "A service principal from Microsoft Entra: App registrations, Certificates & secrets.",
    fields: [
      { name: "tenantId", label: "Tenant ID" },
      { name: "clientId", label: "Client ID" },
      { name: "clientSecret", label: "Client secret", secret: true, hint: "its value, not its ID" },
      { name: "subscriptionId", label: "Subscription ID", optional: true },
    ],
  },
  {
    kind: "KUBECONFIG",
    title: "Kubeconfig",
    help: "For clusters that kubectl and helm should reach from the shell.",
    fields: [{ name: "kubeconfig", label: "Kubeconfig", lines: true, hint: "apiVersion: v1 …" }],
  },
];

/** What stands in the fields, by their names. */
export type CredentialValues = Readonly<Record<string, string>>;

export function credentialChange(form: CredentialForm, values: CredentialValues): Filled<SetupShellInput, string> {
  const value = (name: string): string => values[name]?.trim() ?? "";
  const empty = form.fields.find(({ name, optional }) => optional !== true && value(name) === "");
  if (empty !== undefined) {
    return { ok: false, field: empty.name, message: `${empty.label} is still empty.` };
  }
  return { ok: true, value: inputOf(form.kind, value) };
}

function inputOf(kind: CredentialKind, value: (name: string) => string): SetupShellInput {
  const given = (name: string): string | null => value(name) || null;
  switch (kind) {
    case "AWS":
      return {
        aws: {
          accessKeyId: value("accessKeyId"),
          secretAccessKey: value("secretAccessKey"),
          sessionToken: given("sessionToken"),
          region: given("region"),
        },
      };
    case "GOOGLE":
      return { google: { serviceAccountKey: value("serviceAccountKey"), project: given("project") } };
    case "AZURE":
      return {
        azure: {
          tenantId: value("tenantId"),
          clientId: value("clientId"),
          clientSecret: value("clientSecret"),
          subscriptionId: given("subscriptionId"),
        },
      };
    case "KUBECONFIG":
      return { kubeconfig: value("kubeconfig") };
  }
}

export function credentialRemoval(kind: CredentialKind): SetupShellInput {
  switch (kind) {
    case "AWS":
      return { aws: null };
    case "GOOGLE":
      return { google: null };
    case "AZURE":
      return { azure: null };
    case "KUBECONFIG":
      return { kubeconfig: null };
  }
}
