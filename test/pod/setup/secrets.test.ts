// Owns the proof that no secret is anywhere but in files for the person alone: not in arguments, environments or words.
// Must not know how the steps avoid it.

import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { SetupLine } from "../../../worker/shells/setup-line.ts";
import { startHttpGitServer } from "../../git-servers/http-git-server.ts";
import { makeRepository } from "../../git-servers/repositories.ts";
import { makeKeyPair, startSshGitServer } from "../../git-servers/ssh-git-server.ts";
import { findSshd } from "../../git-servers/sshd.ts";
import { capability, makeLine, Pod, saveKey, startEdge } from "./pod.ts";

const root = mkdtempSync(join(tmpdir(), "limpet-git-"));
let edge: Awaited<ReturnType<typeof startEdge>>;

beforeAll(async () => {
  makeRepository(root, "team/infra");
  edge = await startEdge();
});
afterAll(async () => {
  await edge.close();
  rmSync(root, { recursive: true });
});

const given = {
  aws: {
    accessKeyId: "AKIAIOSFODNN7EXAMPLE",
    secretAccessKey: "secret-of-aws-0123456789",
    sessionToken: "session-of-aws",
  },
  google: {
    serviceAccountKey: JSON.stringify({
      type: "service_account",
      client_email: "a@b.iam.gserviceaccount.com",
      private_key: "-----BEGIN PRIVATE KEY-----\nsecret-of-google\n-----END PRIVATE KEY-----\n",
    }),
  },
  azure: { tenantId: "1111-aaaa", clientId: "2222-bbbb", clientSecret: "secret-of-azure" },
  kubeconfig: "apiVersion: v1\nkind: Config\nclusters: []\nusers:\n- name: me\n  user: {token: secret-of-kubernetes}\n",
} satisfies Partial<SetupLine>;

/** Where each secret may lie afterwards, below the home. */
const places: Readonly<Record<string, readonly string[]>> = {
  [capability]: [".local/state/limpet/config.json"],
  [saveKey]: [".local/state/limpet/config.json"],
  "secret-of-aws-0123456789": [".aws/credentials"],
  "session-of-aws": [".aws/credentials"],
  "secret-of-google": [".config/gcloud/application_default_credentials.json"],
  "secret-of-azure": [".azure/service_principal_entries.json", ".local/state/limpet/azure/client-secret"],
  "secret-of-kubernetes": [".kube/config"],
};

interface Seen {
  readonly programs: Set<string>;
  readonly leaks: Set<string>;
}

/** What set-up calls by name. Each is put behind a script that writes its arguments and its environment down first. */
const called = [
  "awk",
  "cat",
  "chmod",
  "cmp",
  "curl",
  "cut",
  "git",
  "grep",
  "head",
  "jq",
  "kubectl",
  "mktemp",
  "mv",
  "rm",
  "sed",
];
called.push("sha256sum", "ssh", "ssh-keygen", "stat", "tail", "timeout", "tr");

function recordCalls(pod: Pod): string {
  const folder = join(pod.root, "bin");
  const log = join(pod.root, "calls");
  mkdirSync(folder);
  writeFileSync(log, "");
  const path = pod.env["PATH"] ?? "";
  for (const program of called) {
    const real = path.split(":").find((place) => existsSync(join(place, program)));
    if (real === undefined) continue;
    const record = `{ printf '%s ' "called:$0" "$@"; /usr/bin/env; } >>'${log}'`;
    writeFileSync(join(folder, program), `#!/bin/sh\n${record}\nexec ${join(real, program)} "$@"\n`, { mode: 0o755 });
  }
  pod.env["PATH"] = `${folder}:${path}`;
  return log;
}

/** Looks at the arguments and the environment of every descendant as often as this machine can: git calls its own helpers. */
async function watch(root: number, secrets: readonly string[], until: Promise<unknown>): Promise<Seen> {
  const seen: Seen = { programs: new Set(), leaks: new Set() };
  let over = false;
  void until.finally(() => {
    over = true;
  });
  const look = (pid: string): void => {
    const stat = readProc(pid, "stat");
    seen.programs.add(stat.slice(stat.indexOf("(") + 1, stat.lastIndexOf(")")));
    for (const name of ["cmdline", "environ"]) {
      const text = readProc(pid, name);
      for (const secret of secrets)
        if (text.includes(secret)) seen.leaks.add(`${secret} in ${name}: ${text.slice(0, 80)}`);
    }
    for (const child of readProc(pid, `task/${pid}/children`).split(" ")) if (child !== "") look(child);
  };
  while (!over) {
    look(String(root));
    await turn();
  }
  return seen;
}

function readProc(pid: string, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "latin1");
  } catch {
    return "";
  }
}

/** No call that was recorded holds a secret; and it did record: `wanted` were called. */
function expectQuiet(log: string, secrets: readonly string[], wanted: readonly string[]): void {
  const calls = readFileSync(log, "utf8").split("called:");
  for (const secret of secrets) expect(calls.filter((call) => call.includes(secret))).toEqual([]);
  for (const program of wanted)
    expect(
      calls.some((call) => call.includes(`/bin/${program} `)),
      program,
    ).toBe(true);
}

function expectKept(pod: Pod, secrets: Readonly<Record<string, readonly string[]>>): void {
  const files = pod.files().map((name) => ({ name, text: readFileSync(pod.path(name), "latin1") }));
  for (const [secret, expected] of Object.entries(secrets)) {
    const found = files.filter(({ text }) => text.includes(secret)).map(({ name }) => name);
    // What the scripts that save keep of config.json is theirs.
    expect(
      found.filter((name) => !name.startsWith(".local/state/limpet/save/")),
      secret,
    ).toEqual(expected);
    for (const name of found) expect(pod.mode(name), name).toBe("600");
  }
  for (const folder of [
    ".aws",
    ".azure",
    ".kube",
    ".config/gcloud",
    ".local/state/limpet",
    ".local/state/limpet/git",
  ]) {
    expect(pod.mode(folder), folder).toBe("700");
  }
}

test.each(["the right token", "a wrong token"])("over https with %s", async (which) => {
  const token = "tok-secret-of-git==";
  const server = await startHttpGitServer({
    root,
    users: [{ name: "person", password: which === "the right token" ? token : "another", write: true }],
  });
  // A forge that repeats what it was sent.
  server.intercept((request, response) => {
    if (which === "the right token" || request.headers.authorization === undefined) return false;
    response
      .writeHead(401, { "content-type": "text/plain", "www-authenticate": "Basic" })
      .end(`remote: no entry for ${token}\n`);
    return true;
  });
  const pod = new Pod();
  const log = recordCalls(pod);
  try {
    const { child, ended } = pod.start(
      makeLine(edge.url, {
        ...given,
        git: {
          url: server.url("team/infra"),
          branch: null,
          workspace: "infra",
          key: null,
          token: { user: "person", token },
          saveUpstream: true,
        },
      }),
    );
    const basic = Buffer.from(`person:${token}`).toString("base64");
    const seen = await watch(child.pid ?? 0, [...Object.keys(places), token, basic], ended);
    const run = await ended;
    expect(run.receipt).toBe(true);
    expect(run.checks.git?.code).toBe(which === "the right token" ? null : "GIT_TOKEN_REFUSED");
    expect([...seen.leaks]).toEqual([]);
    expect([...seen.programs]).toContain("git-remote-http");
    expectQuiet(log, [...Object.keys(places), token, basic], ["jq", "git", "curl", "sed"]);
    for (const secret of [...Object.keys(places), token, basic]) expect(run.stdout + run.stderr).not.toContain(secret);
    expectKept(pod, { ...places, [token]: [".local/state/limpet/git/token"], [basic]: [] });
    expect(pod.files().filter((name) => name.includes("/run."))).toEqual([]);
  } finally {
    pod.close();
    await server.close();
  }
});

test("over ssh with a key", async (context) => {
  const sshd = findSshd();
  if ("missing" in sshd) return context.skip(sshd.missing);
  const { privateKey, publicKey } = makeKeyPair();
  const secret = privateKey.split("\n")[3] ?? "";
  expect(secret.length).toBeGreaterThan(20);
  const server = await startSshGitServer({ root, keys: [{ publicKey, write: true }] });
  const pod = new Pod();
  const log = recordCalls(pod);
  try {
    const { child, ended } = pod.start(
      makeLine(edge.url, {
        ...given,
        git: {
          url: server.url("team/infra"),
          branch: null,
          workspace: "infra",
          key: privateKey,
          token: null,
          saveUpstream: true,
        },
        company: { ...makeLine("").company, knownHosts: server.knownHosts() },
      }),
    );
    const seen = await watch(child.pid ?? 0, [...Object.keys(places), secret], ended);
    const run = await ended;
    expect(run.checks.clone).toMatchObject({ state: "done" });
    expect([...seen.leaks]).toEqual([]);
    expect([...seen.programs]).toContain("ssh");
    expectQuiet(log, [...Object.keys(places), secret], ["jq", "git", "ssh", "ssh-keygen"]);
    expect(run.stdout + run.stderr).not.toContain(secret);
    expectKept(pod, { ...places, [secret]: [".local/state/limpet/git/key"] });
  } finally {
    pod.close();
    await server.close();
  }
});

test("a forge that repeats parts of the credentials and an address with a password: none of them is said", async () => {
  const parts = ["token-of-kubernetes-0123", "MIIEvQIBADANBgkqhkiG9w0B", "tok-secret-of-git=="];
  const server = await startHttpGitServer({ root, users: [{ name: "person", password: "another", write: true }] });
  server.intercept((_, response) => {
    const said = `${parts.join(" ")} at https://me:pa@ss-word@forge.example/x`;
    response
      .writeHead(401, { "content-type": "text/plain", "www-authenticate": "Basic" })
      .end(`no entry for ${said}\n`);
    return true;
  });
  const pod = new Pod();
  try {
    const key = { type: "service_account", client_email: "a@b.c", private_key: `-----BEGIN\n${parts[1]}\n-----END` };
    const run = await pod.setup(
      makeLine(edge.url, {
        google: { serviceAccountKey: JSON.stringify(key) },
        kubeconfig: `apiVersion: v1\nkind: Config\nclusters: []\nusers: [{name: me, user: {token: ${parts[0]}}}]\n`,
        git: {
          url: server.url("team/infra"),
          branch: null,
          workspace: "infra",
          key: null,
          token: { user: "person", token: "tok-secret-of-git==" },
          saveUpstream: true,
        },
      }),
    );
    expect(run.checks.git?.text).toMatch(/no entry for … … … at https:\/\/forge\.example\/x/);
    for (const part of [...parts, "ss-word"]) expect(run.stdout + run.stderr).not.toContain(part);
  } finally {
    pod.close();
    await server.close();
  }
});
