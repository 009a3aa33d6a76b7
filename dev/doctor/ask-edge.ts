// Owns asking an edge for a run of its doctor, with a ticket, and reading what it tells line by line.
// Must not know where the ticket was written, or what is done with a line.

import { type EdgeLine, parseLine } from "../../worker/doctor/lines.ts";

/** Until the first byte: nothing is looked at before it. */
const answerMs = 30_000;

/** The edge would not: its own words. */
export class EdgeRefusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = "EdgeRefusal";
    this.status = status;
  }
}

/** @throws EdgeRefusal; Error where there is no answer, or it breaks off */
export async function* askEdge(
  url: string,
  ticket: string,
  repository: string | null,
  cancel: AbortSignal,
): AsyncGenerator<EdgeLine> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new Error(`no answer in ${answerMs / 1000} seconds`)), answerMs);
  const response = await fetch(`${url}/api/doctor`, {
    method: "POST",
    headers: { authorization: `Bearer ${ticket}`, "content-type": "application/json", accept: "application/x-ndjson" },
    body: JSON.stringify({ repository }),
    redirect: "manual",
    signal: AbortSignal.any([cancel, late.signal]),
  }).finally(() => clearTimeout(timer));
  const isOurs = response.headers.get("content-type")?.startsWith("application/x-ndjson") === true;
  if (!response.ok || !isOurs || response.body === null) {
    throw new EdgeRefusal(response.status, refusalIn(await response.text()));
  }
  let rest = "";
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const known = parseLine(line);
      if (known !== null) yield known;
    }
  }
}

/** `{"error": {"code", "message"}}`, or whatever a proxy says. */
function refusalIn(body: string): string {
  try {
    const value: unknown = JSON.parse(body);
    const error: unknown = typeof value === "object" && value !== null ? Reflect.get(value, "error") : null;
    const message: unknown = typeof error === "object" && error !== null ? Reflect.get(error, "message") : null;
    if (typeof message === "string") return message;
  } catch {
    // Not ours.
  }
  return body
    .replace(/<[^>]*>/g, " ")
    .replace(/\s+/g, " ")
    .trim()
    .slice(0, 200);
}
