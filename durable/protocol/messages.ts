// Owns the shapes of limpet.v1's control messages, in both directions (see ../SPEC.md).
// Must not know sockets, panes' contents or time; parsing lives in parse.ts, framing in frames.ts.

/** Subprotocol with binary data frames. */
export const subprotocol = "limpet.v1";
/** The same with each binary frame as base64 in a text frame, for clients that have only text. */
export const subprotocolBase64 = "limpet.v1.base64";

/** 32 lower-case hex digits, random, kept for the life of a browser tab. */
export type ViewerId = string;
/** tmux's own pane id, `%` and a number. `%0` where there is no tmux. */
export type PaneId = string;
/** tmux's own window id, `@` and a number. */
export type WindowId = string;
/** Epoch of a stream: 32 lower-case hex digits, random; a new one after any gap. */
export type StreamId = string;
/** 0 to 63. */
export type Channel = number;

/** A colour as `#rrggbb`. */
export type Colour = string;

/** The page's colours, so that programs' OSC 10 and 11 questions get true answers. */
export interface Colours {
  readonly foreground: Colour;
  readonly background: Colour;
}

/** What the page shows of a pane already. `output` is the offset of the next byte it needs. */
export interface HeldPane {
  readonly pane: PaneId;
  readonly stream: StreamId;
  readonly output: number;
}

export interface Hello {
  readonly type: "hello";
  readonly viewer: ViewerId;
  readonly cols: number;
  readonly rows: number;
  readonly panes: readonly HeldPane[];
  /** This viewer's size counted when it was last told (Viewers). */
  readonly leads?: true;
  readonly colours?: Colours;
}

export interface Resize {
  readonly type: "resize";
  readonly cols: number;
  readonly rows: number;
  /** "Fit to me": this viewer's size counts from now on, although it has not typed. */
  readonly fit?: true;
}

/** `output`: offset of the next byte not yet parsed. `picture`: bytes of the newest picture taken so far. */
export interface ClientAck {
  readonly type: "ack";
  readonly channel: Channel;
  readonly stream: StreamId;
  readonly output: number;
  readonly picture?: number;
}

export interface Focus {
  readonly type: "focus";
  readonly visible: boolean;
}

/** They are others than the hello said: the page went from dark to light, or back. */
export interface ColoursChange extends Colours {
  readonly type: "colours";
}

export interface Open {
  readonly type: "open";
  readonly pane: PaneId;
}

export interface Shut {
  readonly type: "shut";
  readonly channel: Channel;
}

export type WindowChange =
  | { readonly type: "window"; readonly do: "new" }
  | { readonly type: "window"; readonly do: "select"; readonly window: WindowId }
  | { readonly type: "window"; readonly do: "rename"; readonly window: WindowId; readonly name: string }
  | { readonly type: "window"; readonly do: "close"; readonly window: WindowId };

/** One piece of a paste. Counted in the channel's input offsets by the UTF-8 length of `text` as sent. */
export interface Paste {
  readonly type: "paste";
  readonly channel: Channel;
  /** Chosen by the client, unique among its pastes in this tab. */
  readonly id: number;
  /** 0, 1, 2, … within the paste. */
  readonly seq: number;
  readonly last: boolean;
  readonly text: string;
}

export type ClientMessage = Hello | Resize | ClientAck | Focus | ColoursChange | Open | Shut | WindowChange | Paste;

export type Role = "drive" | "view";

export interface WindowInfo {
  readonly id: WindowId;
  readonly name: string;
  readonly active: boolean;
  readonly bell: boolean;
  readonly activity: boolean;
  /** Title, command and path of the window's active pane. */
  readonly title: string;
  readonly command: string;
  readonly path: string;
  /** The window's panes; the active one first. */
  readonly panes: readonly PaneId[];
}

export interface Welcome {
  readonly type: "welcome";
  readonly role: Role;
  readonly windows: readonly WindowInfo[];
}

export interface PaneStart {
  readonly type: "pane";
  readonly channel: Channel;
  readonly pane: PaneId;
  readonly stream: StreamId;
  /** Offset of the first stream byte that follows (after the picture, where there is one). */
  readonly output: number;
  /** True: nothing is reset, only missing bytes follow, and `snapshot` is 0. */
  readonly resumed: boolean;
  /** Length in bytes of the picture that follows on this channel; its bytes are not counted in `output`. */
  readonly snapshot: number;
  /** True: paint this screen over, keep the scrollback. */
  readonly picture?: true;
  /**
   * In a channel's first `pane` on a socket only: how much of this viewer's input was accepted; the client sends the
   * rest again from there. `null`: not known any more; the client sends nothing again and counts from 0.
   */
  readonly input?: number | null;
  readonly cols: number;
  readonly rows: number;
}

/** Input offset up to which tmux has taken this viewer's input on this channel. */
export interface ServerAck {
  readonly type: "ack";
  readonly channel: Channel;
  readonly input: number;
}

export interface Windows {
  readonly type: "windows";
  readonly windows: readonly WindowInfo[];
}

/** The pane has this size from offset `output` on. */
export interface Size {
  readonly type: "size";
  readonly channel: Channel;
  readonly stream: StreamId;
  readonly output: number;
  readonly cols: number;
  readonly rows: number;
}

export interface Gone {
  readonly type: "gone";
  readonly channel: Channel;
}

export const shellPhases = [
  "absent",
  "creating",
  "scheduling",
  "starting",
  "setting-up",
  "ready",
  "stopping",
  "failed",
] as const;
export type ShellPhase = (typeof shellPhases)[number];

/** How far the object has got with the pod's tmux. */
export const linkStates = ["idle", "attaching", "attached", "retrying", "parked"] as const;
export type LinkState = (typeof linkStates)[number];

/** The pod's progress with its real reason (Kubernetes' own word) and a sentence for the person. */
export interface Status {
  readonly type: "status";
  readonly phase: ShellPhase;
  readonly reason: string | null;
  readonly detail: string | null;
  readonly link: LinkState;
}

export interface Viewers {
  readonly type: "viewers";
  readonly count: number;
  /** True where this viewer's size is the one that counts. */
  readonly leader: boolean;
}

/**
 * Unix milliseconds at which the shell ends unless it is used; `null`: no end is set. `until`: how far the end can be moved
 * away at most. `now`: the object's own clock, so that a page whose clock is wrong counts down right.
 */
export interface Expiry {
  readonly type: "expiry";
  readonly at: number | null;
  readonly until: number | null;
  readonly now: number;
}

export const changes = ["setup", "saves"] as const;

/** Something of the shell that the API tells is another than before: ask it again. */
export interface Changed {
  readonly type: "changed";
  /** `setup`: settings or what `setup` said; `saves`: there is a new receipt. */
  readonly what: (typeof changes)[number];
}

export interface Notice {
  readonly type: "notice";
  readonly code: string;
  readonly text: string;
}

/** The shell's last program ended with this status; `null`: not known. */
export interface Exit {
  readonly type: "exit";
  readonly code: number | null;
}

export type ServerMessage =
  | Welcome
  | PaneStart
  | ServerAck
  | Windows
  | Size
  | Gone
  | Status
  | Viewers
  | Expiry
  | Changed
  | Notice
  | Exit;
