// Owns GraphiQL as files of the local environment's own origin: nothing comes from elsewhere, and no script stands in the page.
// Must not know the edge. It is no part of what is deployed.

import { readFile } from "node:fs/promises";
import { join } from "node:path";

export interface GraphiqlFile {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Styles are set by the editor's own scripts, and its icons stand in its style sheet. */
const policy =
  "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const common = {
  "content-security-policy": policy,
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
};

type Content = () => Promise<string>;

/** Nine megabytes that most runs never need: loaded by the first who asks. */
const bundled = () => import("@graphql-yoga/render-graphiql/graphiql");

const own =
  (name: string): Content =>
  () =>
    readFile(join(import.meta.dirname, name), "utf8");

const script = "text/javascript; charset=utf-8";
const files: ReadonlyMap<string, readonly [type: string, content: Content]> = new Map([
  ["/graphiql", ["text/html; charset=utf-8", own("page.html")]],
  ["/graphiql/start.js", [script, own("start.js")]],
  ["/graphiql/graphiql.js", [script, async () => (await bundled()).js]],
  ["/graphiql/graphiql.css", ["text/css; charset=utf-8", async () => (await bundled()).css]],
  ["/graphiql/editor-worker.js", [script, async () => (await bundled()).editorWorkerService]],
  ["/graphiql/graphql-worker.js", [script, async () => (await bundled()).graphqlWorker]],
  ["/graphiql/json-worker.js", [script, async () => (await bundled()).jsonWorker]],
]);

/** Null where there is no such file. */
export async function graphiqlFile(pathname: string): Promise<GraphiqlFile | null> {
  const [type, content] = files.get(pathname) ?? [];
  if (type === undefined || content === undefined) return null;
  // What is ours changes with the checkout, what is the package's with its version.
  const isOwn = pathname === "/graphiql" || pathname === "/graphiql/start.js";
  const caching = isOwn ? "no-cache" : "private, max-age=3600";
  return { body: await content(), headers: { ...common, "content-type": type, "cache-control": caching } };
}
