// Owns the frame of every screen that is not the terminal: the limpet on its rock, the tide, a heading, what to do.
// Must not know what it says.

import "./shore.css";
import type { JSX } from "solid-js";
import { Mark } from "./mark.tsx";

/** `late`: it fades in only when the wait is long enough to be seen. */
export function Shore(props: {
  readonly title: string;
  readonly late?: boolean;
  readonly foot?: JSX.Element;
  readonly children: JSX.Element;
}): JSX.Element {
  return (
    <div class="shore" classList={{ late: props.late === true }}>
      <div class="shore-sea" aria-hidden="true">
        <div class="shore-column">
          <Mark class="shore-mark" />
        </div>
        <div class="shore-tide far" />
        <div class="shore-tide" />
      </div>
      <main class="shore-column shore-body">
        <h1>{props.title}</h1>
        {props.children}
      </main>
      <footer class="shore-column shore-foot">{props.foot}</footer>
    </div>
  );
}
