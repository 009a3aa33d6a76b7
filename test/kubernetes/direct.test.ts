// Owns the proof of the overlay direct on the shells' own namespace: with an edge's token alone a shell is made, talked to and
// ended there, and nothing else is.
// Must not know what the contract suite asks of such an API server (contract.test.ts).

import { randomBytes } from "node:crypto";
import { importJWK, SignJWT } from "jose";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import type { SetupLine } from "../../worker/shells/setup-line.ts";
import { until } from "../browser/harness/until.ts";
import { claimsFor, type SigningKey, signingCredentials } from "../contract/credentials.ts";
import { Exec } from "../contract/exec-client.ts";
import { badPods, spoilt } from "./admission/bad-pods.ts";
import { directConfiguration, issuerOf } from "./contract/direct-configuration.ts";
import { type HttpsIssuer, openHttpsIssuer } from "./contract/https-issuer.ts";
import { type Ask, asking } from "./harness/api-server.ts";
import { apply, type Installation, openInstallation, podsPath, shells, system } from "./harness/installation.ts";
import { field } from "./harness/json.ts";
import { needsOwnKubernetes, type OwnKubernetes, openOwnKubernetes } from "./harness/kubernetes.ts";

const audience = "limpet-cluster";
const scripts = "/usr/local/lib/limpet";
/** The API server reads its authentication file, then the issuer's keys, within seconds. */
const accepted = { withinMs: 90_000, everyMs: 500 };
const soon = { timeout: 90_000, interval: 500 };
const person = `direct${randomBytes(4).toString("hex")}`;
const podPath = `${podsPath}/limpet-${person}`;

let own: OwnKubernetes;
let installation: Installation;
const issuers: HttpsIssuer[] = [];
let edgeKey: SigningKey;
/** Whose tokens the API server takes as another group's. */
let strangersKey: SigningKey;
let edge: Ask;
let stranger: Ask;

beforeAll(async () => {
  const [opened, ours] = [await openInstallation(), await openOwnKubernetes()];
  if (opened === null || ours === null) return;
  installation = opened;
  own = ours;
  await own.kubectl.run(["delete", "serviceaccount", "limpet-edge", "--namespace", system]);
  await apply(installation, "overlays/direct");
  const open = async (): Promise<HttpsIssuer> => {
    const issuer = await openHttpsIssuer(own.control, own.file.outside.address);
    issuers.push(issuer);
    return issuer;
  };
  const [ofEdge, ofStrangers] = [await open(), await open()];
  const configuration = await directConfiguration(ofEdge, audience);
  const mapped = { username: { expression: "claims.sub" }, groups: { expression: "['somebody']" } };
  const another = { issuer: issuerOf(ofStrangers, audience), claimMappings: mapped };
  await own.control.authentication({ ...configuration, jwt: [...configuration.jwt, another] });
  const keyOf = ({ signingKey, url }: HttpsIssuer): SigningKey => ({ jwk: signingKey, issuer: url, audience });
  edgeKey = keyOf(ofEdge);
  strangersKey = keyOf(ofStrangers);
  edge = askingWith(edgeKey);
  stranger = askingWith(strangersKey);
  for (const [ask, code] of [
    [edge, 200],
    [stranger, 403],
  ] as const) {
    const answered = (): ReturnType<Ask> => ask({ method: "GET", path: podsPath });
    await until(`a token that is answered with ${code}`, answered, (answer) => answer.code === code, accepted);
  }
});
beforeEach(needsOwnKubernetes);
afterAll(async () => {
  if (own === undefined) return;
  await own.control.authentication(null);
  const now = ["--ignore-not-found", "--now", "--wait=false"];
  await own.kubectl.run(["delete", `pod/limpet-${person}`, "--namespace", shells, ...now]);
  for (const issuer of issuers) await issuer.close();
  // The other proofs find the cluster as they expect it.
  await apply(installation, "overlays/generic");
});

function askingWith(key: SigningKey): Ask {
  return asking(installation.apiServer, async (wish) => {
    const header = await signingCredentials(key)({ ...wish, pod: undefined });
    return header.slice("Bearer ".length);
  });
}

/** @returns the exec, or the status in place of the 101 */
async function exec(key: SigningKey, ...command: readonly string[]): Promise<Exec | number> {
  const words = new URLSearchParams([["container", "shell"], ...command.map((word) => ["command", word])]);
  for (const stream of ["stdin", "stdout", "stderr"]) words.append(stream, "true");
  const path = `${podPath}/exec?${words}`;
  const authorization = await signingCredentials(key)({ method: "GET", path, pod: `limpet-${person}` });
  const { url, ca } = installation.apiServer;
  const socket = new WebSocket(`${url.replace(/^http/, "ws")}${path}`, ["v5.channel.k8s.io"], {
    ca,
    headers: { authorization },
    perMessageDeflate: false,
  });
  const opened = new Exec(socket);
  return await new Promise((resolve, reject) => {
    socket.once("open", () => resolve(opened));
    socket.once("error", reject);
    socket.once("unexpected-response", (_, response) => {
      resolve(response.statusCode ?? 0);
      socket.terminate();
    });
  });
}

async function opened(...command: readonly string[]): Promise<Exec> {
  const answer = await exec(edgeKey, ...command);
  if (typeof answer === "number") throw new Error(`${command.join(" ")} was refused with ${answer}`);
  return answer;
}

/** Of nobody, with nothing; its edge is nowhere. */
function setupLine(nonce: string): SetupLine {
  return {
    version: 1,
    nonce,
    shell: { id: person },
    edge: { url: "https://limpet.example.invalid", capability: randomBytes(32).toString("hex") },
    person: { name: "Somebody", email: null },
    git: null,
    aws: null,
    google: null,
    azure: null,
    kubeconfig: null,
    company: { caBundle: null, httpsProxy: null, httpProxy: null, noProxy: null, knownHosts: null },
    save: {
      key: randomBytes(32).toString("hex"),
      everySeconds: 300,
      fileLimitBytes: 1_000_000,
      homeLimitBytes: 1_000_000,
      include: [],
    },
    snapshot: null,
  };
}

describe("a shell, with the edge's token alone", () => {
  let uid = "";

  test("is created, and runs", async () => {
    const made = await edge({ method: "POST", path: podsPath, body: installation.shellPod(person) });
    expect(made).toMatchObject({ code: 201, message: "" });
    uid = String(field(field(made.value, "metadata"), "uid"));
    const phase = async (): Promise<unknown> => {
      const { value } = await edge({ method: "GET", path: podPath });
      return field(field(value, "status"), "phase");
    };
    await expect.poll(phase, soon).toBe("Running");
  });

  test("is set up: setup says the receipt", async () => {
    const nonce = randomBytes(16).toString("hex");
    const setup = await opened(`${scripts}/setup`);
    setup.send(0, `${JSON.stringify(setupLine(nonce))}\n`);
    await setup.until(new RegExp(`"receipt","nonce":"${nonce}"`), 60_000);
    setup.socket.close();
  });

  test("is attached to: tmux answers in control mode", async () => {
    const attach = await opened(`${scripts}/attach`, "control");
    await attach.until(/^limpet-attach 1 control [0-9a-f]{16}\r?\n/);
    attach.send(0, "display-message -p 'session=#{session_name}'\n");
    await attach.until(/^session=limpet\r?$/m);
    attach.socket.close();
  });

  test("runs no other command", async () => {
    expect(await exec(edgeKey, "sh", "-c", "id")).toBe(403);
  });

  test("is not another group's: neither seen, nor made, nor entered, nor ended", async () => {
    const denied = { code: 403, message: expect.stringContaining('User "limpet:contract" cannot') };
    expect(await stranger({ method: "GET", path: podPath })).toMatchObject(denied);
    const body = installation.shellPod(`${person}x`);
    expect(await stranger({ method: "POST", path: `${podsPath}?dryRun=All`, body })).toMatchObject(denied);
    expect(await exec(strangersKey, `${scripts}/setup`)).toBe(403);
    const options = { apiVersion: "v1", kind: "DeleteOptions", preconditions: { uid } };
    expect(await stranger({ method: "DELETE", path: podPath, body: options })).toMatchObject(denied);
  });

  test("is nobody's whose token does not say limpet: of its subject", async () => {
    const ask = asking(installation.apiServer, async (wish) => {
      const claims = { ...claimsFor({ ...wish, pod: undefined }, edgeKey), sub: "system:admin" };
      const header = { alg: "ES256", ...(edgeKey.jwk.kid === undefined ? {} : { kid: edgeKey.jwk.kid }) };
      return await new SignJWT(claims).setProtectedHeader(header).sign(await importJWK(edgeKey.jwk, "ES256"));
    });
    expect(await ask({ method: "GET", path: podPath })).toMatchObject({ code: 401 });
  });

  test("is ended by its uid, and not by its name alone", async () => {
    const options = { apiVersion: "v1", kind: "DeleteOptions", gracePeriodSeconds: 0 };
    const unnamed = await edge({ method: "DELETE", path: podPath, body: options });
    expect(unnamed).toMatchObject({ code: 403, message: expect.stringContaining("a shell is ended by its uid") });
    const named = await edge({ method: "DELETE", path: podPath, body: { ...options, preconditions: { uid } } });
    expect(named).toMatchObject({ code: 200 });
    await expect.poll(async () => (await edge({ method: "GET", path: podPath })).code, soon).toBe(404);
  });
});

describe("a pod that is no shell", () => {
  test.each(badPods)("is refused with $what", async (bad) => {
    const body = spoilt(installation.shellPod(person), bad);
    const answer = await edge({ method: "POST", path: `${podsPath}?dryRun=All`, body });
    expect(answer.message).toContain(bad.says);
    expect(answer.code).toBe(403);
  });
});
