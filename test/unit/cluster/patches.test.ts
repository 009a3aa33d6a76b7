// Owns the local cluster's patches, case by case.
// Must not know which fields of a pod may change.

import { describe, expect, test } from "vitest";
import { Refusal } from "../../../dev/cluster/api/status.ts";
import type { Json, JsonObject } from "../../../dev/cluster/json.ts";
import { applyJsonPatch } from "../../../dev/cluster/pods/json-patch.ts";
import { applyMergePatch, applyStrategicPatch } from "../../../dev/cluster/pods/merge-patch.ts";

describe("RFC 7386, appendix A", () => {
  test.each<[JsonObject, JsonObject, JsonObject]>([
    [{ a: "b" }, { a: "c" }, { a: "c" }],
    [{ a: "b" }, { b: "c" }, { a: "b", b: "c" }],
    [{ a: "b" }, { a: null }, {}],
    [{ a: "b", b: "c" }, { a: null }, { b: "c" }],
    [{ a: ["b"] }, { a: "c" }, { a: "c" }],
    [{ a: "c" }, { a: ["b"] }, { a: ["b"] }],
    [{ a: { b: "c" } }, { a: { b: "d", c: null } }, { a: { b: "d" } }],
    [{ a: [{ b: "c" }] }, { a: [1] }, { a: [1] }],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])("%j patched by %j is %j", (target, patch, expected) => {
    expect(applyMergePatch(target, patch)).toEqual(expected);
  });
});

describe("strategic", () => {
  const spec = {
    containers: [
      { name: "a", image: "1", env: [{ name: "X", value: "1" }] },
      { name: "b", image: "2" },
    ],
  };

  test.each<[JsonObject, Json]>([
    [{ containers: [{ name: "b", image: "3" }] }, [spec.containers[0] ?? null, { name: "b", image: "3" }]],
    [{ containers: [{ name: "c", image: "4" }] }, [...spec.containers, { name: "c", image: "4" }]],
    [{ containers: [{ name: "a", $patch: "delete" }] }, [{ name: "b", image: "2" }]],
    [
      { containers: [{ name: "a", env: [{ name: "Y", value: "2" }] }] },
      [
        {
          name: "a",
          image: "1",
          env: [
            { name: "X", value: "1" },
            { name: "Y", value: "2" },
          ],
        },
        spec.containers[1] ?? null,
      ],
    ],
  ])("%j merges containers by name", (patch, expected) => {
    expect(applyStrategicPatch(spec, patch)["containers"]).toEqual(expected);
  });

  test("$patch: replace begins anew", () => {
    expect(applyStrategicPatch({ labels: { a: "1", b: "2" } }, { labels: { $patch: "replace", c: "3" } })).toEqual({
      labels: { c: "3" },
    });
  });
});

describe("RFC 6902, appendix A", () => {
  test.each<[string, JsonObject, Json, JsonObject]>([
    ["add a member", { foo: "bar" }, [{ op: "add", path: "/baz", value: "qux" }], { foo: "bar", baz: "qux" }],
    ["add to a list", { foo: ["a", "b"] }, [{ op: "add", path: "/foo/1", value: "x" }], { foo: ["a", "x", "b"] }],
    ["append", { foo: ["a"] }, [{ op: "add", path: "/foo/-", value: ["b"] }], { foo: ["a", ["b"]] }],
    ["remove a member", { a: 1, b: 2 }, [{ op: "remove", path: "/a" }], { b: 2 }],
    ["remove from a list", { a: [1, 2, 3] }, [{ op: "remove", path: "/a/1" }], { a: [1, 3] }],
    ["replace", { a: 1, b: 2 }, [{ op: "replace", path: "/a", value: 3 }], { a: 3, b: 2 }],
    ["move", { a: { x: 1 }, b: {} }, [{ op: "move", from: "/a/x", path: "/b/y" }], { a: {}, b: { y: 1 } }],
    ["copy", { a: { x: 1 } }, [{ op: "copy", from: "/a", path: "/b" }], { a: { x: 1 }, b: { x: 1 } }],
    [
      "escapes",
      { "a/b": 1, "m~n": 2 },
      [
        { op: "replace", path: "/a~1b", value: 3 },
        { op: "remove", path: "/m~0n" },
      ],
      { "a/b": 3 },
    ],
    [
      "a test that holds",
      { a: { b: [1, { c: null }] } },
      [{ op: "test", path: "/a", value: { b: [1, { c: null }] } }],
      { a: { b: [1, { c: null }] } },
    ],
    ["a null", { a: 1 }, [{ op: "add", path: "/a", value: null }], { a: null }],
  ])("%s", (_what, document, patch, expected) => {
    expect(applyJsonPatch(document, patch)).toEqual(expected);
  });

  test.each<[string, Json, number]>([
    ["no list", { op: "add" }, 400],
    ["an operation that is no object", ["add"], 400],
    ["an unknown operation", [{ op: "spin", path: "/a" }], 422],
    ["no path", [{ op: "add", value: 1 }], 422],
    ["a test that fails", [{ op: "test", path: "/a", value: 2 }], 422],
    ["replacing what is not there", [{ op: "replace", path: "/z", value: 2 }], 422],
    ["removing what is not there", [{ op: "remove", path: "/z" }], 422],
    ["adding below what is not there", [{ op: "add", path: "/z/y", value: 1 }], 422],
    ["beyond a list's end", [{ op: "add", path: "/list/9", value: 1 }], 422],
    ["moving what is not there", [{ op: "move", from: "/z", path: "/a" }], 422],
  ])("refused: %s", (_what, patch, code) => {
    const refusal = applyJsonPatch({ a: 1, list: [] }, patch);
    expect(refusal).toBeInstanceOf(Refusal);
    expect(refusal instanceof Refusal && refusal.code).toBe(code);
  });
});
