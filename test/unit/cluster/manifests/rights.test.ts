// Owns that the code, the Role and the admission policy mean the same: no call without a right, no right without a call.
// Must not know what a call is for.

import { globSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { execQuery } from "../../../../worker/kubernetes/exec-query.ts";
import { containerName, podManifest, scripts } from "../../../../worker/kubernetes/pod-manifest.ts";
import { list, readManifests, texts, theManifest } from "./manifests.ts";

const root = fileURLToPath(new URL("../../../..", import.meta.url));
const sources = ["worker", "durable"]
  .flatMap((folder) => globSync(`${folder}/**/*.ts`, { cwd: root }))
  .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));

/** Of Kubernetes' verbs, by how a path is written in the code and the method that goes to it. */
const verbs: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  '"/pods"': { GET: "pods list", POST: "pods create" },
  podPath: { GET: "pods get", PATCH: "pods patch", DELETE: "pods delete" },
  '"/events"': { GET: "events list" },
};

function verbOf(method: string, path: string): string {
  const verb = verbs[path.startsWith("podPath(") ? "podPath" : path]?.[method];
  if (verb === undefined) throw new Error(`the code asks ${method} ${path}, which this test cannot name`);
  return verb;
}

/** What is asked by `ClusterClient.ask`. */
function asked(): readonly string[] {
  return sources.flatMap(({ path, text }) => {
    const calls = [...text.matchAll(/\.ask\(\{\s*method: "(\w+)",\s*path: ("[^"]*"|podPath\(\w+\)),/g)];
    expect(calls, `${path}: each request is written with its method and path first`).toHaveLength(
      text.split(".ask({").length - 1,
    );
    return calls.map(([, method = "", where = ""]) => verbOf(method, where));
  });
}

/** What is asked by a `fetch` with a token, beside `ask` itself. */
function fetched(): readonly string[] {
  const callers = sources.filter(({ text }) => text.includes(".authorization("));
  expect(callers.map(({ path }) => path).toSorted()).toEqual([
    "worker/doctor/look-at-cluster.ts",
    "worker/kubernetes/exec.ts",
    "worker/kubernetes/request.ts",
  ]);
  return callers.flatMap(({ path, text }) => {
    if (path === "worker/kubernetes/request.ts") return [];
    const method = /\.authorization\("(\w+)", url/.exec(text)?.[1] ?? "";
    const where = /\.url\(("[^"]*"|`[^`]*`)/.exec(text)?.[1] ?? "";
    if (where === "`$" + "{podPath(request.pod)}/exec`") {
      // An upgrade is a GET, and since Kubernetes 1.35 a create besides: seen on 1.37, whose 403 names neither.
      return method === "GET" ? ["pods/exec get", "pods/exec create"] : [];
    }
    return [verbOf(method, where)];
  });
}

/** The commands that are opened, one word each. */
function opened(): readonly string[] {
  return sources
    .filter(({ path }) => path !== "worker/kubernetes/pod-manifest.ts")
    .flatMap(({ path, text }) => {
      const pieces = text.split("$" + "{scripts}").length - 1;
      const found = [...text.matchAll(/command(?::| =) \[`\$\{scripts\}\/([a-z-]+)`(?:, (\w+))?\]/g)];
      expect(found, `${path}: each command is written as a list that begins with its script`).toHaveLength(pieces);
      return found.flatMap(([, script, argument]) => {
        if (argument === undefined) return [`${scripts}/${script}`];
        const values = new RegExp(`${argument}: ((?:"\\w+"(?: \\| )?)+)`).exec(text)?.[1]?.match(/\w+/g) ?? [];
        expect(values, `${path}: ${argument} has a type that lists its values`).not.toEqual([]);
        return values.map((value) => `${scripts}/${script} ${value}`);
      });
    });
}

const unique = (values: readonly string[]): readonly string[] => [...new Set(values)].toSorted();

function granted(role: string): readonly string[] {
  return list(theManifest("base", "Role", role).at("rules")).flatMap((rule) => {
    const { apiGroups, resources, verbs: allowed, ...more } = Object(rule);
    expect(texts(apiGroups)).toEqual([""]);
    expect(more).toEqual({});
    return texts(resources).flatMap((resource) => texts(allowed).map((verb) => `${resource} ${verb}`));
  });
}

test("the edge's Role grants what the code calls: no more, no less", () => {
  expect(unique(granted("limpet-edge"))).toEqual(unique([...asked(), ...fetched()]));
});

test("no other right of the edge is in the manifests, and the shells' account has none", () => {
  const bindings = readManifests("base")
    .filter(({ kind }) => /Binding$/.test(kind) && !kind.startsWith("Validating"))
    .toSorted((a, b) => a.name.localeCompare(b.name));
  const said = bindings.map((binding) => [
    binding.kind,
    binding.at("metadata", "namespace"),
    binding.at("roleRef", "name"),
  ]);
  expect(said).toEqual([
    ["RoleBinding", "limpet-shells", "limpet-edge"],
    ["RoleBinding", "limpet-shells", "limpet-janitor"],
  ]);
  const subjects = bindings.flatMap((binding) => list(binding.at("subjects")));
  expect(subjects).toEqual(
    ["limpet-edge", "limpet-janitor"].map((name) => ({ kind: "ServiceAccount", name, namespace: "limpet-system" })),
  );
});

function reach(variable: string): string {
  const variables = list(theManifest("base", "ValidatingAdmissionPolicy", "limpet-reach").at("spec", "variables"));
  const found = variables.map(Object).find(({ name }) => name === variable);
  return String(found?.expression);
}

test("admission knows the execs that the code opens: no more, no less", () => {
  const commands: unknown = JSON.parse(reach("commands").replaceAll("'", '"'));
  expect(unique(list(commands).map((words) => texts(words).join(" ")))).toEqual(unique(opened()));
  const policy = theManifest("base", "ValidatingAdmissionPolicy", "limpet-reach");
  expect(JSON.stringify(policy.at("spec", "validations"))).toContain(`== '${containerName}'`);
});

test("the ingress lets the same execs through, and those of no other script", () => {
  const lines = readFileSync(join(root, "cluster/ingress/requests.lst"), "utf8").split("\n");
  const allowed = lines.filter((line) => line.startsWith("^")).map((line) => new RegExp(line));
  const passes = (command: readonly string[], tty: boolean): boolean => {
    const query = execQuery({ pod: "limpet-a", container: containerName, command, tty, timeoutMs: 1 });
    const words = query.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("&");
    return allowed.some((line) => line.test(`GET /api/v1/namespaces/limpet-shells/pods/limpet-a/exec?${words} -`));
  };
  for (const command of opened())
    expect([command, passes(command.split(" "), command.endsWith(" plain"))]).toEqual([command, true]);
  const others = readdirSync(join(root, "cluster/image"))
    .map((name) => `${scripts}/${name}`)
    .filter((script) => !opened().some((command) => command.split(" ")[0] === script));
  expect(others.length).toBeGreaterThan(5);
  expect(others.filter((script) => passes([script], false) || passes([script], true))).toEqual([]);
});

test("admission's list of fields has every one that the code's pod has", () => {
  const resources = { cpu: "1", memory: "1Gi", "ephemeral-storage": "1Gi" };
  const pod = podManifest(
    {
      image: "i",
      installId: "limpet",
      resources: { requests: resources, limits: resources },
      nodeSelector: { a: "b" },
      priorityClass: "limpet-shell",
      graceSeconds: 300,
    },
    { name: "limpet-a", userId: "a", expiresAtMs: 0, longestLifeMs: 1 },
  );
  const policy = theManifest("base", "ValidatingAdmissionPolicy", "limpet-pods");
  const unlisted = String(
    list(policy.at("spec", "variables"))
      .map(Object)
      .find(({ name }) => name === "unlisted")?.expression,
  );
  const lists = [...unlisted.matchAll(/field in \[([^\]]*)\]/g)].map(([, names = ""]) => names.match(/\w+/g) ?? []);
  for (const [index, part] of [pod, pod.metadata, pod.spec, pod.spec.containers[0]].entries()) {
    expect(lists[index]).toEqual(expect.arrayContaining(Object.keys(part)));
  }
});
