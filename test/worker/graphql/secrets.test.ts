// Owns the proof that nothing a person gives is said again: not in an error, not in the log, not in an answer.
// Must not know how GraphQL words its errors.

import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { errorCodeOf } from "../answers.ts";
import type { Browser } from "../browser.ts";
import { ada, signedIn } from "../people.ts";

const secret = "s3cr3t-Canary/0123456789";
/** What looks like the end of such a message itself. */
const sly = `x"; found: ${secret} at "input.git"; ${secret}`;

let browser: Browser;
const lines: string[] = [];

beforeAll(async () => {
  browser = await signedIn({ ...ada, sub: "gives-secrets" });
});

afterEach(() => {
  lines.length = 0;
});

async function answerTo(body: string): Promise<{ readonly text: string; readonly code: string | null }> {
  for (const level of ["log", "info", "warn", "error", "debug"] as const) {
    vi.spyOn(console, level).mockImplementation((...words: unknown[]) => {
      lines.push(words.map(String).join(" "));
    });
  }
  const headers = { origin: browser.origin, "content-type": "application/json" };
  const response = await browser.fetch("/graphql", { method: "POST", headers, body });
  return { text: await response.clone().text(), code: await errorCodeOf(response) };
}

const mutation = "mutation ($input: SetupShellInput!) { setupShell(input: $input) { id } }";

/** Wrong in every way that the schema can see, each with the secret in it. */
const wrongInputs: readonly unknown[] = [secret, sly].flatMap((text) => [
  text,
  [text],
  { unknown: text },
  { kubeconfing: text },
  { kubeconfig: { text } },
  { kubeconfig: [text, text] },
  { git: text },
  { git: { url: { text } } },
  { git: { signIn: text } },
  { git: { signIn: {} } },
  { git: { signIn: { token: text } } },
  { git: { signIn: { token: { token: text }, key: { key: text } } } },
  { git: { signIn: { token: { token: text, other: text } } } },
  { git: { signIn: { token: { tokem: text } } } },
  { git: { signIn: { token: { token: [text] } } } },
  { git: { signIn: { deployKey: { renew: text } } } },
  { git: { signIn: { password: text } } },
  { aws: { accessKeyId: text } },
  { aws: { accessKeyId: { text }, secretAccessKey: text } },
  { aws: { secretAccessKey: text, sessionToken: text } },
  { google: text },
  { google: { serviceAccountKey: JSON.parse(`{"private_key":${JSON.stringify(text)}}`), project: text } },
  { azure: { tenantId: text, clientId: text, clientsecret: text } },
]);

/** Wrong in what only our own checks see. */
const badValues: readonly object[] = [
  { kubeconfig: secret },
  { git: { url: `https://ada:${secret}@forge.example/x` } },
  { git: { url: `https://${encodeURIComponent(secret)}@forge.example/x` } },
  { git: { url: "git@forge.example:x", signIn: { token: { token: secret } } } },
  { git: { url: "https://forge.example/x", signIn: { token: { token: `${secret} ${secret}` } } } },
  { git: { url: "https://forge.example/x", signIn: { token: { token: secret, user: `${secret}:${secret}` } } } },
  { git: { url: "git@forge.example:x", signIn: { key: { key: secret } } } },
  {
    git: {
      url: "git@forge.example:x",
      signIn: { key: { key: `-----BEGIN OPENSSH PRIVATE KEY-----\n${secret}\n-----END OPENSSH PRIVATE KEY-----` } },
    },
  },
  { aws: { accessKeyId: secret, secretAccessKey: secret } },
  { aws: { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: secret } },
  { google: { serviceAccountKey: secret } },
  { google: { serviceAccountKey: `{"type":"service_account","private_key":"${secret}"}` } },
  { azure: { tenantId: secret, clientId: secret, clientSecret: secret } },
];

/** In the document itself, where it should not be. */
const documents: readonly string[] = [
  `mutation { setupShell(input: {kubeconfig: ${JSON.stringify(secret)}, git: ${JSON.stringify(secret)}}) { id } }`,
  `mutation { setupShell(input: {git: {signIn: {token: ${JSON.stringify(secret)}}}}) { id } }`,
  `mutation { setupShell(input: {aws: {accessKeyId: ${JSON.stringify(secret)}}}) { id } }`,
  `mutation { setupShell(input: [{kubeconfig: ${JSON.stringify(secret)}, no: 1}]) { id } }`,
  `mutation { setupShell(input: {git: {signIn: {deployKey: {renew: ${JSON.stringify(secret)}}}}}) { id } }`,
  `mutation { setupShell(input: {kubeconfig: ${JSON.stringify(secret)} ${JSON.stringify(secret)}}) { id } }`,
  `mutation { setupShell(input: {kubeconfig: "a" "${secret}"`,
  `mutation { setupShell(input: {kubeconfig: """${secret}"" } }`,
  `mutation { setupShell(input: {kubeconfig: "${secret}\n"}) { id } }`,
  `mutation { updateShell(input: {provider: "${secret}"}) { id } }`,
  `query ($x: SetupShellInput = {aws: {accessKeyId: "${secret}"}}) { shell { id } }`,
];

describe("what a person gives wrongly is not said again", () => {
  it.each([...wrongInputs, ...badValues].map((input) => JSON.stringify(input)))("as the variable %s", async (input) => {
    const { text, code } = await answerTo(JSON.stringify({ query: mutation, variables: { input: JSON.parse(input) } }));
    expect(code).toMatch(/^(BAD_REQUEST|INVALID_\w+)$/);
    expect(text).not.toContain("Canary");
    expect(lines.join("\n")).toContain("request");
    expect(lines.join("\n")).not.toContain("Canary");
  });

  it.each(documents)("in the document %s", async (query) => {
    const { text, code } = await answerTo(JSON.stringify({ query }));
    expect(code).toBe("BAD_REQUEST");
    expect(text).not.toContain("Canary");
    expect(lines.join("\n")).not.toContain("Canary");
  });

  it.each([`{"query": "{ shell { id } }", "variables": {"a": "${secret}"`, `"${secret}"`, `["${secret}"]`, secret])(
    "in the body %s",
    async (body) => {
      const { text, code } = await answerTo(body);
      expect(code).toBe("BAD_REQUEST");
      expect(text).not.toContain("Canary");
      expect(lines.join("\n")).not.toContain("Canary");
    },
  );
});

describe("an error still says", () => {
  it.each<[string, unknown, string]>([
    ["which field is of the wrong type", { git: { url: 5 } }, "input.git.url"],
    ["which type was expected", { git: { url: 5 } }, "String cannot represent a non string value."],
    ["which field is missing", { aws: { accessKeyId: "x" } }, "secretAccessKey"],
    ["which field is not known, and what was perhaps meant", { kubeconfing: "x" }, 'Did you mean "kubeconfig"?'],
    ["that exactly one way to sign in is wanted", { git: { signIn: {} } }, "exactly one"],
  ])("%s", async (_what, input, words) => {
    const { text } = await answerTo(JSON.stringify({ query: mutation, variables: { input } }));
    const { errors } = await new Response(text).json<{ errors: { message: string }[] }>();
    expect(errors.map(({ message }) => message).join(" ")).toContain(words);
  });
});
