// Owns that nothing which a program wrote makes the terminal type: xterm.js answers queries through the same event as
// keys. Must not know sockets; tmux, which the program really talks to, answers it.

interface Handler {
  dispose(): void;
}

/** What it needs of a terminal's `parser`; the same in the browser and in `@xterm/headless`. */
interface SequenceParser {
  registerCsiHandler(id: SequenceId, handle: () => boolean): Handler;
  registerDcsHandler(id: SequenceId, handle: () => boolean): Handler;
  registerOscHandler(code: number, handle: () => boolean): Handler;
}

interface SequenceId {
  prefix?: string;
  intermediates?: string;
  final: string;
}

/** Sequences to which xterm.js 6.0 only answers (src/common/InputHandler.ts): they are taken before it sees them. */
const queries = {
  csi: [
    { final: "c" }, // DA1
    { prefix: ">", final: "c" }, // DA2
    { prefix: "=", final: "c" }, // DA3
    { prefix: ">", final: "q" }, // XTVERSION
    { final: "n" }, // DSR 5, 6
    { prefix: "?", final: "n" }, // DSR, private
    { intermediates: "$", final: "p" }, // DECRQM
    { prefix: "?", intermediates: "$", final: "p" }, // DECRQM, private
    { final: "x" }, // DECREQTPARM
    { prefix: "?", final: "u" }, // the kitty keyboard's state
    { final: "t" }, // reports of the window; what else it asks of a window is refused here anyway
  ],
  dcs: [
    { intermediates: "$", final: "q" }, // DECRQSS
    { intermediates: "+", final: "q" }, // XTGETTCAP
  ],
} as const;

/** Sequences that both set and ask: xterm.js must see them, but what it says meanwhile is no typing. */
const mixed = {
  csi: [{ prefix: "?", final: "h" }], // 1004: tells at once whether it has the focus
  osc: [4, 10, 11, 12], // colours
} as const;

export interface Replies {
  /** True while the terminal is answering by itself; such data must not be sent. */
  readonly answering: boolean;
  dispose(): void;
}

export function swallowReplies(parser: SequenceParser): Replies {
  let answering = false;
  // Parsing is synchronous and a person's input always begins a task of its own, so the end of this task is soon enough.
  const mute = (): boolean => {
    answering = true;
    queueMicrotask(() => {
      answering = false;
    });
    return false;
  };
  const registered: Handler[] = [
    ...queries.csi.map((id) => parser.registerCsiHandler(id, () => true)),
    ...queries.dcs.map((id) => parser.registerDcsHandler(id, () => true)),
    ...mixed.csi.map((id) => parser.registerCsiHandler(id, mute)),
    ...mixed.osc.map((code) => parser.registerOscHandler(code, mute)),
  ];
  return {
    get answering() {
      return answering;
    },
    dispose() {
      for (const handler of registered) handler.dispose();
    },
  };
}
