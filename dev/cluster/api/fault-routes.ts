// Owns asking for faults over HTTP: `/faults`, for a server that runs as a process of its own.
// Must not know how a fault is played.

import { timingSafeEqual } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { ClusterFaults } from "../cluster-faults.ts";
import { parseFaultRequest } from "../parse-fault.ts";
import { readBody } from "./body.ts";
import { badRequest, methodNotAllowed, notFound, Refusal, unauthorized, unknownPath } from "./status.ts";

/**
 * With `Authorization: Bearer TOKEN`:
 * - `GET /faults` → `{faults, execs}`: what stands, and which execs are open
 * - `POST /faults` with a Fault → `{id}`; with an action (`lose-pod`, `cut-exec`, `silence-exec`, `api-down`,
 *   `forget-history`) → `{struck}`
 * - `DELETE /faults/ID`, `DELETE /faults` (all)
 */
export class FaultRoutes {
  readonly #faults: ClusterFaults;
  readonly #token: string | undefined;

  /** Without a token there are no such routes. */
  constructor(faults: ClusterFaults, token: string | undefined) {
    this.#faults = faults;
    this.#token = token;
  }

  async serve(request: IncomingMessage, response: ServerResponse, id: string | undefined): Promise<void> {
    const answer = await this.#answer(request, id);
    const [code, body] = answer instanceof Refusal ? [answer.code, answer.status] : [200, answer];
    response.writeHead(code, { "content-type": "application/json" }).end(JSON.stringify(body));
  }

  async #answer(request: IncomingMessage, id: string | undefined): Promise<object | Refusal> {
    if (this.#token === undefined) return unknownPath();
    if (!same(request.headers.authorization ?? "", `Bearer ${this.#token}`)) return unauthorized();
    const faults = this.#faults;
    if (request.method === "GET" && id === undefined) return { faults: faults.list(), execs: faults.execs() };
    if (request.method === "DELETE") {
      if (id !== undefined && !faults.remove(id)) return notFound("faults", id);
      if (id === undefined) faults.clear();
      return {};
    }
    if (request.method !== "POST" || id !== undefined) return methodNotAllowed();
    const body = await readBody(request, ["application/json"]);
    if (body instanceof Refusal) return body;
    const wanted = parseFaultRequest(body.json);
    if (typeof wanted === "string") return badRequest(wanted);
    return "fault" in wanted ? { id: faults.add(wanted.fault) } : { struck: await faults.act(wanted.action) };
  }
}

function same(given: string, wanted: string): boolean {
  const [left, right] = [Buffer.from(given), Buffer.from(wanted)];
  return left.length === right.length && timingSafeEqual(left, right);
}
