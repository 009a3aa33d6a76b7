// Owns the tests of what the settings' forms become for the API, and where its errors are shown.
// Must not know the page.

import { describe, expect, test } from "vitest";
import { credentialChange, credentialForms } from "../../../web/state/credential-forms.ts";
import { deployKeyPlace, gitPlaceOf, otherTransport, repositoryName } from "../../../web/state/git-forge.ts";
import {
  fittingSignIns,
  type KeptRepository,
  type RepositoryForm,
  repositoryChange,
  repositoryFieldOf,
  repositoryForm,
} from "../../../web/state/setup-form.ts";

const nothing: KeptRepository = {
  gitUrl: null,
  gitBranch: null,
  gitSignIn: null,
  workspace: null,
  saveUpstream: true,
};
const withToken: KeptRepository = { ...nothing, gitUrl: "https://forge.example/a/b", gitSignIn: "TOKEN" };
const url = "https://forge.example/a/b";

function changeOf(kept: KeptRepository, part: Partial<RepositoryForm>) {
  return repositoryChange({ ...repositoryForm(kept), ...part }, kept);
}

describe("the repository's form", () => {
  test.each<[string, KeptRepository, Partial<RepositoryForm>, object]>([
    ["a public one", nothing, { url: ` ${url} ` }, { git: { url, branch: null, signIn: null } }],
    [
      "a token",
      nothing,
      { url, signIn: "TOKEN", token: " abc\n" },
      { git: { url, branch: null, signIn: { token: { token: "abc" } } } },
    ],
    [
      "a token with a user",
      nothing,
      { url, signIn: "TOKEN", token: "abc", user: "oauth2" },
      { git: { url, branch: null, signIn: { token: { token: "abc", user: "oauth2" } } } },
    ],
    [
      "a deploy key and a branch",
      nothing,
      { url: "git@forge.example:a/b", signIn: "DEPLOY_KEY", branch: "main" },
      { git: { url: "git@forge.example:a/b", branch: "main", signIn: { deployKey: {} } } },
    ],
    [
      "a key ends in a line feed",
      nothing,
      { url: "git@forge.example:a/b", signIn: "KEY", key: "  -----BEGIN\nx\n-----END" },
      { git: { url: "git@forge.example:a/b", branch: null, signIn: { key: { key: "-----BEGIN\nx\n-----END\n" } } } },
    ],
    ["a token that is kept stays", withToken, { branch: "next" }, { git: { url, branch: "next" } }],
    ["a token that is kept goes", withToken, { signIn: "NONE" }, { git: { url, branch: null, signIn: null } }],
    [
      "a token that is kept is replaced",
      withToken,
      { token: "new" },
      { git: { url, branch: null, signIn: { token: { token: "new" } } } },
    ],
  ])("%s", (_name, kept, part, setup) => {
    expect(changeOf(kept, part)).toEqual({ ok: true, value: { setup, settings: null } });
  });

  test.each<[string, KeptRepository, Partial<RepositoryForm>, string]>([
    ["no address", nothing, {}, "url"],
    ["no token", nothing, { url, signIn: "TOKEN" }, "token"],
    ["no key", nothing, { url, signIn: "KEY", key: " " }, "key"],
    ["a token in place of another sign-in", { ...withToken, gitSignIn: "KEY" }, { signIn: "TOKEN" }, "token"],
  ])("%s is asked for at its field", (_name, kept, part, field) => {
    expect(changeOf(kept, part)).toMatchObject({ ok: false, field });
  });

  test.each<[string, Partial<RepositoryForm>, object | null]>([
    ["nothing else changed", {}, null],
    ["a folder", { workspace: "work/infra" }, { workspace: "work/infra" }],
    ["nothing is pushed", { saveUpstream: false }, { saveUpstream: false }],
  ])("settings beside it: %s", (_name, part, settings) => {
    expect(changeOf(withToken, part)).toMatchObject({ ok: true, value: { settings } });
  });

  test("a folder that is taken back is the default again", () => {
    expect(changeOf({ ...withToken, workspace: "x" }, { workspace: "" })).toMatchObject({
      value: { settings: { workspace: null } },
    });
  });

  test.each([
    ["https://github.com/a/b", "NONE"],
    ["git@github.com:a/b.git", "DEPLOY_KEY"],
    ["ssh://git@forge.example:2222/a/b", "DEPLOY_KEY"],
    ["git", "NONE"],
  ])("what fits %s first", (address, choice) => expect(fittingSignIns(address)[0]).toBe(choice));

  test.each([
    ["INVALID_GIT_URL", "TOKEN", "url"],
    ["INVALID_GIT_TOKEN", "TOKEN", "token"],
    ["INVALID_GIT_TOKEN", "NONE", "signIn"],
    ["INVALID_GIT_KEY", "KEY", "key"],
    ["INVALID_GIT_KEY", "DEPLOY_KEY", "signIn"],
    ["INVALID_GIT_BRANCH", "NONE", "branch"],
    ["INVALID_WORKSPACE", "NONE", "workspace"],
    ["CLUSTER_UNAVAILABLE", "NONE", null],
  ] as const)("%s with %s is shown at %s", (code, signIn, field) => {
    expect(repositoryFieldOf(code, signIn)).toBe(field);
  });
});

describe("addresses of repositories", () => {
  test.each([
    ["https://GitHub.com/a/b.git", { transport: "https", host: "github.com", path: "a/b" }],
    ["http://127.0.0.1:8080/team/sea.git", { transport: "https", host: "127.0.0.1:8080", path: "team/sea" }],
    ["git@gitlab.com:group/sub/name.git", { transport: "ssh", host: "gitlab.com", path: "group/sub/name" }],
    ["ssh://git@forge.example:2222/a/b/", { transport: "ssh", host: "forge.example", path: "a/b" }],
    ["https://github.com", null],
    ["ftp://forge.example/a", null],
    ["a/b", null],
    ["", null],
  ])("%s", (address, place) => expect(gitPlaceOf(address)).toEqual(place));

  test.each([
    ["https://github.com/a/b", "git@github.com:a/b.git"],
    ["git@gitlab.com:a/b.git", "https://gitlab.com/a/b.git"],
    ["https://forge.example/a/b", null],
  ])("%s by the other transport", (address, other) => expect(otherTransport(address)).toBe(other));

  test("where a deploy key is pasted", () => {
    expect(deployKeyPlace("git@github.com:a/b.git").href).toBe("https://github.com/a/b/settings/keys/new");
    expect(deployKeyPlace("git@gitlab.sea.example:a/b").href).toBe(
      "https://gitlab.sea.example/a/b/-/settings/repository",
    );
    expect(deployKeyPlace("git@forge.example:a/b").href).toBeNull();
  });

  test("what is no address is called as it is", () => expect(repositoryName("what?")).toBe("what?"));
});

describe("the forms of credentials", () => {
  const formOf = (kind: string) => {
    const form = credentialForms.find((one) => one.kind === kind);
    if (form === undefined) throw new Error(`There is no form ${kind}.`);
    return form;
  };
  test.each<[string, Record<string, string>, object]>([
    [
      "AWS",
      { accessKeyId: "AKIA1 ", secretAccessKey: "s", region: "" },
      { aws: { accessKeyId: "AKIA1", secretAccessKey: "s", sessionToken: null, region: null } },
    ],
    ["GOOGLE", { serviceAccountKey: "{}", project: "p" }, { google: { serviceAccountKey: "{}", project: "p" } }],
    [
      "AZURE",
      { tenantId: "t", clientId: "c", clientSecret: "s" },
      { azure: { tenantId: "t", clientId: "c", clientSecret: "s", subscriptionId: null } },
    ],
    ["KUBECONFIG", { kubeconfig: "apiVersion: v1" }, { kubeconfig: "apiVersion: v1" }],
  ])("%s", (kind, values, value) => expect(credentialChange(formOf(kind), values)).toEqual({ ok: true, value }));

  test.each(["AWS", "GOOGLE", "AZURE", "KUBECONFIG"])("%s: what is needed is asked for at its field", (kind) => {
    const form = formOf(kind);
    expect(credentialChange(form, {})).toMatchObject({ ok: false, field: form.fields[0]?.name });
  });
});
