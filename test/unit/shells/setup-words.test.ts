import { describe, expect, it } from "vitest";
import { parseSetupWord, withoutSecrets } from "../../../worker/shells/setup-words.ts";
import { workspaceOf } from "../../../worker/shells/workspace.ts";

describe("a line of setup's stdout", () => {
  it("is a step, a check or a receipt", () => {
    expect(parseSetupWord('{"type":"step","step":"clone","text":"Cloning."}')).toEqual({
      type: "step",
      step: "clone",
      text: "Cloning.",
    });
    const check = { type: "check", step: "git", state: "failed", code: "GIT_TOKEN_REFUSED", text: "No." };
    expect(parseSetupWord(JSON.stringify(check))).toEqual(check);
    expect(parseSetupWord(JSON.stringify({ ...check, state: "done", code: null }))).toMatchObject({ code: null });
    expect(parseSetupWord('{"type":"receipt","nonce":"00"}')).toEqual({ type: "receipt", nonce: "00" });
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
    expect(parseSetupWord(line)).toBeNull();
  });

  it("has bounds: a long text is cut, a code that is none is null", () => {
    const long = parseSetupWord(JSON.stringify({ type: "step", step: "git", text: "x".repeat(5_000) }));
    expect(long?.type === "step" && long.text.length).toBe(1_000);
    const odd = { type: "check", step: "git", state: "failed", code: "<b>", text: "No." };
    expect(parseSetupWord(JSON.stringify(odd))).toMatchObject({ code: null });
  });
});

describe("what a pod's script says", () => {
  it("goes no further with a secret in it", () => {
    const said = "fatal: could not read https://u:hunter22@git.test and hunter22";
    expect(withoutSecrets(said, ["hunter22"])).toBe("fatal: could not read https://u:[secret]@git.test and [secret]");
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
