// Owns the proof that the documents name what there is: every link, anchor, command, setting and file in them.
// Must not know what any of it does; docs/api.md's examples are run elsewhere (test/worker/graphql/api-docs.test.ts).

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { commands } from "../../../dev/setup/commands.mjs";

const root = resolve(import.meta.dirname, "../../..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");
/** Every document that is in the repository. */
const documents = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "*.md"], {
  cwd: root,
  encoding: "utf8",
})
  .trim()
  .split("\n")
  .filter((path) => existsSync(join(root, path)));

/** As GitHub makes them: https://github.com/jch/html-pipeline, TableOfContentsFilter. */
function anchorsOf(text: string): ReadonlySet<string> {
  const headings = withoutBlocks(text).matchAll(/^#{1,6} (.+)$/gm);
  return new Set(
    [...headings].map(([, heading = ""]) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\- _]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );
}

function withoutBlocks(text: string): string {
  return text.replaceAll(/^ *```[\s\S]*?^ *```$/gm, "");
}

function linksOf(text: string): readonly string[] {
  return [...withoutBlocks(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target);
}

describe.each(documents)("%s", (path) => {
  const text = read(path);

  it("links to files and headings that are there", () => {
    const broken = linksOf(text)
      .filter((target) => !/^[a-z]+:/.test(target))
      .filter((target) => {
        const [file = "", anchor] = target.split("#");
        const at = file === "" ? path : relative(root, resolve(root, dirname(path), file));
        if (!existsSync(join(root, at))) return true;
        return anchor !== undefined && !anchorsOf(read(at)).has(anchor);
      });
    expect(broken).toEqual([]);
  });

  it("names commands of npm that there are", () => {
    const named = [...text.matchAll(/npm run (?:-s )?([a-z][a-z:-]*)/g)].map(([, name = ""]) => name);
    const scripts: unknown = JSON.parse(read("package.json")).scripts;
    expect(named.filter((name) => !(name in commands) || !(name in Object(scripts)))).toEqual([]);
  });
});

describe.each(["docs/install.md", "docs/operate.md", "docs/saving.md", "docs/life.md"])("%s", (path) => {
  const text = read(path);

  it("names settings that there are", () => {
    const known = ["wrangler.toml", "worker/config.ts", "cluster/ingress/run", "cluster/ingress/kustomization.yaml"]
      .map(read)
      .concat(read("cluster/image/Dockerfile"), read("cluster/image/lib/home-files.sh"), read("worker/errors.ts"))
      .join("\n");
    // Names that the document's own commands set, and words of the reader's own.
    const own = [...text.matchAll(/^export ([A-Z_]+)=/gm)].map(([, name = ""]) => name);
    const spoken = new Set([...own, "LIMPET_HOST", "CLUSTER_HOST", "TENANT_ID", "REALM", "ORPHANS", "NODE"]);
    const named = [...text.matchAll(/`([A-Z][A-Z0-9]*_[A-Z0-9_]+)/g)].map(([, name = ""]) => name);
    expect(named.filter((name) => !spoken.has(name) && !new RegExp(`\\b${name}\\b`).test(known))).toEqual([]);
  });

  it("names files of the repository that there are", () => {
    const named = [...text.matchAll(/(?<![\w./~-])((?:cluster|worker|dev|test|docs)\/[\w./-]*\w)/g)].map(
      ([, name = ""]) => name,
    );
    expect(named.filter((name) => !existsSync(join(root, name)))).toEqual([]);
  });

  it("names objects of the cluster that the manifests have", () => {
    const manifests = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "cluster"], {
      cwd: root,
      encoding: "utf8",
    })
      .trim()
      .split("\n")
      .filter((file) => existsSync(join(root, file)))
      .map(read)
      .join("\n");
    const named = [...text.matchAll(/\blimpet-(?:shells|system|edge|ingress|admission|janitor)[a-z-]*/g)].map(
      ([name]) => name,
    );
    expect([...new Set(named)].filter((name) => !manifests.includes(name))).toEqual([]);
  });
});
