// Owns what can be told of the programs' modules without building them: one version of everything, nothing left unpinned.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { compareGoVersions, parseGoVersion } from "../../../../dev/kubernetes/binaries/go-version.ts";
import { modules, requiredGo, requiredVersion } from "../../../../dev/kubernetes/binaries/programs.ts";

const place = join(import.meta.dirname, "../../../../dev/kubernetes/binaries/modules");
const goMod = (folder: string) => readFileSync(join(place, folder, "go.mod"), "utf8");

test("every folder of modules is built, and each has a go.sum where it needs anything", () => {
  expect(readdirSync(place).toSorted()).toEqual(modules.map(({ folder }) => folder).toSorted());
  for (const { folder } of modules) {
    expect(existsSync(join(place, folder, "go.sum")), folder).toBe(/^require/m.test(goMod(folder)));
  }
});

test.each(modules.flatMap((module) => (module.project === undefined ? [] : [[module.project, module] as const])))(
  "%s: its packages are tools of the module, in a release",
  (project, module) => {
    const text = goMod(module.folder);
    expect(requiredVersion(text, project)).toMatch(/^v[0-9]+\.[0-9]+\.[0-9]+$/);
    expect(requiredGo(text)).toMatch(/^1\.[0-9]+\.[0-9]+$/);
    const tools = text.match(/^(?:tool |\t)([^\s(]\S*)$/gm)?.map((line) => line.replace(/^tool /, "").trim()) ?? [];
    const packages = Object.values(module.programs).filter((name) => name !== ".");
    expect(tools.toSorted()).toEqual(packages.toSorted());
  },
);

test("every staging module of Kubernetes is of the same release as Kubernetes", () => {
  const text = goMod("kubernetes");
  const release = requiredVersion(text, "k8s.io/kubernetes").replace(/^v1\./, "v0.");
  const replaced = [...text.matchAll(/^\t(\S+) => (\S+) (\S+)$/gm)];
  expect(replaced.length).toBeGreaterThan(30);
  for (const [, from, to, version] of replaced) expect([to, version]).toEqual([from, release]);
});

test.each([
  ["go version go1.26.8 linux/amd64\n", "1.26.8"],
  ["go version go1.27 linux/arm64", "1.27"],
  ["go version go1.28rc1 linux/amd64", null],
  ["go version devel go1.29-abcdef linux/amd64", null],
  ["", null],
])("%j is Go %s", (text, version) => {
  expect(parseGoVersion(text)).toBe(version);
});

test("versions of Go are ordered by number, not by letter", () => {
  const versions = ["1.26.10", "1.9", "1.26", "1.26.9", "2.0", "1.26.0"];
  expect(versions.toSorted(compareGoVersions)).toEqual(["1.9", "1.26", "1.26.0", "1.26.9", "1.26.10", "2.0"]);
});

test("a go.mod that does not say what is asked is refused", () => {
  expect(() => requiredVersion("module x\nrequire example.com/abc v1.2.3\n", "example.com/ab")).toThrow(
    /example.com\/ab\./,
  );
  expect(requiredVersion("module x\nrequire example.com/abc v1.2.3\n", "example.com/abc")).toBe("v1.2.3");
  expect(() => requiredGo("module x\n")).toThrow(/which Go/);
});
