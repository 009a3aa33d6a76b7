// Owns the proof of the clouds' credentials and the kubeconfig: where each CLI reads them, whose they are, and what stays.
// Must not know git.

import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync } from "node:fs";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { SetupLine } from "../../../worker/shells/setup-line.ts";
import { makeLine, Pod, startEdge } from "./pod.ts";

let edge: Awaited<ReturnType<typeof startEdge>>;
let pod: Pod;

beforeAll(async () => {
  edge = await startEdge();
});
afterAll(() => edge.close());
beforeEach(() => {
  pod = new Pod();
});
afterEach(() => pod.close());

const aws = {
  accessKeyId: "AKIAIOSFODNN7EXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
  region: "eu-west-1",
};
const google = {
  project: "harbour",
  serviceAccountKey: JSON.stringify({
    type: "service_account",
    project_id: "other",
    client_email: "shell@harbour.iam.gserviceaccount.com",
    private_key: "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n",
  }),
};
const azure = {
  tenantId: "11111111-aaaa",
  clientId: "22222222-bbbb",
  clientSecret: "a~secret~of~azure",
  subscriptionId: "33333333-cccc",
};
const kubeconfig =
  "apiVersion: v1\nkind: Config\nclusters:\n- name: here\n  cluster: {server: https://127.0.0.1:6443}\ncontexts:\n- name: here\n  context: {cluster: here, user: me}\ncurrent-context: here\nusers:\n- name: me\n  user: {token: abc}\n";
const line = (given: Partial<SetupLine> = {}): SetupLine => makeLine(edge.url, given);
const json = (name: string): unknown => JSON.parse(pod.read(name));

/** True where this machine has the program; the test says what it did not look at. */
function has(program: string): boolean {
  try {
    execFileSync("sh", ["-c", `command -v ${program}`], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

test("AWS: the default profile, and gone again without a trace", async () => {
  const run = await pod.setup(line({ aws: { ...aws, sessionToken: "FwoGZXIvYXdzE-session" } }));
  expect(run.checks.aws).toMatchObject({ state: "done", code: null });
  expect(pod.read(".aws/credentials")).toMatch(
    /^# limpet: begin .*\n\[default\]\naws_access_key_id = AKIA\w+\naws_secret_access_key = \S+\naws_session_token = \S+\n# limpet: end\n$/,
  );
  expect(pod.read(".aws/config")).toContain("[default]\nregion = eu-west-1\n");
  expect([pod.mode(".aws"), pod.mode(".aws/credentials"), pod.mode(".aws/config")]).toEqual(["700", "600", "600"]);
  await pod.setup(line());
  expect(pod.has(".aws/credentials")).toBe(false);
  expect(pod.has(".aws/config")).toBe(false);
});

test("AWS: a person's own default and other profiles stay; the given key becomes the profile limpet", async () => {
  const own = "# mine\n[default]\naws_access_key_id = OWN\n\n[work]\naws_access_key_id = WORK\n";
  pod.write(".aws/credentials", own);
  const run = await pod.setup(line({ aws }));
  expect(run.checks.aws).toMatchObject({ state: "conflict", code: "AWS_KEPT" });
  expect(pod.read(".aws/credentials").startsWith(own)).toBe(true);
  expect(pod.read(".aws/credentials")).toContain("[limpet]\naws_access_key_id = AKIA");
  expect(pod.read(".aws/config")).toContain("[profile limpet]\nregion = eu-west-1");
  const once = pod.read(".aws/credentials");
  await pod.setup(line({ aws }));
  expect(pod.read(".aws/credentials")).toBe(once);
  await pod.setup(line());
  expect(pod.read(".aws/credentials")).toBe(own);
});

test("AWS: what the aws CLI makes of it", async (context) => {
  if (!has("aws")) return context.skip("this machine has no aws");
  await pod.setup(line({ aws }));
  const env = {
    PATH: process.env["PATH"] ?? "",
    HOME: pod.home,
    PYENV_ROOT: process.env["PYENV_ROOT"] ?? "/root/.pyenv",
  };
  const ask = (name: string): string =>
    execFileSync("aws", ["configure", "get", name], { env, encoding: "utf8" }).trim();
  expect(ask("aws_access_key_id")).toBe(aws.accessKeyId);
  expect(ask("region")).toBe("eu-west-1");
});

test("AWS: a link into the person's dotfiles stays a link", async () => {
  pod.write("dotfiles/credentials", "[work]\naws_access_key_id = WORK\n");
  pod.write(".aws/config", "");
  symlinkSync("../dotfiles/credentials", pod.path(".aws/credentials"));
  await pod.setup(line({ aws }));
  expect(pod.read("dotfiles/credentials")).toContain("[default]");
  expect(pod.mode("dotfiles/credentials")).toBe("600");
});

test.each([
  { name: "AWS", given: { aws: { ...aws, secretAccessKey: "two words" } }, step: "aws", code: "AWS_INVALID" },
  {
    name: "AWS with a line of its own",
    given: { aws: { ...aws, region: "eu\n[evil]" } },
    step: "aws",
    code: "AWS_INVALID",
  },
  { name: "Google", given: { google: { serviceAccountKey: "{}" } }, step: "google", code: "GOOGLE_INVALID" },
  { name: "Google, no JSON", given: { google: { serviceAccountKey: "p12" } }, step: "google", code: "GOOGLE_INVALID" },
  { name: "Azure", given: { azure: { ...azure, clientSecret: "" } }, step: "azure", code: "AZURE_INVALID" },
  { name: "a kubeconfig", given: { kubeconfig: "hello: [" }, step: "kubeconfig", code: "KUBECONFIG_INVALID" },
] as const)("$name that is none: $code, and nothing is written", async ({ given, step, code }) => {
  const run = await pod.setup(line(given));
  expect(run.checks[step]).toMatchObject({ state: "failed", code });
  expect(run.receipt).toBe(true);
  expect(pod.files().filter((name) => /^\.(aws|azure|kube|config\/gcloud)/.test(name))).toEqual([]);
});

test("Google: application default credentials, and a configuration of gcloud that points to them", async () => {
  const adc = ".config/gcloud/application_default_credentials.json";
  const run = await pod.setup(line({ google }));
  expect(run.checks.google).toMatchObject({ state: "done" });
  expect(json(adc)).toEqual(JSON.parse(google.serviceAccountKey));
  expect(pod.mode(adc)).toBe("600");
  expect(pod.read(".config/gcloud/active_config")).toBe("limpet");
  expect(pod.read(".local/state/limpet/environment")).toContain("export GOOGLE_CLOUD_PROJECT='harbour'");
  await pod.setup(line());
  expect(pod.has(adc)).toBe(false);
  expect(pod.has(".config/gcloud/active_config")).toBe(false);
  expect(pod.has(".config/gcloud/configurations/config_limpet")).toBe(false);
});

test("Google: what gcloud makes of it", async (context) => {
  if (!has("gcloud")) return context.skip("this machine has no gcloud");
  await pod.setup(line({ google }));
  const env = { PATH: process.env["PATH"] ?? "", HOME: pod.home, CLOUDSDK_CORE_DISABLE_PROMPTS: "1" };
  const ask = (name: string): string =>
    execFileSync("gcloud", ["config", "get-value", name], {
      env,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  expect(ask("core/project")).toBe("harbour");
  expect(ask("auth/credential_file_override")).toBe(pod.path(".config/gcloud/application_default_credentials.json"));
});

test("Google: a person's own sign-in of terraform and of gcloud is kept, and ours lies beside it", async () => {
  const adc = ".config/gcloud/application_default_credentials.json";
  pod.write(adc, '{"type":"authorized_user"}');
  pod.write(".config/gcloud/configurations/config_default", "[core]\naccount = me@example.com\n");
  const run = await pod.setup(line({ google }));
  expect(run.checks.google).toMatchObject({ state: "conflict", code: "GOOGLE_KEPT" });
  expect(pod.read(adc)).toBe('{"type":"authorized_user"}');
  expect(json(`${adc}.limpet`)).toMatchObject({ type: "service_account" });
  expect(pod.has(".config/gcloud/active_config")).toBe(false);
  await pod.setup(line());
  expect(pod.has(`${adc}.limpet`)).toBe(false);
  expect(pod.read(adc)).toBe('{"type":"authorized_user"}');
});

test("Azure: az's own two files, the secret for terraform in a file that new shells name", async () => {
  const run = await pod.setup(line({ azure }));
  expect(run.checks.azure).toMatchObject({ state: "done" });
  expect(json(".azure/service_principal_entries.json")).toEqual([
    { client_id: azure.clientId, tenant: azure.tenantId, client_secret: azure.clientSecret },
  ]);
  expect(json(".azure/azureProfile.json")).toMatchObject({
    subscriptions: [
      { id: azure.subscriptionId, isDefault: true, user: { name: azure.clientId, type: "servicePrincipal" } },
    ],
  });
  const environment = execFileSync("sh", ["-c", '. "$0"; env', pod.path(".local/state/limpet/environment")], {
    encoding: "utf8",
  });
  const secretFile = /^ARM_CLIENT_SECRET_FILE_PATH=(.*)$/m.exec(environment)?.[1] ?? "";
  expect(execFileSync("cat", [secretFile], { encoding: "utf8" })).toBe(azure.clientSecret);
  expect(environment).toContain(`ARM_SUBSCRIPTION_ID=${azure.subscriptionId}`);
  expect(environment).not.toContain(azure.clientSecret);
  await pod.setup(line());
  expect(pod.files().filter((name) => name.startsWith(".azure/"))).toEqual([]);
  expect(pod.has(".local/state/limpet/azure")).toBe(false);
});

test("Azure: other accounts of az stay, with their default subscription", async () => {
  const mine = { id: "mine", isDefault: true, tenantId: "t", user: { name: "me@example.com", type: "user" } };
  // az writes a byte order mark.
  pod.write(".azure/azureProfile.json", `\uFEFF${JSON.stringify({ installationId: "i", subscriptions: [mine] })}`);
  const run = await pod.setup(line({ azure }));
  expect(run.checks.azure).toMatchObject({ state: "conflict", code: "AZURE_KEPT" });
  expect(json(".azure/azureProfile.json")).toMatchObject({
    installationId: "i",
    subscriptions: [mine, { isDefault: false }],
  });
  await pod.setup(line());
  expect(json(".azure/azureProfile.json")).toEqual({ installationId: "i", subscriptions: [mine] });
});

test("Azure: another service principal takes the place of ours", async () => {
  await pod.setup(line({ azure }));
  await pod.setup(line({ azure: { ...azure, clientId: "44444444-dddd" } }));
  expect(json(".azure/service_principal_entries.json")).toMatchObject([{ client_id: "44444444-dddd" }]);
  expect(json(".azure/azureProfile.json")).toMatchObject({ subscriptions: [{ user: { name: "44444444-dddd" } }] });
});

test("kubeconfig: as it was given; what the person changed in it stays; a new one never writes over theirs", async () => {
  const first = await pod.setup(line({ kubeconfig }));
  expect(first.checks.kubeconfig).toMatchObject({ state: "done" });
  expect(pod.read(".kube/config").trim()).toBe(kubeconfig.trim());
  expect([pod.mode(".kube"), pod.mode(".kube/config")]).toEqual(["700", "600"]);
  // A context was chosen.
  const changed = pod.read(".kube/config").replace("current-context: here", "current-context: there");
  pod.write(".kube/config", changed);
  const again = await pod.setup(line({ kubeconfig }));
  expect(again.checks.kubeconfig).toMatchObject({ state: "done" });
  expect(pod.read(".kube/config")).toBe(changed);
  const other = await pod.setup(line({ kubeconfig: kubeconfig.replaceAll("here", "new") }));
  expect(other.checks.kubeconfig).toMatchObject({ state: "conflict", code: "KUBECONFIG_KEPT" });
  expect(pod.read(".kube/config")).toBe(changed);
  expect(pod.read(".kube/config.limpet")).toContain("new");
  const gone = await pod.setup(line());
  // It was ours once: that it stays is said, once.
  expect(gone.checks.kubeconfig).toMatchObject({ state: "conflict", code: "KUBECONFIG_KEPT" });
  expect((await pod.setup(line())).checks.kubeconfig).toMatchObject({ state: "skipped" });
  expect(pod.read(".kube/config")).toBe(changed);
  expect(pod.has(".kube/config.limpet")).toBe(false);
});

test("kubeconfig: ours, untouched, is replaced and taken away; what was deleted comes back", async () => {
  await pod.setup(line({ kubeconfig }));
  await pod.setup(line({ kubeconfig: kubeconfig.replaceAll("here", "new") }));
  expect(pod.read(".kube/config")).toContain("new");
  execFileSync("rm", [pod.path(".kube/config")]);
  await pod.setup(line({ kubeconfig }));
  expect(pod.read(".kube/config")).toContain("here");
  await pod.setup(line());
  expect(pod.has(".kube/config")).toBe(false);
});

test("a place that cannot be written is said, and the other steps go on", async () => {
  pod.write(".aws", "a file where a folder should be\n");
  pod.write(".kube", "likewise\n");
  const run = await pod.setup(line({ aws, kubeconfig, azure }));
  expect(run.checks.aws).toMatchObject({ state: "failed", code: "HOME_NOT_WRITABLE" });
  expect(run.checks.kubeconfig).toMatchObject({ state: "failed", code: "HOME_NOT_WRITABLE" });
  expect(run.checks.azure).toMatchObject({ state: "done" });
  expect(run.receipt).toBe(true);
  expect(pod.read(".aws")).toBe("a file where a folder should be\n");
});

test("what leads into a repository is not written there: it is put elsewhere, and said", async () => {
  execFileSync("git", ["init", "-q", pod.path("dot")]);
  pod.write("dot/aws/credentials", "[work]\naws_access_key_id = WORK\n");
  pod.write("dot/kube", "mine: 1\n");
  for (const folder of [".kube", ".config", "dot/gcloud", "dot/azure"])
    mkdirSync(pod.path(folder), { recursive: true });
  symlinkSync("dot/aws", pod.path(".aws"));
  symlinkSync("../dot/kube", pod.path(".kube/config"));
  symlinkSync("../dot/gcloud", pod.path(".config/gcloud"));
  symlinkSync("dot/azure", pod.path(".azure"));
  const run = await pod.setup(line({ aws, google, azure, kubeconfig }));
  expect(run.checks).toMatchObject({
    aws: { state: "conflict", code: "AWS_KEPT" },
    google: { state: "conflict", code: "GOOGLE_KEPT" },
    azure: { state: "conflict", code: "AZURE_KEPT" },
    kubeconfig: { state: "conflict", code: "KUBECONFIG_KEPT" },
  });
  const inRepository = execFileSync(
    "grep",
    ["-rlE", "SUPPLIED|wJalr|BEGIN PRIVATE|secret~of|127.0.0.1:6443|WORK", "dot"],
    {
      cwd: pod.home,
      encoding: "utf8",
    },
  );
  expect(inRepository).toBe("dot/aws/credentials\n");
  expect(pod.read("dot/aws/credentials")).toBe("[work]\naws_access_key_id = WORK\n");
  // Each sentence names the file that it is about.
  const named = /(AWS_SHARED_CREDENTIALS_FILE|GOOGLE_APPLICATION_CREDENTIALS|KUBECONFIG)=~\/(\S+?)\.$/;
  const file = (text: string | undefined): string => pod.read(named.exec(text ?? "")?.[2] ?? "none");
  expect(file(run.checks.aws?.text)).toContain(`[default]\naws_access_key_id = ${aws.accessKeyId}`);
  expect(file(run.checks.google?.text)).toBe(google.serviceAccountKey);
  expect(file(run.checks.kubeconfig?.text)).toBe(kubeconfig);
  await pod.setup(line());
  expect(pod.files().filter((name) => name.startsWith(".local/state/limpet/credentials/"))).toEqual([]);
});

test("a link to nothing, as it comes back with a home, is written through", async () => {
  mkdirSync(pod.path(".kube"));
  await pod.setup(line({ kubeconfig }));
  execFileSync("sh", ["-c", "mkdir dot && rm .kube/config && ln -s ../dot/kube .kube/config"], { cwd: pod.home });
  const run = await pod.setup(line({ kubeconfig }));
  expect(run.checks.kubeconfig).toMatchObject({ state: "done" });
  expect(pod.read("dot/kube")).toBe(kubeconfig);
});
