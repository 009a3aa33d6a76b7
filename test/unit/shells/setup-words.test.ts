import { describe, expect, it } from "vitest";
import { secretsIn } from "../../../worker/shells/secret-parts.ts";
import { parseSetupWord, withoutSecrets } from "../../../worker/shells/setup-words.ts";
import { workspaceOf } from "../../../worker/shells/workspace.ts";
import { makeLine } from "../../pod/setup/pod.ts";

describe("a line of setup's stdout", () => {
  it("is a step, a check or a receipt", () => {
    expect(parseSetupWord('{"type":"step","step":"clone","text":"Cloning."}', [])).toEqual({
      type: "step",
      step: "clone",
      text: "Cloning.",
    });
    const check = { type: "check", step: "git", state: "failed", code: "GIT_TOKEN_REFUSED", text: "No." };
    expect(parseSetupWord(JSON.stringify(check), [])).toEqual(check);
    expect(parseSetupWord(JSON.stringify({ ...check, state: "done", code: null }), [])).toMatchObject({ code: null });
    expect(parseSetupWord('{"type":"receipt","nonce":"00"}', [])).toEqual({ type: "receipt", nonce: "00" });
  });

  it.each([
    ["no JSON", "Cloning into 'b'..."],
    ["half of it", '{"type":"step","step":"cl'],
    ["a list", '["step"]'],
    ["an unknown type", '{"type":"stop"}'],
    ["an unknown step", '{"type":"step","step":"rm","text":""}'],
    ["an unknown state", '{"type":"check","step":"git","state":"fine","code":null,"text":""}'],
    ["a receipt of nothing", '{"type":"receipt"}'],
    ["a receipt of a number", '{"type":"receipt","nonce":7}'],
  ])("is passed over where it is %s", (_, line) => {
    expect(parseSetupWord(line, [])).toBeNull();
  });

  it("has bounds: a long text is cut, a code that is none is null", () => {
    const long = parseSetupWord(JSON.stringify({ type: "step", step: "git", text: "x".repeat(5_000) }), []);
    expect(long?.type === "step" && long.text.length).toBe(1_000);
    const odd = { type: "check", step: "git", state: "failed", code: "<b>", text: "No." };
    expect(parseSetupWord(JSON.stringify(odd), [])).toMatchObject({ code: null });
  });
});

describe("what a pod's script says", () => {
  it("goes no further with a secret in it", () => {
    const said = "fatal: could not read https://u:hunter22@git.test and hunter22";
    expect(withoutSecrets(said, ["hunter22"])).toBe("fatal: could not read https://u:[secret]@git.test and [secret]");
  });
});

describe("what of a set-up is secret", () => {
  const key = ["-----BEGIN OPENSSH PRIVATE KEY-----", "b3BlbnNzaC1rZXktdjEAAAAA", "-----END OPENSSH PRIVATE KEY-----"];
  const account = {
    type: "service_account",
    client_email: "deployer@project.iam.gserviceaccount.test",
    private_key: "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG\n-----END PRIVATE KEY-----\n",
    nested: [{ refresh_token: "1//0g-a-token-of-google" }],
  };
  const kubeconfig = [
    "apiVersion: v1",
    "clusters:",
    "- cluster: { server: https://cluster.example.test:6443 }",
    "  name: arn:aws:eks:eu-west-1:1:cluster/main",
    "users:",
    "- user:",
    '    token: "eyJhbGciOiJSUzI1NiJ9.e30.c2ln"',
    "    client-key-data: LS0tLS1CRUdJTiBSU0E",
    "    certificate: |",
    "      MIIDXTCCAkWgAwIBAgIJ",
  ];
  const secrets = secretsIn({
    ...makeLine("https://limpet.test"),
    git: { url: "u", branch: null, workspace: "w", key: key.join("\n"), token: null, saveUpstream: true },
    google: { serviceAccountKey: JSON.stringify(account) },
    kubeconfig: kubeconfig.join("\n"),
  });

  it.each([
    ["a line of a key", "b3BlbnNzaC1rZXktdjEAAAAA"],
    ["a line of a key in JSON", "MIIEvQIBADANBgkqhkiG"],
    ["a value of JSON", "1//0g-a-token-of-google"],
    ["a value of YAML", "eyJhbGciOiJSUzI1NiJ9.e30.c2ln"],
    ["a value of YAML without quotes", "LS0tLS1CRUdJTiBSU0E"],
    ["a line of a block in YAML", "MIIDXTCCAkWgAwIBAgIJ"],
  ])("is %s, wherever a tool quotes it", (_, part) => {
    expect(withoutSecrets(`error: cannot read "${part}" (line 3)`, secrets)).toBe(
      'error: cannot read "[secret]" (line 3)',
    );
  });

  it("is neither a server nor an account: they are what an error is about", () => {
    const said =
      "deployer@project.iam.gserviceaccount.test: https://cluster.example.test:6443 of arn:aws:eks:eu-west-1:1:cluster/main refused";
    expect(withoutSecrets(said, secrets)).toBe(said);
  });

  it("is taken out as a whole before a part of it is", () => {
    expect(withoutSecrets(`${key.join("\n")}.`, secrets)).toBe("[secret].");
  });

  it("is taken out before the text is cut: half of it is never left", () => {
    const text = `${"x".repeat(990)}LS0tLS1CRUdJTiBSU0E`;
    const word = parseSetupWord(JSON.stringify({ type: "step", step: "git", text }), secrets);
    expect(word).toMatchObject({ text: `${"x".repeat(990)}[secret]` });
  });
});

describe("the folder of a repository", () => {
  it.each([
    ["https://git.test/team/infra.git", "infra"],
    ["https://git.test/team/infra/", "infra"],
    ["git@git.test:team/infra.git", "infra"],
    ["ssh://git@git.test:2222/~/..git", "work"],
    ["https://git.test/team/a%20b", "a-20b"],
  ])("of %s is %s", (url, folder) => {
    expect(workspaceOf(url)).toBe(folder);
  });
});
