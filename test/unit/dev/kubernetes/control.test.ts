// Owns the tests of what the control socket of the real Kubernetes takes.
// Must not know how a request is carried out.

import { describe, expect, test } from "vitest";
import { parseControlRequest } from "../../../../dev/kubernetes/control/requests.ts";
import { parseAddress } from "../../../../dev/kubernetes/network/relay-messages.ts";

describe("control requests", () => {
  const good: readonly (readonly [string, string, unknown, object])[] = [
    ["POST", "/components/etcd/kill", null, { do: "component", name: "etcd", action: "kill" }],
    [
      "POST",
      "/components/shells-1/kubelet/start",
      null,
      { do: "component", name: "shells-1/kubelet", action: "start" },
    ],
    ["POST", "/nodes/shells-2/stop", null, { do: "node", name: "shells-2", action: "stop" }],
    [
      "POST",
      "/outside",
      { port: 443, to: "127.0.0.1:8443" },
      { do: "outside", address: null, port: 443, to: { host: "127.0.0.1", port: 8443 } },
    ],
    ["POST", "/forward", { to: "10.77.0.11:30443" }, { do: "forward", to: { host: "10.77.0.11", port: 30443 } }],
    ["POST", "/images", { archive: "/a.tar" }, { do: "images", archive: "/a.tar" }],
    ["PUT", "/authentication", null, { do: "authentication", configuration: null }],
    ["PUT", "/authentication", { jwt: [] }, { do: "authentication", configuration: { jwt: [] } }],
  ];
  test.each(good)("takes %s %s", (method, path, body, wish) => {
    expect(parseControlRequest(method, path, body)).toEqual(wish);
  });

  const bad: readonly (readonly [string, string, unknown, RegExp])[] = [
    ["GET", "/images", null, /There is no GET/],
    ["POST", "/", null, /There is no POST/],
    ["POST", "/components/etcd/explode", null, /can be told kill, stop, start, restart/],
    ["POST", "/outside", { port: 0, to: "127.0.0.1:1" }, /port is a number/],
    ["POST", "/outside", { port: 443, to: "10.0.0.1:1" }, /loopback/],
    ["POST", "/forward", { to: "localhost:1" }, /an address inside/],
    ["POST", "/images", {}, /path of a file/],
  ];
  test.each(bad)("refuses %s %s %j", (method, path, body, sentence) => {
    expect(parseControlRequest(method, path, body)).toMatch(sentence);
  });
});

test.each([["1.2.3.4"], ["1.2.3.4:0"], ["1.2.3.4:65536"], ["a:1"], [":1"], ["1.2.3.4:1 "]])(
  "%j is no address",
  (text) => {
    expect(parseAddress(text)).toBeNull();
  },
);
