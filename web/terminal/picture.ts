// Owns how a pane's picture is given to xterm.js.
// Must not know where pictures come from, nor when they are drawn.

/**
 * What to write for a picture, in one go. A string, since xterm.js splits long byte arrays inside code points, strings it
 * does not; so `picture` must not end inside one. CAN ends whatever sequence the stream before may have left open.
 */
export function pictureText(picture: Uint8Array, reset: boolean): string {
  return (reset ? "\u0018\u001bc" : "\u0018") + new TextDecoder().decode(picture);
}
