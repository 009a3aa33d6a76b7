// Owns reading a request's body.
// Must not know what is in it.

import type { IncomingMessage } from "node:http";
import { isObject, type Json, parseJson } from "../json.ts";
import { badRequest, type Refusal, tooLarge, unsupportedMediaType } from "./status.ts";

/** The API server's own limit for a request body. */
const limitBytes = 3 * 1024 * 1024;

export interface Body {
  /** Without parameters, lower case; `application/json` where none was given. */
  readonly mediaType: string;
  /** Undefined where there is no body. */
  readonly json: Json | undefined;
}

export async function readBody(request: IncomingMessage, accepted: readonly string[]): Promise<Body | Refusal> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) continue;
    length += chunk.length;
    if (length > limitBytes) return tooLarge(limitBytes);
    chunks.push(chunk);
  }
  const [given = ""] = (request.headers["content-type"] ?? "application/json").split(";");
  const mediaType = given.trim().toLowerCase();
  if (length === 0) return { mediaType, json: undefined };
  if (!accepted.includes(mediaType)) return unsupportedMediaType(accepted);
  const json = parseJson(Buffer.concat(chunks).toString("utf8"));
  if (json === undefined || !(isObject(json) || Array.isArray(json))) {
    return badRequest(
      "the object provided is unrecognized (must be of type Pod): couldn't get version/kind; json parse error",
    );
  }
  return { mediaType, json };
}
