// Owns the numbers of limpet.v1: every size, count and time that both ends must agree on.
// Must not know what is done with them.

/** Highest channel number; a channel is one pane on one socket. */
export const maxChannel = 63;

/** Largest frame taken from a browser, text or binary, in bytes. A larger one ends the socket with 4409. */
export const maxClientFrameBytes = 64 * 1024;

/** Largest binary input frame, channel byte not counted. */
export const maxInputFrameBytes = 16 * 1024;

/** Largest piece of a paste, in bytes of UTF-8. */
export const maxPastePieceBytes = 8 * 1024;

/** Largest paste as a whole, in bytes of UTF-8. */
export const maxPasteBytes = 16 * 1024 * 1024;

/** Input and pastes of one viewer for one pane that tmux has not answered yet; a client waits, a server ends with 4409. */
export const maxUnackedInputBytes = 128 * 1024;

/** A socket whose first frame has not come after this long is closed. */
export const helloWithinMs = 10_000;

/** Sizes outside of these are ignored. */
export const sizeBounds = { minCols: 2, maxCols: 500, minRows: 1, maxRows: 300 } as const;

/** A client acknowledges output after this many parsed bytes … */
export const ackEveryBytes = 32 * 1024;
/** … or this long after the first unacknowledged one. */
export const ackEveryMs = 100;

/** The liveness question and its answer; the object answers without waking. */
export const ping = "ping";
export const pong = "pong";
/** How often a visible page asks. */
export const pingEveryMs = 2_000;
/** Without any frame for this long the peer is taken for dead. */
export const deadAfterMs = 6_000;

/** Input typed while away: kept up to this many bytes … */
export const awayInputBytes = 4 * 1024;
/** … and sent when back if it is younger than this. */
export const awayInputMs = 10_000;

/** Most viewers of one shell at a time (a viewer above it is closed with 4429). */
export const maxViewers = 16;

/** Most panes that a hello may name. */
export const maxHelloPanes = maxChannel + 1;

/** Longest name of a window, in UTF-16 units. */
export const maxWindowName = 64;
