// Owns the programs whose output tmux and xterm.js are known to show alike, made from a seed.
// Must not know how they are run or compared.

/** A small generator of numbers that the same seed always makes the same. */
export class Seeded {
  #state: number;

  constructor(seed: number) {
    this.#state = (seed * 2654435761) >>> 0;
  }

  /** 0 ≤ n < below. */
  below(below: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  }

  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  pick<T>(from: readonly T[]): T {
    const picked = from[this.below(from.length)];
    if (picked === undefined) throw new Error("nothing to pick from");
    return picked;
  }
}

/**
 * One thing a program does. A picture may be taken within it only where `whole` is not set: no format of tmux tells the
 * colours at the cursor or a cursor that was saved.
 */
export interface Step {
  readonly bytes: Uint8Array;
  readonly whole: boolean;
}

export interface Program {
  readonly family: string;
  readonly steps: readonly Step[];
}

const encoder = new TextEncoder();
const step = (text: string, whole = false): Step => ({ bytes: encoder.encode(text), whole });

const words = {
  ascii: [
    "limpet",
    "rock",
    "tide",
    "a",
    "the sea",
    "0123456789",
    "~!@#$%^&*()_+",
    "%end 1 2 1",
    "%output %0 x",
    "\\033[1m",
  ],
  latin: ["Käse", "naïve", "Ærø", "Straße", "ñandú", "Übermut", "façade"],
  box: ["┌──────┐", "│  │", "└──────┘", "═══╬═══", "▁▂▃▄▅▆▇█", "░▒▓"],
  cjk: ["海", "岩の上", "潮流", "한국어", "漢字かな交じり文", "貝"],
  emoji: ["🐚", "🌊", "😀", "🚀"],
  flags: ["🇩🇪", "🇯🇵", "🇨🇦"],
  selector: ["❤️", "☀️", "✔️"],
  combining: ["e\u0301", "o\u0308u\u0308", "n\u0303", "a\u030a"],
} as const;

type Family = (random: Seeded, size: { readonly cols: number; readonly rows: number }) => Step[];

/** Lines of text as they flow, long ones wrapping, some of them in colour. */
const flow =
  (...alphabets: readonly (keyof typeof words)[]): Family =>
  (random) => {
    const line = (): string => {
      const count = random.between(0, random.below(6) === 0 ? 60 : 12);
      return Array.from({ length: count }, () => random.pick(words[random.pick(alphabets)])).join(" ");
    };
    // A character that is made of several cannot be taken apart: its first half alone has another width.
    const whole = alphabets.some((name) => name === "flags" || name === "combining" || name === "selector");
    return Array.from({ length: random.between(1, 60) }, () => {
      if (random.below(4) > 0) return step(`${line()}\r\n`, whole);
      // Where a line with a background wraps at the bottom, xterm.js fills the new row with it and tmux does not.
      const text = line();
      return step(`${colour(random, text.length < 40)}${text}\x1b[0m\r\n`, true);
    });
  };

function colour(random: Seeded, withBackground = true): string {
  const foreground = random.pick([`3${random.below(8)}`, `9${random.below(8)}`, `38;5;${random.below(256)}`, "39"]);
  const rgb = `48;2;${random.below(256)};${random.below(256)};${random.below(256)}`;
  const background = withBackground ? random.pick([`4${random.below(8)}`, "49", "49", rgb]) : "49";
  return `\x1b[${random.pick(["0", "1", "3", "4", "7", "9"])};${foreground};${background}m`;
}

/** Moves about a screen of ASCII and changes it in place. */
const edit: Family = (random, { cols, rows }) => {
  const at = (): string => `\x1b[${random.between(1, rows)};${random.between(1, cols)}H`;
  const text = (): string => random.pick(words.ascii);
  const few = (): number => random.between(1, 5);
  const acts: (() => Step)[] = [
    () => step(at() + text()),
    () => step(`${text()}\r\n`),
    () => step(`${at()}${colour(random)}${text()}\x1b[0m`, true),
    () => step(`${at()}\x1b[${random.pick(["", "0", "1", "2"])}K`),
    () => step(`${at()}\x1b[${random.pick(["0", "1"])}J`),
    () => step(`${at()}\x1b[${few()}@`),
    () => step(`${at()}\x1b[${few()}P`),
    () => step(`${at()}\x1b[${few()}X`),
    // xterm.js returns to the first column behind these two, tmux does not.
    () => step(`${at()}\x1b[${few()}L${at()}`),
    () => step(`${at()}\x1b[${few()}M${at()}`),
    () => step(`\x1b[${few()}${random.pick(["A", "B", "C", "D"])}${text()}`),
    () => step(`\x1b[H\x1bM${text()}`),
    () => step(`\t${text()}`),
    () => step(`\x1b7${at()}${text()}\x1b8`, true),
  ];
  return Array.from({ length: random.between(5, 60) }, () => random.pick(acts)());
};

const clears: Family = (random, size) => {
  const steps: Step[] = [];
  for (let round = random.between(1, 4); round > 0; round--) {
    steps.push(...flow("ascii", "latin")(random, size));
    steps.push(step(random.pick(["\x1b[H\x1b[2J", "\x1b[2J", "\x1b[H\x1b[2J\x1b[3J"])));
  }
  return [...steps, ...flow("ascii")(random, size)];
};

/** A full-screen program: the other screen, drawn upon, left again or not. */
const alternate: Family = (random, size) => {
  const steps = flow("ascii", "latin")(random, size);
  for (let round = random.between(1, 3); round > 0; round--) {
    steps.push(step("\x1b[?1049h\x1b[H\x1b[2J"), ...edit(random, size));
    if (round > 1 || random.below(2) === 0) steps.push(step("\x1b[?1049l"), ...flow("ascii")(random, size));
  }
  return steps;
};

/** Modes that a picture has to carry over: what they do shows in what is written afterwards. */
const modes: Family = (random, { cols, rows }) => {
  const text = (): string => random.pick(words.ascii);
  const acts: (() => Step)[] = [
    () => step("\x1b[4h"),
    () => step("\x1b[4l"),
    () => step("\x1b[?7l"),
    () => step("\x1b[?7h"),
    () => step("\x1b[?25l"),
    () => step("\x1b[?25h"),
    () => step("\x1b[?1h\x1b="),
    () => step(`\x1b[${random.between(1, cols)}G\x1bH`),
    () => step("\x1b[3g"),
    () => step(`\r\t${text()}`),
    () => step(`\x1b[${random.between(1, rows)};${random.between(1, cols)}H${text()}`),
    () => step(`\x1b[${random.between(1, rows)};${cols - 2}H${text()}`),
    () => step(`${text()}${text()}`),
  ];
  return Array.from({ length: random.between(5, 40) }, () => random.pick(acts)());
};

const families = (unicode11: boolean): Readonly<Record<string, Family>> => ({
  ascii: flow("ascii"),
  latin: flow("ascii", "latin", "box"),
  cjk: flow("ascii", "cjk"),
  emoji: flow("ascii", "emoji", ...(unicode11 ? (["flags"] as const) : [])),
  marks: flow("ascii", "latin", "combining", ...(unicode11 ? (["selector"] as const) : [])),
  edit,
  clears,
  alternate,
  modes,
});

/** `unicode11`: tmux counts flags and VS16 as that table of xterm.js does, which it did until 3.3. */
export function makeProgram(
  seed: number,
  size: { readonly cols: number; readonly rows: number },
  unicode11: boolean,
): Program {
  const random = new Seeded(seed);
  const known = families(unicode11);
  const names = Object.keys(known);
  const family = names[seed % names.length] ?? "ascii";
  const steps = known[family]?.(random, size) ?? [];
  // Every other round without what must be whole: of those a picture may be taken at any moment.
  const anywhere = Math.floor(seed / names.length) % 2 === 0;
  return { family, steps: anywhere ? steps.filter(({ whole }) => !whole) : steps };
}

export function join(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

/** The program's bytes, cut in two where a picture may be taken: between steps, or anywhere within one. */
export function cutProgram({ steps }: Program, random: Seeded): readonly [Uint8Array, Uint8Array] {
  const at = random.below(steps.length + 1);
  const before = steps.slice(0, at).map(({ bytes }) => bytes);
  const after = steps.slice(at).map(({ bytes }) => bytes);
  const cut = steps[at];
  if (cut !== undefined && !cut.whole && random.below(2) === 0) {
    const within = random.below(cut.bytes.length);
    before.push(cut.bytes.subarray(0, within));
    after[0] = cut.bytes.subarray(within);
  }
  return [join(before), join(after)];
}
