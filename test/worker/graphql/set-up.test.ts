// Owns the proof that a person gives, sees and takes back what their shell is set up with, by the API alone.
// Must not know how it is sealed or carried into the pod.

import { env } from "cloudflare:workers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDatabase } from "../../../worker/db/database.ts";
import { snapshots } from "../../../worker/db/schema.ts";
import { type Browser, environment } from "../browser.ts";
import { eventually } from "../object/eventually.ts";
import { ada, signedIn } from "../people.ts";
import { ask, get, userIdOf } from "./ask.ts";

const fields =
  "{ id provider gitUrl gitBranch gitSignIn gitPublicKey workspace saveUpstream setupPending missing { code step text } setup { step state code text at } secrets { kind setAt } snapshots { id bytes createdAt downloadUrl } lastSavedAt extendableUntil expiresAt }";

interface Shell {
  readonly id: string;
  readonly gitPublicKey: string | null;
  readonly setupPending: boolean;
  readonly missing: readonly { readonly code: string; readonly step: string; readonly text: string }[];
  readonly setup: readonly { readonly step: string; readonly state: string; readonly code: string | null }[];
  readonly secrets: readonly { readonly kind: string; readonly setAt: string }[];
  readonly snapshots: readonly { readonly id: string; readonly downloadUrl: string }[];
}

const setupMutation = `mutation ($input: SetupShellInput!) { setupShell(input: $input) ${fields} }`;
const updateMutation = `mutation ($input: UpdateShellInput!) { updateShell(input: $input) ${fields} }`;
let browser: Browser;

async function setUp(input: object): Promise<Shell> {
  return (await get<{ setupShell: Shell }>(browser, setupMutation, { input })).setupShell;
}

async function update(input: object): Promise<Shell> {
  return (await get<{ updateShell: Shell }>(browser, updateMutation, { input })).updateShell;
}

async function read(): Promise<Shell> {
  const { shell } = await get<{ shell: Shell | null }>(browser, `{ shell ${fields} }`);
  if (shell === null) throw new Error("there is no shell");
  return shell;
}

const kinds = ({ secrets }: Shell) => secrets.map(({ kind }) => kind);
const aws = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" };
/** Nobody listens there. */
const nowhere = "http://127.0.0.1:1/team/infra.git";

beforeAll(async () => {
  browser = await signedIn({ ...ada, sub: "sets-up" });
});

afterAll(async () => {
  await ask(browser, "mutation { deleteShell { id } }");
});

describe("without a shell", () => {
  it.each([
    "rebootShell { id }",
    "restartShell { id }",
    "stopShell { id }",
    "extendShell { id }",
    "deleteShell { id }",
    "updateShell(input: {saveUpstream: false}) { id }",
    'setupShell(input: {git: {url: "https://forge.example/x"}}) { id }',
  ])("%s says so", async (mutation) => {
    const { codes, messages } = await ask(browser, `mutation { ${mutation} }`);
    expect(codes).toEqual(["SHELL_NOT_FOUND"]);
    expect(messages[0]).toMatch(/[.]$/);
  });
});

describe("a shell's set-up", () => {
  it("begins with nothing, and nothing is missing", async () => {
    await get(browser, "mutation { createShell { id } }");
    expect(await read()).toMatchObject({
      provider: null,
      gitUrl: null,
      gitBranch: null,
      gitSignIn: null,
      gitPublicKey: null,
      workspace: null,
      saveUpstream: true,
      missing: [],
      secrets: [],
      snapshots: [],
    });
  });

  it("has a deploy key made, the same until a new one is wanted, and says where it must go", async () => {
    const first = await setUp({
      git: { url: "git@127.0.0.1:team/infra.git", branch: "main", signIn: { deployKey: {} } },
    });
    expect(first).toMatchObject({
      gitUrl: "git@127.0.0.1:team/infra.git",
      gitBranch: "main",
      gitSignIn: "DEPLOY_KEY",
      gitPublicKey: expect.stringMatching(/^ssh-ed25519 AAAA[\w+/]+=* /),
      missing: [{ code: "DEPLOY_KEY_NOT_ADDED", step: "GIT", text: expect.stringContaining("Add the deploy key") }],
    });
    expect(kinds(first)).toEqual(["GIT_KEY"]);
    expect((await setUp({ git: { signIn: { deployKey: {} } } })).gitPublicKey).toBe(first.gitPublicKey);
    const renewed = await setUp({ git: { signIn: { deployKey: { renew: true } } } });
    expect(renewed.gitPublicKey).not.toBe(first.gitPublicKey);
  });

  it("takes a key of the person's own and shows its public half alone", async () => {
    const { privateKey } = await import("../../../worker/shells/ssh-key.ts").then(({ makeSshKey }) => makeSshKey());
    const shell = await setUp({ git: { signIn: { key: { key: privateKey } } } });
    expect(shell).toMatchObject({ gitSignIn: "KEY", gitPublicKey: expect.stringMatching(/^ssh-ed25519 /) });
    expect(JSON.stringify(shell)).not.toContain("PRIVATE KEY");
  });

  it("takes a token, tells the real error of the clone, and what to do", async () => {
    const shell = await setUp({ git: { url: nowhere, branch: null, signIn: { token: { token: "ghp_not-real" } } } });
    expect(shell).toMatchObject({ gitUrl: nowhere, gitBranch: null, gitSignIn: "TOKEN", gitPublicKey: null });
    expect(kinds(shell)).toEqual(["GIT_TOKEN"]);
    const ofGit = ({ missing }: Shell) => missing.filter(({ step }) => step === "GIT" || step === "CLONE");
    const told = await eventually(read, (seen) => !seen.setupPending && ofGit(seen).length > 0, 200);
    expect(ofGit(told)).toEqual([
      {
        code: expect.stringMatching(/^GIT_[A-Z_]+$/),
        step: expect.any(String),
        text: expect.stringMatching(/\w.*[.?]$/s),
      },
    ]);
    expect(JSON.stringify(told)).not.toContain("ghp_not-real");
  });

  it("takes credentials of clouds, and the first of them says which cloud it is for", async () => {
    const shell = await setUp({ aws: { ...aws, region: "eu-central-1" } });
    expect(shell).toMatchObject({ provider: "AWS" });
    expect(kinds(shell)).toEqual(["AWS", "GIT_TOKEN"]);
    const moment = Date.parse(shell.secrets[0]?.setAt ?? "");
    expect(Math.abs(Date.now() - moment)).toBeLessThan(60_000);
    const other = await update({ provider: "AZURE" });
    expect(other.missing.filter(({ step }) => step === "AZURE")).toEqual([
      { code: "CLOUD_CREDENTIALS", step: "AZURE", text: expect.stringContaining("Microsoft Azure") },
    ]);
    expect((await update({ provider: null })).missing.some(({ step }) => step === "AZURE")).toBe(false);
  });

  it("takes a kubeconfig, a key and a key file of the sizes that there are, all at once", async () => {
    const kubeconfig = `kind: Config\nclusters: []\ncontexts: []\nusers: []\n${"# a long line of some certificate\n".repeat(1_900)}`;
    expect(kubeconfig.length).toBeGreaterThan(60_000);
    const serviceAccountKey = JSON.stringify({
      type: "service_account",
      project_id: "my-project",
      private_key_id: "x",
      private_key: `-----BEGIN PRIVATE KEY-----\n${"c2VjcmV0\n".repeat(1_000)}-----END PRIVATE KEY-----\n`,
      client_email: "robot@my-project.iam.gserviceaccount.com",
      token_uri: "https://oauth2.googleapis.com/token",
    });
    expect(kinds(await setUp({ kubeconfig, google: { serviceAccountKey } }))).toEqual([
      "AWS",
      "GIT_TOKEN",
      "GOOGLE",
      "KUBECONFIG",
    ]);
    expect(kinds(await setUp({ kubeconfig: null, google: null }))).toEqual(["AWS", "GIT_TOKEN"]);
  });

  it("keeps what a change leaves out, and loses what it takes away", async () => {
    const removed = await setUp({ aws: null });
    expect(removed).toMatchObject({ gitSignIn: "TOKEN", gitUrl: nowhere });
    expect(kinds(removed)).toEqual(["GIT_TOKEN"]);
    const signedOut = await setUp({ git: { signIn: null } });
    expect(signedOut).toMatchObject({ gitSignIn: null, gitUrl: nowhere });
    expect(kinds(signedOut)).toEqual([]);
    expect(await setUp({ git: null })).toMatchObject({ gitUrl: null, gitSignIn: null, missing: [] });
  });

  it("has settings that go back to their defaults", async () => {
    expect(await update({ workspace: "~/work/infra/", saveUpstream: false, gitBranch: "topic/x" })).toMatchObject({
      workspace: "work/infra",
      saveUpstream: false,
      gitBranch: "topic/x",
    });
    expect(await update({})).toMatchObject({ workspace: "work/infra", saveUpstream: false });
    expect(await update({ workspace: null, saveUpstream: null, gitBranch: null })).toMatchObject({
      workspace: null,
      saveUpstream: true,
      gitBranch: null,
    });
  });
});

describe("where the installation pushes no work to repositories", () => {
  it("the switch is off, whatever the person had chosen, and cannot be set", async () => {
    await update({ saveUpstream: true });
    const { env: usual } = browser;
    browser.env = environment({ SAVE_UPSTREAM: "off" });
    expect(await read()).toMatchObject({ saveUpstream: false });
    expect((await ask(browser, updateMutation, { input: { saveUpstream: true } })).codes).toEqual(["SAVE_OFF"]);
    expect(await update({ workspace: null })).toMatchObject({ saveUpstream: false });
    browser.env = usual;
    expect(await read()).toMatchObject({ saveUpstream: true });
  });
});

describe("what does not fit together", () => {
  it.each<[string, object, string]>([
    [
      "a token and an ssh address",
      { git: { url: "git@forge.example:x", signIn: { token: { token: "t" } } } },
      "INVALID_GIT_TOKEN",
    ],
    [
      "a key and an https address",
      { git: { url: "https://forge.example/x", signIn: { deployKey: {} } } },
      "INVALID_GIT_KEY",
    ],
    ["a sign-in and no address", { git: { signIn: { deployKey: {} } } }, "INVALID_GIT_URL"],
    ["an address that is null", { git: { url: null } }, "INVALID_GIT_URL"],
    [
      "a good address and a bad branch",
      { git: { url: "https://forge.example/x", branch: "a..b" } },
      "INVALID_GIT_BRANCH",
    ],
    [
      "a good repository and bad credentials",
      { git: { url: "https://forge.example/x" }, aws: { ...aws, region: "?" } },
      "INVALID_CREDENTIALS",
    ],
    [
      "a good repository and no kubeconfig",
      { git: { url: "https://forge.example/x" }, kubeconfig: "x" },
      "INVALID_KUBECONFIG",
    ],
  ])("(%s) changes nothing at all", async (_what, input, code) => {
    await setUp({ git: null });
    const { codes, data } = await ask(browser, setupMutation, { input });
    expect([codes, data]).toEqual([[code], null]);
    expect(await read()).toMatchObject({ gitUrl: null, gitBranch: null, gitSignIn: null, secrets: [] });
  });

  it.each<[string, object, string]>([
    ["a folder above the home", { workspace: "../x" }, "INVALID_WORKSPACE"],
    ["a branch that git refuses", { gitBranch: "x.lock" }, "INVALID_GIT_BRANCH"],
  ])("(%s) is refused by name", async (_what, input, code) => {
    expect((await ask(browser, updateMutation, { input })).codes).toEqual([code]);
  });

  it("is seen with what is there already", async () => {
    await setUp({ git: { url: "https://forge.example/x", signIn: { token: { token: "t" } } } });
    const { codes } = await ask(browser, setupMutation, { input: { git: { url: "git@forge.example:x" } } });
    expect(codes).toEqual(["INVALID_GIT_TOKEN"]);
    await setUp({ git: null });
  });
});

describe("snapshots", () => {
  it("are listed to their owner, newest first, and to nobody else", async () => {
    const [{ id: shellId }, userId] = [await read(), await userIdOf(browser)];
    const row = { userId, shellId, sealedKey: "x", kid: "y", sha256: "0".repeat(64) };
    const db = openDatabase(env);
    await db.insert(snapshots).values([
      { ...row, id: "0a", bytes: 10, createdAt: new Date(1_000) },
      { ...row, id: "0b", bytes: 20, createdAt: new Date(2_000) },
      { ...row, id: "0c", bytes: 30, shellId: "of-another-shell" },
    ]);
    expect((await read()).snapshots).toEqual([
      {
        id: "0b",
        bytes: 20,
        createdAt: "1970-01-01T00:00:02.000Z",
        downloadUrl: `${browser.origin}/api/shell/snapshots/0b`,
      },
      {
        id: "0a",
        bytes: 10,
        createdAt: "1970-01-01T00:00:01.000Z",
        downloadUrl: `${browser.origin}/api/shell/snapshots/0a`,
      },
    ]);
    const stranger = await signedIn({ ...ada, sub: "sees-no-snapshots" });
    await get(stranger, "mutation { createShell { id } }");
    const { shell } = await get<{ shell: object }>(stranger, "{ shell { snapshots { id } secrets { kind } } }");
    expect(shell).toEqual({ snapshots: [], secrets: [] });
    expect((await stranger.fetch(`${browser.origin}/api/shell/snapshots/0b`)).status).toBe(404);
    await get(stranger, "mutation { deleteShell { id } }");
  });
});
