// Owns the close codes of limpet.v1 and which of them are final.
// Must not know who closes or why.

/** Close codes by name ([P30]). */
export const closeCode = {
  /** The socket must start again with a new hello (the object lost its place); retried at once. */
  again: 4000,
  /** The peer was silent too long. Retried. */
  silent: 4001,
  /** The sign-in session ended or there was none. */
  signIn: 4401,
  /** This person may not use this shell. */
  forbidden: 4403,
  /** There is no shell; create one first. */
  noShell: 4404,
  /** None of the offered subprotocols is spoken here: reload the page. */
  version: 4406,
  /** A newer socket of the same viewer took over. */
  replaced: 4408,
  /** A frame broke the protocol. The reason names the frame and the field. */
  protocol: 4409,
  /** Too many viewers. */
  tooManyViewers: 4429,
} as const;

const finalCodes: ReadonlySet<number> = new Set([
  closeCode.signIn,
  closeCode.forbidden,
  closeCode.noShell,
  closeCode.version,
  closeCode.replaced,
  closeCode.protocol,
  closeCode.tooManyViewers,
]);

/** True for a code after which a client must not reconnect by itself; every other one, known or not, is retried. */
export function isFinalClose(code: number): boolean {
  return finalCodes.has(code);
}
