// Owns the proof that each address of the local environment is read as documented, and a wrong one is named.

import { expect, test } from "vitest";
import { parseSettings, type Settings } from "../../../dev/start/settings.ts";

function settingsOf(env: Record<string, string>): Settings {
  const parsed = parseSettings(env, "/repository");
  if (!parsed.ok) throw new Error(parsed.faults.join("\n"));
  return parsed.settings;
}

test("without any variable everything is local", () => {
  expect(settingsOf({})).toEqual({
    stateDir: "/repository/.limpet",
    stateDirGiven: false,
    port: 8787,
    publicUrl: null,
    issuer: { url: null, listen: { host: "127.0.0.1", port: 0 }, clientId: "limpet-local", clientSecret: null },
    cluster: {
      url: null,
      listen: { host: "127.0.0.1", port: 0 },
      kubernetes: false,
      kubernetesFile: null,
      audience: "limpet-cluster",
      namespace: "limpet-shells",
      shellImage: "limpet-shell:local",
    },
    variables: {},
  });
});

test("a variable of the Worker passes through under its own name", () => {
  expect(settingsOf({ LIMPET_VARS_SHELL_IDLE_HOURS: "0.5" }).variables).toEqual({ SHELL_IDLE_HOURS: "0.5" });
});

test("a real Kubernetes is asked for by name, and may run already", () => {
  const parse = (env: Record<string, string>) => parseSettings(env, "/repository", true);
  expect(parse({})).toMatchObject({ ok: true, settings: { cluster: { kubernetes: true, kubernetesFile: null } } });
  expect(parse({ LIMPET_KUBERNETES: "one/kubernetes.json" })).toMatchObject({
    settings: { cluster: { kubernetesFile: "/repository/one/kubernetes.json" } },
  });
  // For the proofs it is set for all that runs; without the flag it means nothing here.
  expect(settingsOf({ LIMPET_KUBERNETES: "/one" }).cluster).toMatchObject({ kubernetes: false, kubernetesFile: null });
  const off = { LIMPET_CLUSTER_LISTEN: "off", LIMPET_CLUSTER_URL: "https://ingress.example.com" };
  expect(parse(off)).toMatchObject({ ok: false, faults: ["LIMPET_CLUSTER_LISTEN=off is not for --kubernetes."] });
});

test("each hop may be another", () => {
  const settings = settingsOf({
    PORT: "9000",
    LIMPET_PUBLIC_URL: "http://localhost:9001/",
    LIMPET_ISSUER: "https://issuer.example.com/realm/",
    LIMPET_CLUSTER_URL: "https://ingress.example.com",
    LIMPET_CLUSTER_LISTEN: "off",
    LIMPET_STATE: "/elsewhere",
  });
  expect(settings).toMatchObject({
    stateDir: "/elsewhere",
    port: 9000,
    publicUrl: "http://localhost:9001",
    issuer: { url: "https://issuer.example.com/realm" },
    cluster: { url: "https://ingress.example.com", listen: null },
  });
});

test.each([
  [{ PORT: "0" }, "PORT"],
  [{ PORT: "http" }, "PORT"],
  [{ LIMPET_PUBLIC_URL: "localhost:8787" }, "LIMPET_PUBLIC_URL"],
  [{ LIMPET_PUBLIC_URL: "https://limpet.example.com" }, "LIMPET_PUBLIC_URL"],
  [{ LIMPET_PUBLIC_URL: "http://localhost:8787/limpet" }, "LIMPET_PUBLIC_URL"],
  [{ LIMPET_CLUSTER_URL: "ftp://cluster" }, "LIMPET_CLUSTER_URL"],
  [{ LIMPET_CLUSTER_LISTEN: "0.0.0.0:80" }, "LIMPET_CLUSTER_LISTEN"],
  [{ LIMPET_CLUSTER_LISTEN: "127.0.0.1:70000" }, "LIMPET_CLUSTER_LISTEN"],
  [{ LIMPET_CLUSTER_LISTEN: "off" }, "LIMPET_CLUSTER_LISTEN"],
  [{ LIMPET_ISSUER_LISTEN: "8001" }, "LIMPET_ISSUER_LISTEN"],
])("%o is refused with the variable's name", (env, name) => {
  const parsed = parseSettings(env, "/repository");
  expect(parsed.ok).toBe(false);
  expect(parsed.ok ? [] : parsed.faults).toEqual([expect.stringMatching(new RegExp(`^${name}\\b`))]);
});

test("every variable is documented", async () => {
  const { readFile } = await import("node:fs/promises");
  const root = new URL("../../../", import.meta.url);
  const source = await readFile(new URL("dev/start/settings.ts", root), "utf8");
  const documented = await readFile(new URL("docs/local.md", root), "utf8");
  for (const [name] of source.matchAll(/\bLIMPET_[A-Z_]+\b/g)) {
    // Every variable of the Worker has one of these.
    const title = name.replace(/^LIMPET_VARS_.*/, "LIMPET_VARS_<NAME>");
    expect(documented).toContain(`\`${title}\``);
  }
});
