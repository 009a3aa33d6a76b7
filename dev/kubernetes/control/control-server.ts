// Owns the control socket: HTTP and JSON over a unix socket that only its owner may open.
// Must not know how requests are carried out.

import { chmod } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { type ControlRequest, parseControlRequest } from "./requests.ts";

/** What is wrong with a request that could be read, in a sentence. */
export class ControlFault extends Error {}

/** @param carryOut answers with what is sent back; throws {@link ControlFault} where it cannot be done */
export async function listenForControl(
  path: string,
  carryOut: (request: ControlRequest) => Promise<object>,
): Promise<Server> {
  const server = createServer((request, response) => {
    void answer(request, carryOut).then(({ status, body }) => reply(response, status, body));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, resolve);
  });
  await chmod(path, 0o600);
  return server;
}

async function answer(
  request: IncomingMessage,
  carryOut: (request: ControlRequest) => Promise<object>,
): Promise<{ status: number; body: object }> {
  try {
    const said = await text(request);
    const body: unknown = said === "" ? null : JSON.parse(said);
    const path = decodeURI(request.url ?? "/");
    const wish = parseControlRequest(request.method ?? "GET", path, body);
    if (typeof wish === "string") return { status: 400, body: { error: wish } };
    return { status: 200, body: await carryOut(wish) };
  } catch (error) {
    const status = error instanceof ControlFault ? 409 : error instanceof SyntaxError ? 400 : 500;
    return { status, body: { error: error instanceof Error ? error.message : String(error) } };
  }
}

function reply(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(`${JSON.stringify(body)}\n`);
}
