// Owns reading a JSON body that must be small.
// Must not know what it says.

import { LimpetError } from "../errors.ts";

/**
 * Reads no more than `maxBytes`, whatever content-length says.
 * @throws LimpetError `TOO_LARGE`; `BAD_REQUEST` where it is no JSON
 */
export async function readJson(request: Request, maxBytes: number): Promise<unknown> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  for await (const chunk of request.body ?? []) {
    if (!(chunk instanceof Uint8Array)) throw new Error("a body is made of bytes");
    length += chunk.length;
    if (length > maxBytes) throw new LimpetError("TOO_LARGE", `A report has at most ${maxBytes} bytes. Say less.`);
    chunks.push(new Uint8Array(chunk));
  }
  try {
    const text = await new Blob(chunks).text();
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    throw new LimpetError("BAD_REQUEST", "This body is no JSON.");
  }
}
