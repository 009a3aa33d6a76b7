// Owns the proof of which addresses, branches, tokens and folders of a repository are taken.
// Must not know the API.

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkBranch, checkToken, checkTokenUser } from "../../../worker/shells/validate-git.ts";
import { checkGitUrl, transportOf } from "../../../worker/shells/validate-git-url.ts";
import { checkWorkspace } from "../../../worker/shells/validate-workspace.ts";

describe("a repository's address", () => {
  it.each([
    ["https://github.com/org/repo.git", "https://github.com/org/repo.git", "http"],
    ["  https://github.com/org/repo\n", "https://github.com/org/repo", "http"],
    ["HTTPS://GitHub.com:443/org/repo", "https://github.com/org/repo", "http"],
    ["https://forge.internal:8443/a/b/c.git", "https://forge.internal:8443/a/b/c.git", "http"],
    ["https://forge.example/with%20blank/x", "https://forge.example/with%20blank/x", "http"],
    ["https://10.1.2.3/x", "https://10.1.2.3/x", "http"],
    ["git@github.com:org/repo.git", "git@github.com:org/repo.git", "ssh"],
    ["git@forge.example:~ada/x", "git@forge.example:~ada/x", "ssh"],
    ["ada_1@forge:/srv/git/x.git", "ada_1@forge:/srv/git/x.git", "ssh"],
    ["git@[2001:db8::1]:x.git", "git@[2001:db8::1]:x.git", "ssh"],
    ["ssh://git@forge.example:2222/org/repo.git", "ssh://git@forge.example:2222/org/repo.git", "ssh"],
    ["ssh://forge.example/x", "ssh://forge.example/x", "ssh"],
  ] as const)("%j is taken", (text, url, transport) => {
    expect(checkGitUrl(text, false)).toEqual({ ok: true, value: { url, transport } });
    expect(transportOf(url)).toBe(transport);
  });

  it.each([
    ["", "is missing"],
    ["   ", "is missing"],
    ["github.com/org/repo", "must begin with"],
    ["org/repo", "must begin with"],
    ["http://github.com/org/repo", "must begin with https://"],
    ["http://localhost/org/repo", "must begin with https://"],
    ["git://github.com/org/repo", "must begin with"],
    ["file:///etc", "must begin with"],
    ["/srv/git/x", "must begin with"],
    ["ext::sh -c id", "blanks"],
    ["ext::sh", "must begin with"],
    ["-uhttps://forge.example/x", "dash"],
    ["--upload-pack=id", "dash"],
    ["https://ada:secret@forge.example/x", "sign-in"],
    ["https://ghp_secret@forge.example/x", "sign-in"],
    ["ssh://git:secret@forge.example/x", "sign-in"],
    ["https://forge.example/x?token=1", "? or #"],
    ["https://forge.example/x#main", "? or #"],
    ["https://forge.example", "names no repository"],
    ["https://forge.example/", "names no repository"],
    ["https://forge.example/..", "names no repository"],
    ["https://forge.example/-x", "dash"],
    ["git@forge.example:-oProxyCommand=id", "dash"],
    ["git@-oProxyCommand=id:x", "host"],
    ["ssh://-oProxyCommand=id/x", "host"],
    ["ssh://git@-oProxyCommand=id/x", "host"],
    ["-oProxyCommand=id@forge:x", "dash"],
    ["git@forge.example:", "must begin with"],
    ["git@:x", "must begin with"],
    ["https://localhost/x", "localhost"],
    ["https://localhost./x", "localhost"],
    ["https://git.localhost/x", "localhost"],
    ["https://127.0.0.1/x", "localhost"],
    ["https://127.1/x", "localhost"],
    ["https://2130706433/x", "localhost"],
    ["https://0x7f.1/x", "localhost"],
    ["https://0.0.0.0/x", "localhost"],
    ["https://[::1]/x", "localhost"],
    ["https://[::ffff:127.0.0.1]/x", "localhost"],
    ["https://169.254.169.254/x", "localhost"],
    ["https://[::ffff:169.254.169.254]/x", "localhost"],
    ["https://[fe80::1]/x", "localhost"],
    ["git@localhost:x", "localhost"],
    ["git@127.1:x", "localhost"],
    ["git@2130706433:x", "localhost"],
    ["git@[::1]:x", "localhost"],
    ["ssh://git@2130706433/x", "localhost"],
    ["ssh://git@[::1]/x", "localhost"],
    ["https://forge.example/x\u0000y", "control"],
    ["https://forge.example/a\nb", "blanks"],
    ["https://forge.example/a b", "blanks"],
    ["https://forge.example/\u001b[31m", "control"],
    ["https://forge.example/\ud800", "control"],
    [`https://forge.example/${"x".repeat(1_024)}`, "longer"],
  ])("%j is refused: %s", (text, why) => {
    const checked = checkGitUrl(text, false);
    expect(checked).toMatchObject({ ok: false, code: "INVALID_GIT_URL" });
    expect(checked.ok ? "" : checked.message).toContain(why);
    expect(JSON.stringify(checked)).not.toContain("secret");
  });

  it.each(["http://127.0.0.1:3000/x", "http://localhost:8080/x.git", "ssh://git@127.0.0.1:2222/x", "http://[::1]:1/x"])(
    "%j is taken in the local environment",
    (text) => {
      expect(checkGitUrl(text, true).ok).toBe(true);
    },
  );

  it("over http elsewhere is refused in the local environment too", () => {
    expect(checkGitUrl("http://forge.example/x", true).ok).toBe(false);
    expect(checkGitUrl("http://10.0.0.1/x", true).ok).toBe(false);
  });
});

describe("a branch", () => {
  it("is taken where git takes it, and nowhere else", { timeout: 30_000 }, async () => {
    const piece = fc.constantFrom(
      ..."aZ0é😀-_.@{}~^:?*[]\\/ \u0001\u007f#'\"$;&|<>()!%+,=",
      "..",
      "@{",
      ".lock",
      "HEAD",
      "//",
      "main",
      "refs/heads/",
    );
    const names = fc.sample(
      fc.array(piece, { minLength: 1, maxLength: 6 }).map((pieces) => pieces.join("")),
      { numRuns: 300, seed: 20_261_123 },
    );
    // Blanks around a name are taken off, and what begins with refs/ is taken for a mistake: git does neither.
    const tried = names.filter((name) => name === name.trim() && !name.startsWith("refs/") && name !== "@");
    const ours = tried.map((name) => ({ name, taken: checkBranch(name).ok }));
    const theirs = await gitTakes(tried);
    expect(ours).toEqual(tried.map((name, index) => ({ name, taken: theirs[index] })));
    const taken = ours.filter((one) => one.taken).length;
    expect(taken).toBeGreaterThan(50);
    expect(tried.length - taken).toBeGreaterThan(50);
  });

  it.each(["", " ", "@", "refs/heads/main", "x".repeat(241), "\ud800"])("%j is refused", (name) => {
    expect(checkBranch(name)).toMatchObject({ ok: false, code: "INVALID_GIT_BRANCH" });
  });

  it("loses the blanks around it", () => {
    expect(checkBranch(" main\n")).toEqual({ ok: true, value: "main" });
  });
});

/** Each of them asked of git, by one shell. */
async function gitTakes(names: readonly string[]): Promise<boolean[]> {
  const script = 'for name; do git check-ref-format --branch "$name" >/dev/null 2>&1; echo $?; done';
  const { stdout } = await promisify(execFile)("sh", ["-c", script, "sh", ...names], { cwd: "/" });
  return stdout
    .trim()
    .split("\n")
    .map((status) => status === "0");
}

describe("a token", () => {
  it.each(["ghp_abc", " glpat-x_Y-1\n", "a".repeat(4_096)])("%j is taken", (token) => {
    expect(checkToken(token)).toEqual({ ok: true, value: token.trim() });
  });

  it.each(["", " ", "two words", "a\nb", "é", "a\u0000", "a".repeat(4_097), "-----BEGIN OPENSSH PRIVATE KEY-----\nx"])(
    "%j is refused",
    (token) => {
      expect(checkToken(token)).toMatchObject({ ok: false, code: "INVALID_GIT_TOKEN" });
    },
  );

  it.each(["ada", "x-token-auth", "ada@example.com"])("may go with the user name %j", (user) => {
    expect(checkTokenUser(user)).toEqual({ ok: true, value: user });
  });

  it.each(["", "a:b", "a b", "a\n", "\u0007"].filter((user) => user !== "a\n"))(
    "may not go with the user name %j",
    (user) => {
      expect(checkTokenUser(user)).toMatchObject({ ok: false, code: "INVALID_GIT_TOKEN" });
    },
  );
});

describe("a repository's folder", () => {
  it.each([
    ["work/infra", "work/infra"],
    ["~/work/infra/", "work/infra"],
    [" infra ", "infra"],
    ["my work/größe", "my work/größe"],
    ["a/.hidden/b", "a/.hidden/b"],
  ])("%j is taken", (text, path) => {
    expect(checkWorkspace(text)).toEqual({ ok: true, value: path });
  });

  it.each([
    "",
    "~",
    "~/",
    "/",
    "/etc",
    "..",
    "../x",
    "a/../../x",
    "a/..",
    ".",
    "./a",
    "a/./b",
    "a//b",
    ".ssh",
    ".local/state/limpet",
    "~/.local/state",
    ".git",
    "a/.git/hooks",
    "-x",
    "a/-rf",
    "~root/x",
    "a\nb",
    "a\u0000",
    "a".repeat(201),
  ])("%j is refused", (text) => {
    expect(checkWorkspace(text)).toMatchObject({ ok: false, code: "INVALID_WORKSPACE" });
  });
});
