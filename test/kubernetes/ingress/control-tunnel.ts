// Owns an exec of `attach control` through the ingress, asked again and again whether it is still the same one.
// Must not know who restarts what meanwhile.

import { WebSocket } from "ws";
import type { Place } from "../../ingress/harness/raw-client.ts";
import { makeToken, rightParts } from "../../ingress/harness/tokens.ts";
import { goodRequest, type Stage } from "../../ingress/hostile-requests.ts";

export interface ControlTunnel {
  /** How many questions were answered, each once and in its turn. */
  readonly answered: () => number;
  /** What broke it, in words; null while it holds. */
  readonly broken: () => string | null;
  close(): void;
}

/** Asks tmux ten times a second for a number, and waits for just that number. */
export async function holdTunnel(place: Place, stage: Stage): Promise<ControlTunnel> {
  const { target } = goodRequest("exec", stage);
  const parts = rightParts(stage.signer, { ...stage, method: "GET", target });
  const socket = new WebSocket(`wss://${place.host}:${place.port}${target}`, ["v5.channel.k8s.io"], {
    ca: place.ca,
    headers: { authorization: `Bearer ${makeToken(parts, stage.signer)}` },
    perMessageDeflate: false,
  });
  let asked = 0;
  let answered = 0;
  let text = "";
  let broken: string | null = null;
  let closing = false;
  const timer = setInterval(() => {
    // One at a time: an answer that is lost is never made up for by the next.
    if (socket.readyState !== WebSocket.OPEN || asked > answered) return;
    asked += 1;
    socket.send(Buffer.concat([Buffer.from([0]), Buffer.from(`display-message -p proof-${asked}-end\n`)]));
  }, 100);
  socket.on("message", (data: Buffer) => {
    if (data[0] !== 1) {
      if (data.length > 1 && broken === null) broken = `channel ${data[0]} said ${data.subarray(1).toString()}`;
      return;
    }
    text = (text + data.subarray(1).toString()).slice(-4_096);
    const seen = /proof-(\d+)-end\r?\n/.exec(text);
    if (seen === null) return;
    if (Number(seen[1]) !== answered + 1) broken ??= `${seen[0]} came where ${answered + 1} was due`;
    answered += 1;
    text = "";
  });
  socket.on("close", (code) => {
    clearInterval(timer);
    if (!closing) broken ??= `closed with ${code}`;
  });
  await new Promise<void>((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("error", reject);
    socket.once("unexpected-response", (_, response) => reject(new Error(`refused with ${response.statusCode}`)));
  });
  socket.on("error", (error) => {
    broken ??= error.message;
  });
  return {
    answered: () => answered,
    broken: () => broken,
    close: () => {
      closing = true;
      socket.close(1000);
    },
  };
}
