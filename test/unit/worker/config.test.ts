// Owns the proof that a wrong environment is refused by name, and a right one read as it says.
// Must not know who uses a setting.

import { describe, expect, it } from "vitest";
import { parseConfig } from "../../../worker/config.ts";
import { LimpetError } from "../../../worker/errors.ts";

const key = { kty: "EC", crv: "P-256", alg: "ES256", kid: "one", x: "eA", y: "eQ", d: "ZA" };

const good: Readonly<Record<string, string>> = {
  PUBLIC_URL: "https://limpet.example.com",
  OIDC_ISSUER: "https://issuer.example.com/realm",
  OIDC_CLIENT_ID: "limpet",
  ALLOWED_DOMAINS: "Example.com, example.org,",
  CLUSTER_URL: "https://ingress.example.com/",
  CLUSTER_AUDIENCE: "cluster",
  CLUSTER_NAMESPACE: "shells",
  INSTALL_ID: "limpet",
  SHELL_IMAGE: "image:1",
  SIGNING_KEYS: JSON.stringify({ keys: [key] }),
  SEAL_KEYS: JSON.stringify({ keys: [{ kty: "oct", kid: "one", k: "A".repeat(43) }] }),
};

const local = { LOCAL: "true", PUBLIC_URL: "http://localhost:8787" };

function messageFor(changes: Readonly<Record<string, string | undefined>>): string {
  try {
    parseConfig({ ...good, ...changes });
  } catch (error) {
    if (error instanceof LimpetError && error.code === "MISCONFIGURED") return error.message;
    throw error;
  }
  return "";
}

describe("a right environment", () => {
  it("is read as it says", () => {
    const config = parseConfig(good);
    expect(config).toMatchObject({
      publicUrl: "https://limpet.example.com",
      local: false,
      isolated: true,
      cluster: { url: "https://ingress.example.com", audience: "cluster", namespace: "shells" },
      sessionMs: 12 * 3_600_000,
      shellIdleMs: 6 * 3_600_000,
      shellLifeMs: 24 * 3_600_000,
    });
    expect(config.oidc).toMatchObject({ clientSecret: null, scopes: "openid email profile", groupsClaim: "groups" });
    expect(config).toMatchObject({
      shellResources: {
        // Left out, Kubernetes would ask for as much as the limit, and a node would be full with a few shells.
        requests: { cpu: "100m", memory: "256Mi", "ephemeral-storage": "512Mi" },
        limits: { cpu: "2", memory: "2Gi", "ephemeral-storage": "10Gi" },
      },
      shellNodeSelector: {},
      shellPriorityClass: null,
    });
    expect([...config.access.domains]).toEqual(["example.com", "example.org"]);
    expect(config.signingKeys).toEqual([key]);
  });

  it("says how large shells are and where they run", () => {
    const changes = {
      SHELL_REQUESTS: "memory=1.5Gi",
      SHELL_LIMITS: "cpu=4, ephemeral-storage=20G",
      SHELL_NODE_SELECTOR: "limpet.dev/pool=shells,spot=",
      SHELL_PRIORITY_CLASS: "limpet-shell",
    };
    expect(parseConfig({ ...good, ...changes })).toMatchObject({
      shellResources: {
        requests: { cpu: "100m", memory: "1.5Gi", "ephemeral-storage": "512Mi" },
        limits: { cpu: "4", memory: "2Gi", "ephemeral-storage": "20G" },
      },
      shellNodeSelector: { "limpet.dev/pool": "shells", spot: "" },
      shellPriorityClass: "limpet-shell",
    });
  });

  it("may speak http on this machine", () => {
    const changes = { ...local, OIDC_ISSUER: "http://localhost:8787/oidc", CLUSTER_URL: "http://127.0.0.1:1234" };
    expect(parseConfig({ ...good, ...changes, ALLOWED_DOMAINS: "*" })).toMatchObject({
      publicUrl: "http://localhost:8787",
      isolated: false,
    });
    // With its shells in a real cluster, from which this machine has another address.
    const isolated = { ...changes, LOCAL: "isolated", POD_EDGE_URL: "http://203.0.113.10:8787" };
    expect(parseConfig({ ...good, ...isolated, ALLOWED_DOMAINS: "*" })).toMatchObject({
      local: true,
      isolated: true,
      podEdgeUrl: "http://203.0.113.10:8787",
    });
  });
});

describe("a wrong environment", () => {
  it.each(Object.keys(good).filter((name) => name !== "ALLOWED_DOMAINS"))(
    "without %s is refused by that name",
    (name) => {
      expect(messageFor({ [name]: undefined })).toContain(`${name} is not set`);
      expect(messageFor({ [name]: " " })).toContain(`${name} is not set`);
    },
  );

  it("without a rule of who may come in is refused", () => {
    expect(messageFor({ ALLOWED_DOMAINS: " , " })).toContain("say who may come in");
  });

  it.each<[string, Readonly<Record<string, string>>, string]>([
    ["everybody, where it is not local", { ALLOWED_DOMAINS: "*" }, "ALLOWED_DOMAINS"],
    ["everybody beside others", { ALLOWED_DOMAINS: "example.com,*" }, "ALLOWED_DOMAINS"],
    ["an address for a domain", { ALLOWED_DOMAINS: "ada@example.com" }, "ALLOWED_DOMAINS"],
    ["a domain for an address", { ALLOWED_EMAILS: "example.com" }, "ALLOWED_EMAILS"],
    ["http for pods", { POD_EDGE_URL: "http://203.0.113.10:8787" }, "POD_EDGE_URL"],
    ["http", { PUBLIC_URL: "http://limpet.example.com" }, "PUBLIC_URL"],
    ["a path", { PUBLIC_URL: "https://example.com/limpet" }, "PUBLIC_URL"],
    ["no URL", { PUBLIC_URL: "limpet.internal.test" }, "PUBLIC_URL"],
    ["an issuer on http", { OIDC_ISSUER: "http://issuer.example.com" }, "OIDC_ISSUER"],
    ["a password in an address", { CLUSTER_URL: "https://a:b@ingress.example.com" }, "CLUSTER_URL"],
    ["local for the world", { LOCAL: "true" }, "LOCAL"],
    ["isolated for the world", { LOCAL: "isolated" }, "LOCAL"],
    ["local in another word", { LOCAL: "yes" }, "LOCAL"],
    ["a namespace that is none", { CLUSTER_NAMESPACE: "Shells" }, "CLUSTER_NAMESPACE"],
    ["an id that is no label", { INSTALL_ID: "a b" }, "INSTALL_ID"],
    ["no number of hours", { SESSION_HOURS: "soon" }, "SESSION_HOURS"],
    ["no time at all", { SESSION_HOURS: "0" }, "SESSION_HOURS"],
    ["a rest longer than a life", { SHELL_IDLE_HOURS: "48" }, "SHELL_IDLE_HOURS"],
    ["a size that is no quantity", { SHELL_LIMITS: "memory=plenty" }, "SHELL_LIMITS"],
    ["a resource that shells have not", { SHELL_REQUESTS: "nvidia.com/gpu=1" }, "SHELL_REQUESTS"],
    ["a size without its resource", { SHELL_REQUESTS: "1Gi" }, "SHELL_REQUESTS"],
    ["a label that is none", { SHELL_NODE_SELECTOR: "pool=a b" }, "SHELL_NODE_SELECTOR"],
    ["a class whose name is none", { SHELL_PRIORITY_CLASS: "High_" }, "SHELL_PRIORITY_CLASS"],
    ["keys that are no JSON", { SIGNING_KEYS: "{" }, "SIGNING_KEYS"],
    ["no keys", { SIGNING_KEYS: '{"keys":[]}' }, "SIGNING_KEYS"],
    ["a public key", { SIGNING_KEYS: JSON.stringify({ keys: [{ ...key, d: undefined }] }) }, "SIGNING_KEYS"],
    ["a key without an id", { SIGNING_KEYS: JSON.stringify({ keys: [{ ...key, kid: "" }] }) }, "SIGNING_KEYS"],
    ["two keys of one id", { SIGNING_KEYS: JSON.stringify({ keys: [key, key] }) }, "SIGNING_KEYS"],
    ["a key of another kind", { SIGNING_KEYS: JSON.stringify({ keys: [{ ...key, crv: "P-384" }] }) }, "SIGNING_KEYS"],
  ])("with %s is refused by name, without the value", (_what, changes, name) => {
    const message = messageFor(changes);
    expect(message).toContain(name);
    for (const value of Object.values(changes)) if (value.length > 12) expect(message).not.toContain(value);
  });

  it("is told of every fault at once", () => {
    const message = messageFor({ PUBLIC_URL: "", INSTALL_ID: "" });
    expect(message).toContain("PUBLIC_URL");
    expect(message).toContain("INSTALL_ID");
  });
});
