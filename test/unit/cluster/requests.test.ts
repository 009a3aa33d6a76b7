// Owns the local cluster's reading of requests: paths, unknown fields, quantities, output in messages.
// Must not know what the requests do.

import { expect, test } from "vitest";
import { OutputFrames } from "../../../dev/cluster/api/output-frames.ts";
import { parseTarget } from "../../../dev/cluster/api/request-target.ts";
import { dropUnknownFields } from "../../../dev/cluster/pods/known-fields.ts";
import { whyUnschedulable } from "../../../dev/cluster/pods/node-fit.ts";
import { parsePod } from "../../../dev/cluster/pods/parse-pod.ts";
import { podManifest } from "../../../worker/kubernetes/pod-manifest.ts";

test.each([
  ["/api/v1/namespaces/ns/pods", { resource: "pods", namespace: "ns", name: undefined, subresource: undefined }],
  ["/api/v1/namespaces/ns/pods/a.b-c", { resource: "pods", name: "a.b-c" }],
  ["/api/v1/namespaces/ns/pods/a/exec", { resource: "pods", name: "a", subresource: "exec" }],
  ["/api/v1/namespaces/ns/events", { resource: "events", name: undefined }],
  ["/faults/1-2", { kind: "faults", id: "1-2" }],
])("%s is understood", (path, expected) => {
  expect(parseTarget(path)).toMatchObject(expected);
});

test.each([
  ...[
    "/",
    "/api",
    "/api/v1/pods",
    "/api/v1/namespaces/ns/secrets",
    "/api/v1/namespaces/ns/pods/",
    "/api/v1/namespaces//pods",
  ],
  ...["/api/v1/namespaces/ns/pods/a/log", "/api/v1/namespaces/ns/events/a/exec", "/api/v1/namespaces/ns/pods/a%2fexec"],
  ...["//api/v1/namespaces/ns/pods", "/api/v1/namespaces/ns/pods/a/exec/b", "/API/v1/namespaces/ns/pods"],
])("%s is nothing", (path) => {
  expect(parseTarget(path)).toEqual({ kind: "unknown" });
});

test("Limpet's own manifest has no field that Kubernetes would drop, and fits on this machine's kind of node", () => {
  const resources = {
    requests: { cpu: "100m", memory: "256Mi", "ephemeral-storage": "512Mi" },
    limits: { cpu: "2", memory: "2Gi", "ephemeral-storage": "10Gi" },
  } as const;
  const settings = { image: "i:1", installId: "x", resources, nodeSelector: {}, priorityClass: null, graceSeconds: 60 };
  const manifest = podManifest(settings, { name: "limpet-a", userId: "a", expiresAtMs: 0, longestLifeMs: 1_000 });
  expect(dropUnknownFields(manifest).unknown).toEqual([]);
  const node = { name: "n", labels: {}, cpus: 1, memoryBytes: 2 ** 30 };
  expect(whyUnschedulable(manifest.spec, node)).toBeUndefined();
  expect(whyUnschedulable(manifest.spec, { ...node, cpus: 0.05 })).toContain("Insufficient cpu");
  expect(whyUnschedulable(manifest.spec, { ...node, memoryBytes: 255 * 2 ** 20 })).toContain("Insufficient memory");
  const elsewhere = { ...manifest.spec, nodeSelector: { spot: "true" } };
  expect(whyUnschedulable(elsewhere, node)).toContain("didn't match Pod's node affinity/selector");
  expect(whyUnschedulable(elsewhere, { ...node, labels: { spot: "true" } })).toBeUndefined();
});

test("unknown fields are dropped at every depth, and told by their path", () => {
  const { object, unknown } = dropUnknownFields({
    kind: "Pod",
    colour: 1,
    metadata: { name: "a", nmae: "b" },
    spec: {
      containers: [{ name: "c", lifecycle: { preStop: { exec: { comand: [] } } } }],
      volumes: [{ any: "thing" }],
    },
  });
  expect(unknown).toEqual(["colour", "metadata.nmae", "spec.containers[0].lifecycle.preStop.exec.comand"]);
  expect(object).toEqual({
    kind: "Pod",
    metadata: { name: "a" },
    spec: { containers: [{ name: "c", lifecycle: { preStop: { exec: {} } } }], volumes: [{ any: "thing" }] },
  });
});

test("output of one turn leaves as few messages, whole, in order, at most 32,768 bytes of output each", async () => {
  const sent: Buffer[] = [];
  const frames = new OutputFrames((frame) => sent.push(Buffer.from(frame)));
  frames.add(1, Buffer.from("one "));
  frames.add(1, Buffer.from("two"));
  frames.add(2, Buffer.from("error"));
  frames.add(1, Buffer.alloc(70_000, "x"));
  expect(sent.map((frame) => frame.subarray(0, 8).toString())).toEqual([
    "\u0001one two",
    "\u0002error",
    "\u0001xxxxxxx",
    "\u0001xxxxxxx",
  ]);
  await new Promise((resolve) => setImmediate(resolve));
  expect(sent.map(({ length }) => length)).toEqual([8, 6, 32_769, 32_769, 70_000 - 2 * 32_768 + 1]);
});

test("a pod of a PriorityClass has its number, and one of a class that is not there is refused", () => {
  const pod = (priorityClassName?: string) => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "a" },
    spec: {
      containers: [{ name: "c", image: "i:1" }],
      ...(priorityClassName === undefined ? {} : { priorityClassName }),
    },
  });
  expect(parsePod(pod(), "ns")).toMatchObject({ spec: { priority: 0 } });
  expect(parsePod(pod("limpet-shell"), "ns")).toMatchObject({ spec: { priority: 1000 } });
  expect(parsePod(pod("toString"), "ns")).toMatchObject({
    status: { code: 403, message: 'pods "a" is forbidden: no PriorityClass with name toString was found' },
  });
});
