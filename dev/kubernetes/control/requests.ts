// Owns what may be asked of a running cluster through its control socket, and how a request is read.
// Must not know how it is done.

import { type Address, parseAddress } from "../network/relay-messages.ts";

export const componentActions = ["kill", "stop", "start", "restart"] as const;
export type ComponentAction = (typeof componentActions)[number];

export type ControlRequest =
  /** `kill` is KILL, `stop` is TERM; both leave it down until `start`. `restart` is TERM and a start. */
  | { readonly do: "component"; readonly name: string; readonly action: ComponentAction }
  /** A node stops at once, with all that runs on it, as one whose power is cut; it starts as a machine that boots. */
  | { readonly do: "node"; readonly name: string; readonly action: "stop" | "start" }
  /** A port of the outside, or of another address outside the cluster, leads to one of this machine's loopback. */
  | { readonly do: "outside"; readonly address: string | null; readonly port: number; readonly to: Address }
  /** An address of the cluster's networks gets a port on 127.0.0.1. */
  | { readonly do: "forward"; readonly to: Address }
  /** Every node gets the images of an archive (OCI or of Docker). */
  | { readonly do: "images"; readonly archive: string }
  /** An AuthenticationConfiguration for the API server; `null`: believes nobody but itself. */
  | { readonly do: "authentication"; readonly configuration: object | null };

/** @returns a sentence where it is not one */
export function parseControlRequest(method: string, path: string, body: unknown): ControlRequest | string {
  const field = (name: string): unknown =>
    typeof body === "object" && body !== null ? Reflect.get(body, name) : undefined;
  const to = typeof field("to") === "string" ? parseAddress(String(field("to"))) : null;
  if (method === "PUT" && path === "/authentication") {
    return { do: "authentication", configuration: typeof body === "object" ? body : null };
  }
  if (method !== "POST") return `There is no ${method} ${path}.`;
  const component = /^\/components\/(.+)\/([a-z]+)$/.exec(path);
  if (component !== null) {
    const action = componentActions.find((one) => one === component[2]);
    if (action === undefined) return `A component can be told ${componentActions.join(", ")}.`;
    return { do: "component", name: component[1] ?? "", action };
  }
  const node = /^\/nodes\/([^/]+)\/(stop|start)$/.exec(path);
  if (node !== null) return { do: "node", name: node[1] ?? "", action: node[2] === "stop" ? "stop" : "start" };
  if (path === "/outside") {
    const port = field("port");
    const address = field("address");
    if (typeof port !== "number" || !Number.isInteger(port) || port < 1 || port > 65_535)
      return "port is a number from 1 to 65535.";
    if (to === null || to.host !== "127.0.0.1")
      return "to is an address of this machine's loopback, as 127.0.0.1:8443.";
    return { do: "outside", address: typeof address === "string" ? address : null, port, to };
  }
  if (path === "/forward") return to === null ? "to is an address inside, as 10.77.0.11:30443." : { do: "forward", to };
  if (path === "/images") {
    const archive = field("archive");
    return typeof archive === "string" ? { do: "images", archive } : "archive is the path of a file.";
  }
  return `There is no ${method} ${path}.`;
}
