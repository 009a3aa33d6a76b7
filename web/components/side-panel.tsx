// Owns the panel beside the terminal: which one is open, who has the keyboard, and that its code comes when it is needed.
// Must not know what is in it.

import { type Accessor, createSignal, ErrorBoundary, type JSX, lazy, onCleanup, Show, Suspense } from "solid-js";
import { Dynamic } from "solid-js/web";
import type { App } from "../state/app.ts";

export type PanelName = "settings" | "activity";

export interface SidePanel {
  readonly name: Accessor<PanelName | null>;
  /** It opened by itself for somebody who is new: asks, and takes no keyboard. */
  readonly welcome: Accessor<boolean>;
  /** `take`: the keyboard goes to it. */
  open(name: PanelName, take: boolean): void;
  close(): void;
  /** The keyboard was the panel's, and what had it is gone: true where it is the panel's again. */
  takeBack(): boolean;
  /** For `ref` of the panel's element. */
  readonly attach: (element: HTMLElement) => void;
}

/** Beside it there is still a terminal to look at. */
const wide = "(min-width: 1180px)";
const askedKey = "limpet.asked";

/** A browser may keep nothing for a page: then it asks at each first start. */
export function wasAsked(): boolean {
  try {
    return localStorage.getItem(askedKey) !== null;
  } catch {
    return false;
  }
}

export function setAsked(): void {
  try {
    localStorage.setItem(askedKey, "1");
  } catch {
    // It asks again another time.
  }
}

export function createSidePanel(options: { readonly fresh: boolean; readonly leave: () => void }): SidePanel {
  const beside = matchMedia(wide);
  const asks = options.fresh && beside.matches && !wasAsked();
  const [name, setName] = createSignal<PanelName | null>(asks ? "settings" : null);
  const [welcome, setWelcome] = createSignal(asks);
  let element: HTMLElement | null = null;
  let hadFocus = false;
  let wanted = false;
  const onFocus = (event: FocusEvent): void => {
    hadFocus = event.target instanceof Node && element?.contains(event.target) === true;
  };
  addEventListener("focusin", onFocus);
  onCleanup(() => removeEventListener("focusin", onFocus));
  // What opened by itself goes where it would hide the terminal, unless somebody is at it.
  const onWidth = (): void => {
    if (!beside.matches && welcome() && !hadFocus) setName(null);
  };
  beside.addEventListener("change", onWidth);
  onCleanup(() => beside.removeEventListener("change", onWidth));
  const focusPanel = (): void => {
    element?.focus({ preventScroll: true });
  };
  return {
    name,
    welcome,
    open(next, take) {
      wanted = take;
      setWelcome(false);
      setName(next);
      if (take && element?.isConnected === true) focusPanel();
    },
    close() {
      if (welcome()) setAsked();
      setWelcome(false);
      setName(null);
      element = null;
      hadFocus = false;
      options.leave();
    },
    takeBack() {
      if (!hadFocus || element?.isConnected !== true) return false;
      focusPanel();
      return true;
    },
    attach(made) {
      element = made;
      // It is in the document only after this turn.
      if (wanted) queueMicrotask(focusPanel);
      wanted = false;
    },
  };
}

const panels = {
  settings: lazy(async () => ({ default: (await import("./panel/settings-panel.tsx")).SettingsPanel })),
  activity: lazy(async () => ({ default: (await import("./panel/activity-panel.tsx")).ActivityPanel })),
} as const;

export function LazyPanel(props: { readonly app: App; readonly panel: SidePanel }): JSX.Element {
  return (
    <Show when={props.panel.name()}>
      {(name) => (
        <ErrorBoundary fallback={<NotLoaded close={() => props.panel.close()} />}>
          <Suspense>
            <Dynamic component={panels[name()]} app={props.app} panel={props.panel} />
          </Suspense>
        </ErrorBoundary>
      )}
    </Show>
  );
}

/** After an update the page's older parts are not there any more. */
function NotLoaded(props: { close(): void }): JSX.Element {
  return (
    <section class="cover" role="alert">
      <div class="card">
        <h2>This part did not load</h2>
        <p>The network is away, or Limpet was updated. Reload the page; the shell goes on.</p>
        <button type="button" class="button primary" onClick={() => location.reload()}>
          Reload
        </button>{" "}
        <button type="button" class="button" onClick={() => props.close()}>
          Close
        </button>
      </div>
    </section>
  );
}
