// Owns running one CGI program for one HTTP request (RFC 3875): body in, status, headers and body out.
// Must not know git or who may ask.

import { spawn } from "node:child_process";
import type { IncomingMessage, ServerResponse } from "node:http";

/** A header block of a CGI program is short; one without an end is an error of the program. */
const longestHeadBytes = 64 * 1024;

/** Settles when the program and the answer are over. What it says on its stderr goes to `said`. */
export async function runCgi(
  program: readonly [string, ...string[]],
  env: Readonly<Record<string, string>>,
  request: IncomingMessage,
  response: ServerResponse,
  said: (text: string) => void,
): Promise<void> {
  const [file, ...args] = program;
  const child = spawn(file, args, { env: { ...env }, stdio: ["pipe", "pipe", "pipe"] });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  child.once("error", (error) => said(error.message));
  // A program that answers before it has read all closes its input; the rest of the body is of no use to anybody.
  child.stdin.on("error", () => request.resume());
  request.pipe(child.stdin);
  response.once("close", () => child.kill());
  child.stderr.setEncoding("utf8").on("data", said);

  let head: Buffer | null = Buffer.alloc(0);
  child.stdout.on("data", (bytes: Buffer) => {
    if (head === null) {
      if (!response.write(bytes)) child.stdout.pause();
      return;
    }
    head = Buffer.concat([head, bytes]);
    const end = headEnd(head);
    if (end === null) {
      if (head.length > longestHeadBytes) child.kill();
      return;
    }
    writeHead(response, head.subarray(0, end.at).toString("latin1"));
    const rest = head.subarray(end.at + end.length);
    head = null;
    if (rest.length > 0) response.write(rest);
  });
  response.on("drain", () => child.stdout.resume());
  await ended;
  if (!response.headersSent) response.writeHead(500);
  response.end();
}

function headEnd(bytes: Buffer): { readonly at: number; readonly length: number } | null {
  for (const separator of ["\r\n\r\n", "\n\n"]) {
    const at = bytes.indexOf(separator);
    if (at >= 0) return { at, length: separator.length };
  }
  return null;
}

function writeHead(response: ServerResponse, head: string): void {
  let status = 200;
  for (const line of head.split(/\r?\n/)) {
    const colon = line.indexOf(":");
    if (colon < 1) continue;
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    if (name === "status") status = Number.parseInt(value, 10);
    else response.setHeader(name, value);
  }
  response.writeHead(status);
}
