// Owns the proof of which credentials and kubeconfigs are taken, and that no refusal says any of them again.
// Must not know the API. No value here opens anything.

import { describe, expect, it } from "vitest";
import type { Checked } from "../../../worker/shells/checked.ts";
import { checkAws, checkAzure, checkGoogle } from "../../../worker/shells/validate-credentials.ts";
import { checkKubeconfig } from "../../../worker/shells/validate-kubeconfig.ts";

function refusal(checked: Checked<unknown>): string {
  if (checked.ok) throw new Error("it was taken");
  return checked.message;
}

const aws = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" };

describe("credentials of AWS", () => {
  it("are taken, without the blanks around them", () => {
    const checked = checkAws({
      accessKeyId: ` ${aws.accessKeyId}\n`,
      secretAccessKey: `${aws.secretAccessKey}\n`,
      region: "",
    });
    expect(checked).toEqual({ ok: true, value: { ...aws, sessionToken: null, region: null } });
    const temporary = {
      ...aws,
      accessKeyId: "ASIAIOSFODNN7EXAMPLE",
      sessionToken: "FwoGZXIvYXdz/+=",
      region: "us-gov-west-1",
    };
    expect(checkAws(temporary)).toEqual({ ok: true, value: temporary });
  });

  it.each([
    ["a secret in the place of the id", { ...aws, accessKeyId: aws.secretAccessKey }, "access key id"],
    ["an id in the place of the secret", { ...aws, secretAccessKey: aws.accessKeyId }, "secret access key"],
    ["an id of a role", { ...aws, accessKeyId: "AROAIOSFODNN7EXAMPLE" }, "access key id"],
    ["a temporary key without its token", { ...aws, accessKeyId: "ASIAIOSFODNN7EXAMPLE" }, "session token"],
    ["a token of two words", { ...aws, sessionToken: "a b" }, "session token"],
    ["a token that is a file", { ...aws, sessionToken: "x".repeat(8_193) }, "session token"],
    ["a region in words", { ...aws, region: "Frankfurt" }, "eu-central-1"],
    ["a zone in the place of a region", { ...aws, region: "eu-central-1a" }, "eu-central-1"],
    ["a region with a line end in it", { ...aws, region: "eu-central-1\n[x]" }, "eu-central-1"],
  ])("with %s are refused", (_what, given, words) => {
    const checked = checkAws(given);
    expect(checked).toMatchObject({ code: "INVALID_CREDENTIALS" });
    expect(refusal(checked)).toContain(words);
    expect(refusal(checked)).not.toContain(aws.secretAccessKey);
  });
});

const googleKey = {
  type: "service_account",
  project_id: "my-project",
  private_key_id: "0123456789abcdef",
  private_key: "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n",
  client_email: "robot@my-project.iam.gserviceaccount.com",
  token_uri: "https://oauth2.googleapis.com/token",
};

describe("a service account's key of Google", () => {
  it.each([null, "other-project-1", "example.com:old-project"])("is taken with the project %j", (project) => {
    const serviceAccountKey = JSON.stringify(googleKey, null, 2);
    const checked = checkGoogle({ serviceAccountKey: `\n${serviceAccountKey}\n`, project });
    expect(checked).toEqual({ ok: true, value: { serviceAccountKey, project } });
  });

  it.each<[string, string, string]>([
    ["no JSON", "c2VjcmV0", "no JSON"],
    ["a list", '["c2VjcmV0"]', "no JSON"],
    ["nothing", "", "no JSON"],
    ["a person's own sign-in", JSON.stringify({ ...googleKey, type: "authorized_user" }), "your own sign-in"],
    ["another type", JSON.stringify({ ...googleKey, type: "c2VjcmV0" }), "another type"],
    ["no address", JSON.stringify({ ...googleKey, client_email: undefined }), "no client_email"],
    ["a number for a key", JSON.stringify({ ...googleKey, private_key: 5 }), "no private_key"],
    ["no key in its key", JSON.stringify({ ...googleKey, private_key: "c2VjcmV0" }), "unchanged"],
    ["a token address that is not https", JSON.stringify({ ...googleKey, token_uri: "http://x/c2VjcmV0" }), "https"],
    ["line ends in its address", JSON.stringify({ ...googleKey, client_email: "a\nb@c" }), "damaged"],
    ["a file behind it", JSON.stringify({ ...googleKey, more: "c2VjcmV0".repeat(3_000) }), "longer"],
  ])("that is %s is refused", (_what, serviceAccountKey, words) => {
    const checked = checkGoogle({ serviceAccountKey });
    expect(checked).toMatchObject({ code: "INVALID_CREDENTIALS" });
    expect(refusal(checked)).toContain(words);
    expect(refusal(checked)).not.toContain("c2VjcmV0");
  });

  it.each(["My Project", "123456789012", "a", "x\ny"])("with the project %j is refused", (project) => {
    expect(refusal(checkGoogle({ serviceAccountKey: JSON.stringify(googleKey), project }))).toContain("project");
  });
});

const azure = {
  tenantId: "00000000-0000-0000-0000-00000000000A",
  clientId: "00000000-0000-0000-0000-000000000001",
  clientSecret: "aBc8Q~secret.value_-",
  subscriptionId: null,
};

describe("credentials of Azure", () => {
  it("are taken", () => {
    expect(checkAzure({ ...azure, clientSecret: ` ${azure.clientSecret}` })).toEqual({ ok: true, value: azure });
  });

  it.each([
    ["a domain for the tenant", { ...azure, tenantId: "example.onmicrosoft.com" }, "tenant id"],
    ["a name for the client", { ...azure, clientId: "robot" }, "client id"],
    ["a name for the subscription", { ...azure, subscriptionId: "Production" }, "subscription id"],
    ["the secret's id", { ...azure, clientSecret: azure.clientId }, "Give its value"],
    ["a secret of two words", { ...azure, clientSecret: "secret secret" }, "one word"],
    ["no secret", { ...azure, clientSecret: "" }, "one word"],
  ])("with %s are refused", (_what, given, words) => {
    const checked = checkAzure(given);
    expect(checked).toMatchObject({ code: "INVALID_CREDENTIALS" });
    expect(refusal(checked)).toContain(words);
    expect(refusal(checked)).not.toContain("secret secret");
  });
});

const kubeconfig = `apiVersion: v1
kind: Config
current-context: dev
clusters:
- name: dev
  cluster:
    server: https://dev.example
    certificate-authority-data: Zm9v
contexts:
- context: {cluster: dev, user: ada}
  name: dev
users:
- name: ada
  user:
    token: s3cr3t
`;

describe("a kubeconfig", () => {
  it.each([
    ["as kubectl writes it", kubeconfig],
    ["with Windows' line ends and a mark of its bytes' order", `\uFEFF${kubeconfig.replaceAll("\n", "\r\n")}`],
    [
      "with a comment and a separator before it",
      `# mine\n---\n${kubeconfig}\n\n`.replace("# mine\n---\n", "---\n# mine\n"),
    ],
    ["with its kind in quotes", kubeconfig.replace("kind: Config", 'kind: "Config"')],
    [
      "with an exec plug-in",
      kubeconfig.replace("token: s3cr3t", "exec:\n      command: aws\n      args: [eks, get-token]"),
    ],
    [
      "in JSON",
      JSON.stringify(
        { kind: "Config", clusters: [{ cluster: { server: "https://x" } }], contexts: [], users: [] },
        null,
        2,
      ),
    ],
    ["in JSON on one line", JSON.stringify({ kind: "Config", clusters: [], contexts: [], users: [] })],
  ])("%s is taken", (_what, text) => {
    const checked = checkKubeconfig(text);
    expect(checked.ok).toBe(true);
    expect(checked.ok && checked.value.endsWith("\n") && !checked.value.includes("\r")).toBe(true);
  });

  it.each([
    ["nothing", "  \n", "empty"],
    ["a token alone", "s3cr3t", "kind: Config"],
    ["another object", kubeconfig.replace("kind: Config", "kind: Secret"), "kind: Config"],
    ["something without users", kubeconfig.replace("users:", "people:"), "no users"],
    ["something without clusters", kubeconfig.replace("clusters:", "# clusters:"), "no clusters"],
    ["what kubectl shows without --raw", kubeconfig.replace("s3cr3t", "REDACTED"), "left out"],
    ["what kubectl shows of certificates", kubeconfig.replace("Zm9v", "DATA+OMITTED"), "left out"],
    ["one that names files", kubeconfig.replace("token: s3cr3t", "client-key: /home/ada/key.pem"), "client-key"],
    [
      "one that names files in short",
      kubeconfig.replace("    token: s3cr3t", "    {client-certificate: a.pem}"),
      "client-certificate",
    ],
    [
      "one that names files in JSON",
      '{"kind":"Config","clusters":[],"contexts":[],"users":[{\n"tokenFile": "/x"}]}',
      "tokenFile",
    ],
    ["one with control characters", kubeconfig.replace("dev", "d\u001bev"), "control"],
    ["one beyond all bounds", `${kubeconfig}# ${"x".repeat(64 * 1_024)}`, "64 KiB"],
  ])("that is %s is refused", (_what, text, words) => {
    const checked = checkKubeconfig(text);
    expect(checked).toMatchObject({ code: "INVALID_KUBECONFIG" });
    expect(refusal(checked)).toContain(words);
    expect(refusal(checked)).not.toContain("s3cr3t");
  });
});
