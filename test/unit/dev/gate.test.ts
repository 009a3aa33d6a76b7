// Owns the proof that the local environment's door opens to a pod of a real cluster for the pods' own routes, and nothing else.
// Must not know what is behind the door.

import { expect, test } from "vitest";
import gate from "../../../dev/gate/index.ts";

const behind = (name: string) => ({ fetch: async (request: Request) => new Response(`${name} ${request.url}`) });

async function knock(host: string, path: string, podHost: string): Promise<number> {
  const request = new Request(`http://${host}${path}`, { headers: { host } });
  const answer = await gate.fetch(request, {
    PRODUCT: behind("product"),
    ISSUER: behind("issuer"),
    GRAPHIQL: behind("graphiql"),
    WORKER_PATHS: ["/graphql", "/api/*"],
    PUBLIC_HOST: "localhost:8787",
    POD_HOST: podHost,
  });
  return answer.status;
}

test.each([
  ["/api/pod/receipt", 200],
  ["/api/pod/snapshot/0123", 200],
  ["/api/pods", 421],
  ["/api/shell/socket", 421],
  ["/graphql", 421],
  ["/oidc/auth", 421],
  ["/graphiql", 421],
  ["/", 421],
])("a pod that asks for %s: %i", async (path, status) => {
  expect(await knock("203.0.113.10:8787", path, "203.0.113.10:8787")).toBe(status);
});

test("nobody is a pod where there is no real cluster, or at another address", async () => {
  expect(await knock("203.0.113.10:8787", "/api/pod/receipt", "")).toBe(421);
  expect(await knock("203.0.113.10:8788", "/api/pod/receipt", "203.0.113.10:8787")).toBe(421);
  expect(await knock("example.com", "/api/pod/receipt", "203.0.113.10:8787")).toBe(421);
  expect(await knock("localhost:8787", "/graphql", "203.0.113.10:8787")).toBe(200);
});
