// Owns a menu as browsers and screen readers expect one: arrows, Home and End, Escape, a click elsewhere.
// Must not know what its items do.

import "./menu.css";
import { For, type JSX, onCleanup, onMount, Show } from "solid-js";

export interface MenuItem {
  readonly label: string;
  /** Shown at the right: the keys that do the same. */
  readonly keys?: string;
  readonly disabled?: boolean;
  readonly danger?: boolean;
  run(): void;
}

/** Groups are divided by a line. `at`: where its corner is, in the window's pixels. */
export function Menu(props: {
  readonly label: string;
  readonly groups: readonly (readonly MenuItem[])[];
  readonly at: { readonly x: number; readonly y: number };
  /** Lines over the items. */
  readonly heading?: readonly string[];
  close(): void;
}): JSX.Element {
  let menu: HTMLDivElement | undefined;
  const items = (): HTMLElement[] => [
    ...(menu?.querySelectorAll<HTMLElement>("[role=menuitem]:not([disabled])") ?? []),
  ];

  const move = (step: number): void => {
    const all = items();
    const now = all.findIndex((item) => item.matches(":focus"));
    const next = now < 0 && step < 0 ? -1 : (now + step) % all.length;
    all.at(next)?.focus();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "Escape" || event.key === "Tab") props.close();
    else if (event.key === "ArrowDown") move(1);
    else if (event.key === "ArrowUp") move(-1);
    else if (event.key === "Home") items().at(0)?.focus();
    else if (event.key === "End") items().at(-1)?.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const onOutside = (event: Event): void => {
    if (event.target instanceof Node && menu?.contains(event.target) !== true) props.close();
  };
  onMount(() => {
    addEventListener("pointerdown", onOutside, { capture: true });
    addEventListener("resize", props.close);
    keepInWindow();
    items().at(0)?.focus();
  });
  onCleanup(() => {
    removeEventListener("pointerdown", onOutside, { capture: true });
    removeEventListener("resize", props.close);
  });

  function keepInWindow(): void {
    if (menu === undefined) return;
    const { width, height } = menu.getBoundingClientRect();
    menu.style.left = `${Math.max(4, Math.min(props.at.x, innerWidth - width - 4))}px`;
    menu.style.top = `${Math.max(4, Math.min(props.at.y, innerHeight - height - 4))}px`;
  }

  return (
    <div class="menu" role="menu" tabindex="-1" aria-label={props.label} ref={menu} onKeyDown={onKeyDown}>
      <Show when={props.heading?.length}>
        <div class="menu-heading">
          <For each={props.heading}>{(line) => <p>{line}</p>}</For>
        </div>
      </Show>
      <For each={props.groups}>
        {(group) => (
          // biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms
          <div class="menu-group" role="group">
            <For each={group}>
              {(item) => (
                <button
                  type="button"
                  role="menuitem"
                  class="menu-item"
                  classList={{ danger: item.danger === true }}
                  disabled={item.disabled === true}
                  onClick={() => {
                    props.close();
                    item.run();
                  }}
                >
                  <span>{item.label}</span>
                  <Show when={item.keys}>
                    <kbd>{item.keys}</kbd>
                  </Show>
                </button>
              )}
            </For>
          </div>
        )}
      </For>
    </div>
  );
}
