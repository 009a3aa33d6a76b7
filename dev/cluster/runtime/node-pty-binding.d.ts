// Owns the types of node-pty's binding, which the package has and does not describe.
// Must not know how it is used.

declare module "@lydell/node-pty/requireBinary.js" {
  interface Binding {
    /** openpty(3): two descriptors and the path of the slave. */
    open(cols: number, rows: number): { readonly master: number; readonly slave: number; readonly pty: string };
    /** TIOCSWINSZ on a master; throws where the descriptor is closed. */
    resize(master: number, cols: number, rows: number): void;
  }
  export function requireBinary(file: "pty.node"): Binding;
}
