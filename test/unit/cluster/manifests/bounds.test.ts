// Owns that the manifests fit what the edge is by default, and that the network policy names the right addresses.
// Must not know how a cluster carries them out.

import { readFileSync } from "node:fs";
import { BlockList, isIPv6 } from "node:net";
import { expect, test } from "vitest";
import { parseConfig } from "../../../../worker/config.ts";
import { at, list, texts, theKustomization, theManifest } from "./manifests.ts";

const parameters = theManifest("base", "ConfigMap", "limpet-admission");
const parameter = (name: string): string => String(parameters.at("data", name)).trim();

/** A Worker's variables with nothing chosen that has a default. */
const config = parseConfig({
  PUBLIC_URL: "https://limpet.example.com",
  OIDC_ISSUER: "https://issuer.example.com",
  OIDC_CLIENT_ID: "limpet",
  ALLOWED_DOMAINS: "example.com",
  CLUSTER_URL: "https://ingress.example.com",
  CLUSTER_AUDIENCE: "limpet-cluster",
  CLUSTER_NAMESPACE: "limpet-shells",
  INSTALL_ID: "limpet",
  SHELL_IMAGE: "registry.example.com/limpet-shell:0.1.0",
  SIGNING_KEYS: JSON.stringify({ keys: [{ kty: "EC", crv: "P-256", alg: "ES256", kid: "k", x: "x", y: "y", d: "d" }] }),
  SEAL_KEYS: JSON.stringify({ keys: [{ kty: "oct", kid: "k", k: Buffer.alloc(32).toString("base64url") }] }),
});

test("the admission parameters are the Worker's defaults", () => {
  expect({
    image: parameter("images"),
    install: parameter("installs"),
    life: Number(parameter("longestLifeSeconds")) * 1000,
    grace: Number(parameter("longestGraceSeconds")),
    limits: {
      cpu: parameter("cpuLimit"),
      memory: parameter("memoryLimit"),
      "ephemeral-storage": parameter("ephemeralLimit"),
    },
  }).toEqual({
    image: config.shellImage,
    install: config.installId,
    life: config.shellLifeMs,
    grace: config.graceSeconds,
    limits: config.shellResources.limits,
  });
});

test("wrangler.toml and the manifests name the same image, installation, node group, priority and audience", () => {
  const toml = readFileSync(new URL("../../../../wrangler.toml", import.meta.url), "utf8");
  const variable = (name: string) => new RegExp(`^${name} = "(.*)"$`, "m").exec(toml)?.[1];
  expect(variable("SHELL_IMAGE")).toBe(parameter("images"));
  expect(variable("INSTALL_ID")).toBe(parameter("installs"));
  expect(variable("SHELL_NODE_SELECTOR")).toBe(parameter("nodeSelector"));
  expect(variable("SHELL_PRIORITY_CLASS")).toBe(theManifest("base", "PriorityClass", "limpet-shell").name);
  expect(variable("CLUSTER_NAMESPACE")).toBe(theManifest("base", "Namespace", "limpet-shells").name);
  const settings = list(theKustomization("ingress", "configMapGenerator")).find(
    (one) => at(one, "name") === "limpet-ingress",
  );
  expect(texts(at(settings, "literals"))).toContain(`LIMPET_AUDIENCE=${variable("CLUSTER_AUDIENCE")}`);
});

test("the LimitRange allows what the admission policy allows", () => {
  const range = theManifest("base", "LimitRange", "limpet-shells");
  expect(range.at("spec", "limits")).toEqual([{ type: "Pod", max: config.shellResources.limits }]);
});

interface Block {
  readonly allowed: BlockList;
  readonly except: BlockList;
}

function readBlocks(): readonly Block[] {
  const policy = theManifest("base", "NetworkPolicy", "limpet-shells");
  const found = list(policy.at("spec", "egress"))
    .flatMap((rule) => list(at(rule, "to")))
    .flatMap((peer) => (at(peer, "ipBlock") === undefined ? [] : [at(peer, "ipBlock")]));
  return found.map((block) => ({
    allowed: addresses([String(at(block, "cidr"))]),
    except: addresses(texts(at(block, "except"))),
  }));
}

function addresses(ranges: readonly string[]): BlockList {
  const made = new BlockList();
  for (const range of ranges) {
    const [network = "", bits = ""] = range.split("/");
    made.addSubnet(network, Number(bits), isIPv6(network) ? "ipv6" : "ipv4");
  }
  return made;
}

const blocks = readBlocks();

function mayReach(address: string): boolean {
  const family = isIPv6(address) ? "ipv6" : "ipv4";
  // Node takes ::ffff:a.b.c.d for a.b.c.d: each family is asked for itself.
  return blocks.some(({ allowed, except }) => allowed.check(address, family) && !except.check(address, family));
}

test.each([
  ["the cluster's pods, services and nodes", "10.244.1.7"],
  ["a private network", "172.16.0.1"],
  ["the end of that", "172.31.255.255"],
  ["a private network", "192.168.1.1"],
  ["the metadata of AWS, Azure, Google, …", "169.254.169.254"],
  ["the metadata of a task on AWS", "169.254.170.2"],
  ["a node's DNS cache, but for names", "169.254.20.10"],
  ["the metadata of Alibaba, within carrier-grade NAT", "100.100.100.200"],
  ["the metadata of Oracle", "192.0.0.192"],
  ["Azure's platform", "168.63.129.16"],
  ["this machine", "127.0.0.1"],
  ["this network", "0.0.0.0"],
  ["benchmarks", "198.19.255.255"],
  ["multicast", "224.0.0.1"],
  ["broadcast", "255.255.255.255"],
  ["this machine", "::1"],
  ["the metadata of AWS", "fd00:ec2::254"],
  ["the metadata of Google", "fd20:ce::254"],
  ["unique local", "fc00::1"],
  ["link-local", "fe80::1"],
  ["site-local", "fec0::1"],
  ["multicast", "ff02::1"],
  ["a private address by NAT64", "64:ff9b::10.0.0.1"],
  ["the metadata by NAT64", "64:ff9b::169.254.169.254"],
  ["Azure's platform by NAT64", "64:ff9b::168.63.129.16"],
  ["carrier-grade NAT by NAT64", "64:ff9b::100.64.0.1"],
  ["a private network by NAT64", "64:ff9b::172.31.0.1"],
  ["a private network by NAT64", "64:ff9b::192.168.0.1"],
  ["this network by NAT64", "64:ff9b::0.0.0.0"],
  ["this network by NAT64", "64:ff9b::0.255.255.255"],
  ["the metadata of Oracle by NAT64", "64:ff9b::192.0.0.192"],
  ["benchmarks by NAT64", "64:ff9b::198.18.0.1"],
  ["the end of benchmarks by NAT64", "64:ff9b::198.19.255.255"],
  ["multicast by NAT64", "64:ff9b::224.0.0.1"],
  ["the end of multicast by NAT64", "64:ff9b::239.255.255.255"],
  ["broadcast by NAT64", "64:ff9b::255.255.255.255"],
  ["a private address by 6to4", "2002:a00:1::1"],
  ["Teredo", "2001:0:1::1"],
  ["discard", "100::1"],
])("a shell does not reach %s: %s", (_, address) => {
  expect(mayReach(address)).toBe(false);
});

test.each(
  ["203.0.113.10", "1.1.1.1", "140.82.121.4", "172.32.0.1", "100.128.0.1", "192.0.1.1", "223.255.255.255"].concat([
    "2606:4700::1111",
    "2a00::1",
    "64:ff9b::203.0.113.10",
    "64:ff9b::1.0.0.0",
    "64:ff9b::192.0.1.1",
    "64:ff9b::198.17.255.255",
    "64:ff9b::198.20.0.0",
    "64:ff9b::223.255.255.255",
    "2001:db8::10",
  ]),
)("a shell reaches the internet: %s", (address) => {
  expect(mayReach(address)).toBe(true);
});
