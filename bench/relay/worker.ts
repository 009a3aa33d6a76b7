// Owns the bare relay that Limpet is measured against: a Durable Object that pipes one WebSocket into another.
// Must not know what passes through it. It has no session, no buffer, no count: the least that an edge can do.

import { DurableObject } from "cloudflare:workers";

export interface RelayEnv {
  readonly RELAY: DurableObjectNamespace<Relay>;
}

/** `GET /?to=URL` with the cluster's token in `Authorization`: the upgrade is passed on, then each message both ways. */
export class Relay extends DurableObject<RelayEnv> {
  override async fetch(request: Request): Promise<Response> {
    const to = new URL(request.url).searchParams.get("to");
    if (to === null) return new Response("to is missing", { status: 400 });
    const answer = await fetch(to, {
      headers: {
        upgrade: "websocket",
        authorization: request.headers.get("authorization") ?? "",
        "sec-websocket-protocol": "v4.channel.k8s.io",
      },
    });
    const exec = answer.webSocket;
    if (exec === null) return new Response(await answer.text(), { status: 502 });
    const [client, browser] = Object.values(new WebSocketPair()) as [WebSocket, WebSocket];
    exec.binaryType = "arraybuffer";
    browser.binaryType = "arraybuffer";
    exec.accept();
    browser.accept();
    exec.addEventListener("message", ({ data }) => browser.send(data));
    browser.addEventListener("message", ({ data }) => exec.send(data));
    exec.addEventListener("close", () => browser.close(1000));
    browser.addEventListener("close", () => exec.close(1000));
    return new Response(null, {
      status: 101,
      webSocket: client,
      headers: { "sec-websocket-protocol": "v4.channel.k8s.io" },
    });
  }
}

export default {
  async fetch(request, env): Promise<Response> {
    return env.RELAY.get(env.RELAY.idFromName("bench")).fetch(request);
  },
} satisfies ExportedHandler<RelayEnv>;
