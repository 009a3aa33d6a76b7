// Owns single requests to an API server in anybody's name: JSON in, status and message out.
// Must not know who asks, nor what for.

import { request } from "node:https";
import { text } from "node:stream/consumers";
import { field, listOf } from "./json.ts";
import type { Kubectl } from "./kubectl.ts";

export interface ApiRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly body?: unknown;
  readonly contentType?: string;
}

export interface ApiAnswer {
  readonly code: number;
  /** Of a Status; empty where the answer is an object. */
  readonly message: string;
  /** The whole answer, parsed; undefined where it is no JSON. */
  readonly value: unknown;
}

export type Ask = (wish: ApiRequest) => Promise<ApiAnswer>;

export interface ApiServer {
  /** `https://HOST:PORT` */
  readonly url: string;
  /** PEM. */
  readonly ca: string;
}

/** The one that kubectl speaks to. */
export async function apiServerOf(kubectl: Kubectl): Promise<ApiServer> {
  const config = await kubectl.json(["config", "view", "--raw", "--minify", "--flatten"]);
  const cluster = field(listOf(config, "clusters")[0], "cluster");
  const ca = field(cluster, "certificate-authority-data");
  return { url: String(field(cluster, "server")), ca: Buffer.from(String(ca), "base64").toString() };
}

/** Gives a bearer token for one request. */
export type TokenFor = (wish: Pick<ApiRequest, "method" | "path">) => Promise<string>;

export function asking({ url, ca }: ApiServer, tokenFor: TokenFor): Ask {
  return async ({ method, path, body, contentType = "application/json" }) => {
    const token = await tokenFor({ method, path });
    const said = body === undefined ? "" : JSON.stringify(body);
    const sent = request(`${url}${path}`, {
      method,
      ca,
      agent: false,
      headers: {
        accept: "application/json",
        authorization: `Bearer ${token}`,
        // Without a length the options of a DELETE are passed over without a word.
        ...(body === undefined ? {} : { "content-type": contentType, "content-length": Buffer.byteLength(said) }),
      },
    });
    sent.end(said);
    return await new Promise((resolve, reject) => {
      sent.once("error", reject);
      sent.once("response", (response) => {
        text(response)
          .then((answer) => resolve(parseAnswer(response.statusCode ?? 0, answer)))
          .catch(reject);
      });
    });
  };
}

export function parseAnswer(code: number, answer: string): ApiAnswer {
  let value: unknown;
  try {
    value = JSON.parse(answer);
  } catch {
    return { code, message: answer, value: undefined };
  }
  const message = field(value, "kind") === "Status" ? field(value, "message") : "";
  return { code, message: typeof message === "string" ? message : "", value };
}
