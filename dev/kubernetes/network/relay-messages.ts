// Owns what the two ends of a relay say to each other: the process on this machine and the one in a namespace.
// Must not know sockets.

/**
 * Downward: `dial` comes with a listening socket of this machine, whose connections are to go on to an address inside;
 * `listen` asks for a listening socket inside. Upward: `listening` comes with it, or `failed` says why not.
 */
export type RelayMessage =
  | { readonly kind: "dial"; readonly to: Address }
  | { readonly kind: "listen"; readonly id: number; readonly at: Address }
  | { readonly kind: "listening"; readonly id: number }
  | { readonly kind: "failed"; readonly id: number; readonly reason: string }
  | { readonly kind: "ready" };

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** @returns `null` for what is none of them */
export function parseRelayMessage(value: unknown): RelayMessage | null {
  if (typeof value !== "object" || value === null) return null;
  const field = (name: string): unknown => Reflect.get(value, name);
  const id = field("id");
  switch (field("kind")) {
    case "ready":
      return { kind: "ready" };
    case "dial": {
      const to = addressOf(field("to"));
      return to === null ? null : { kind: "dial", to };
    }
    case "listen": {
      const at = addressOf(field("at"));
      return at === null || typeof id !== "number" ? null : { kind: "listen", id, at };
    }
    case "listening":
      return typeof id === "number" ? { kind: "listening", id } : null;
    case "failed": {
      const reason = field("reason");
      return typeof id === "number" && typeof reason === "string" ? { kind: "failed", id, reason } : null;
    }
    default:
      return null;
  }
}

function addressOf(value: unknown): Address | null {
  if (typeof value !== "object" || value === null) return null;
  const host: unknown = Reflect.get(value, "host");
  const port: unknown = Reflect.get(value, "port");
  return typeof host === "string" && typeof port === "number" ? { host, port } : null;
}

/** @param text `10.77.0.11:30443` @returns `null` where it is not an IPv4 address and a port */
export function parseAddress(text: string): Address | null {
  const [, host, port] = /^(\d{1,3}(?:\.\d{1,3}){3}):(\d{1,5})$/.exec(text) ?? [];
  if (host === undefined || port === undefined) return null;
  const address = { host, port: Number(port) };
  return address.port > 0 && address.port < 65_536 ? address : null;
}
