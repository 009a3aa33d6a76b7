// Owns the frame of the panel beside the terminal: heading, way out, and the keyboard within it.
// Must not know what it shows.

import "./panel.css";
import type { JSX } from "solid-js";
import { CrossIcon } from "../icons.tsx";
import type { SidePanel } from "../side-panel.tsx";

const focusable = "button:not([disabled]), a[href], input:not([disabled]), textarea, select, summary, [tabindex='0']";

export function PanelFrame(props: {
  readonly panel: SidePanel;
  readonly title: string;
  readonly children: JSX.Element;
  readonly foot?: JSX.Element;
}): JSX.Element {
  let frame: HTMLElement | undefined;
  /** Tab stays within: outside of it is the terminal, which takes every key. */
  const turn = (event: KeyboardEvent): void => {
    const all = [...(frame?.querySelectorAll<HTMLElement>(focusable) ?? [])].filter((it) => it.offsetParent !== null);
    const [first, last] = [all.at(0), all.at(-1)];
    const at = document.activeElement;
    const leaves = event.shiftKey ? at === first || at === frame : at === last;
    if (!leaves) return;
    event.preventDefault();
    (event.shiftKey ? last : first)?.focus();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    event.stopPropagation();
    if (event.key === "Tab") turn(event);
    else if (event.key === "Escape" && !event.defaultPrevented) props.panel.close();
  };
  return (
    <section
      class="panel"
      role="dialog"
      aria-labelledby="panel-title"
      tabindex="-1"
      onKeyDown={onKeyDown}
      ref={(it) => {
        frame = it;
        props.panel.attach(it);
      }}
    >
      <header class="panel-head">
        <h2 id="panel-title">{props.title}</h2>
        <button type="button" class="icon-button" aria-label="Close" onClick={() => props.panel.close()}>
          <CrossIcon />
        </button>
      </header>
      <div class="panel-body">{props.children}</div>
      {props.foot}
    </section>
  );
}
