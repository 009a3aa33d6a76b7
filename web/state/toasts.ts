// Owns the short notices that come and go at the edge of the page.
// Must not know what they are about.

import { type Accessor, createSignal } from "solid-js";

export interface ToastAction {
  readonly label: string;
  run(): void;
}

export interface Toast {
  readonly id: number;
  readonly text: string;
  readonly tone: "plain" | "warning";
  readonly actions: readonly ToastAction[];
}

export interface ToastWish {
  readonly text: string;
  readonly tone?: Toast["tone"];
  readonly actions?: readonly ToastAction[];
  /** A newer toast about the same takes its place. */
  readonly about?: string;
  /** Until it is dismissed. */
  readonly stays?: boolean;
}

export interface Toasts {
  readonly list: Accessor<readonly Toast[]>;
  show(wish: ToastWish): void;
  dismiss(id: number): void;
  /** What it is about is settled. */
  forget(about: string): void;
}

/** Long enough to be read twice; one that asks something waits longer. */
const lifeMs = { told: 7_000, asked: 30_000 };
const mostAtOnce = 3;

export function createToasts(): Toasts {
  const [list, setList] = createSignal<readonly (Toast & { readonly about: string | undefined })[]>([]);
  let nextId = 1;
  const dismiss = (id: number): void => {
    setList((toasts) => toasts.filter((toast) => toast.id !== id));
  };
  return {
    list,
    dismiss,
    forget: (about) => setList((toasts) => toasts.filter((toast) => toast.about !== about)),
    show({ text, tone = "plain", actions = [], about, stays = false }) {
      const id = nextId++;
      const others = list().filter((toast) => toast.text !== text && (about === undefined || toast.about !== about));
      setList([...others, { id, text, tone, actions, about }].slice(-mostAtOnce));
      if (stays) return;
      setTimeout(() => dismiss(id), actions.length > 0 ? lifeMs.asked : lifeMs.told);
    },
  };
}
