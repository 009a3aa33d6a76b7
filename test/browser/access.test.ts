// Owns who is refused at the running product's door: no session, another site, another person, another host's name.
// Must not know how sessions are kept.

import { request } from "node:http";
import type { BrowserContext } from "playwright-core";
import { expect, test } from "vitest";
import { WebSocket } from "ws";
import { keepPicture } from "./harness/artefacts.ts";
import { useWorld } from "./harness/world.ts";

const world = useWorld();

test("the socket: no session is told to sign in (4401), a foreign Origin gets no socket at all (403)", async () => {
  const { url } = world().product;
  const { device } = await world().signedIn();
  const cookie = await cookieOf(device);
  expect(await knock({ origin: url })).toEqual({ code: 4401 });
  expect(await knock({ origin: url, cookie: "limpet=made-up" })).toEqual({ code: 4401 });
  for (const origin of ["https://example.com", "null", `${url}.example.com`, url.replace("http:", "https:")]) {
    expect(await knock({ origin, cookie })).toEqual({ status: 403 });
  }
  expect(await knock({ cookie })).toEqual({ status: 403 });
});

test("a session opens its own person's shell and no other, whatever its headers claim", async () => {
  const { url } = world().product;
  const owner = await world().withShell();
  const stranger = await world().signedIn();
  const cookie = await cookieOf(stranger.device);
  const ownerId = await idOf(owner);
  const claims = { "x-limpet-user": ownerId, "x-limpet-role": "drive", "x-limpet-session-expires": "9999999999999" };
  expect(await knock({ origin: url, cookie, headers: claims })).toEqual({ code: 4404 });
  const answer = await post(cookie, "{ shell { podName } }", { origin: url, ...claims });
  expect(answer).toMatchObject({ status: 200, body: { data: { shell: null } } });
});

test("GraphQL: no session 401, another site's post 403", async () => {
  const { url } = world().product;
  const { device } = await world().signedIn();
  const cookie = await cookieOf(device);
  expect(await post(undefined, "{ shell { podName } }", { origin: url })).toMatchObject({ status: 401 });
  expect(await post(cookie, "mutation { createShell { id } }", { origin: "https://example.com" })).toMatchObject({
    status: 403,
  });
  expect(await post(cookie, "{ shell { id } }", { origin: url })).toMatchObject({ body: { data: { shell: null } } });
});

test("signing out ends the open terminal and what its cookie opens", async () => {
  const { shell, device } = await world().withShell();
  const cookie = await cookieOf(device);
  const otherTab = await world().anotherTab({ shell, device, name: "", tmux: await shell.tmux() });
  await shell.signOut();
  await otherTab.page.getByText("Your sign-in has ended").waitFor({ timeout: 60_000 });
  await keepPicture(otherTab.page, "60-sign-in-ended");
  expect(await knock({ origin: world().product.url, cookie })).toEqual({ code: 4401 });
});

test("a foreign Host name is refused, so that no page elsewhere can point its name here", async () => {
  const status = await new Promise((resolve, reject) => {
    const asking = request(world().product.url, { headers: { host: "limpet.example.com" } }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    });
    asking.on("error", reject).end();
  });
  expect(status).toBe(421);
});

interface Knock {
  readonly origin?: string;
  readonly cookie?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Asks for a socket. @returns the close code that it got, or the status in place of a socket */
async function knock({ origin, cookie, headers }: Knock): Promise<{ code: number } | { status: number }> {
  const address = `${world().product.url.replace("http", "ws")}/api/shell/socket`;
  const socket = new WebSocket(address, "limpet.v1", {
    ...(origin === undefined ? {} : { origin }),
    headers: { ...headers, ...(cookie === undefined ? {} : { cookie }) },
  });
  return await new Promise((resolve, reject) => {
    socket.on("unexpected-response", (_, answer) => {
      answer.resume();
      resolve({ status: answer.statusCode ?? 0 });
    });
    socket.on("open", () => {
      socket.send(
        JSON.stringify({ type: "hello", viewer: "0123456789abcdef".repeat(2), cols: 80, rows: 24, panes: [] }),
      );
    });
    socket.on("close", (code) => resolve({ code }));
    socket.on("error", reject);
  });
}

async function post(
  cookie: string | undefined,
  query: string,
  headers: Readonly<Record<string, string>>,
): Promise<{ readonly status: number; readonly body: unknown }> {
  const answer = await fetch(`${world().product.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", ...(cookie === undefined ? {} : { cookie }), ...headers },
    body: JSON.stringify({ query }),
  });
  return { status: answer.status, body: await answer.json() };
}

async function cookieOf(device: BrowserContext): Promise<string> {
  const cookies = await device.cookies(world().product.url);
  return cookies.map(({ name, value }) => `${name}=${value}`).join("; ");
}

async function idOf({ device }: { device: BrowserContext }): Promise<string> {
  const { body } = await post(await cookieOf(device), "{ viewer { id } }", { origin: world().product.url });
  const id = /"id":"([^"]+)"/.exec(JSON.stringify(body))?.[1];
  if (id === undefined) throw new Error(`The API named nobody: ${JSON.stringify(body)}`);
  return id;
}
