// Owns how toasts look and are heard.
// Must not know what they are about.

import "./toast-list.css";
import { For, type JSX } from "solid-js";
import type { Toasts } from "../state/toasts.ts";
import { leaveFocus } from "./focus.ts";
import { CrossIcon } from "./icons.tsx";

export function ToastList(props: { readonly toasts: Toasts }): JSX.Element {
  return (
    <div class="toasts" ref={(it) => leaveFocus(it)} role="log" aria-live="polite" aria-label="Notices">
      <For each={props.toasts.list()}>
        {(toast) => (
          <div class="toast" classList={{ warning: toast.tone === "warning", asking: toast.actions.length > 0 }}>
            <p>{toast.text}</p>
            <div class="toast-actions">
              <For each={toast.actions}>
                {(action) => (
                  <button
                    type="button"
                    class="button small"
                    onClick={() => {
                      props.toasts.dismiss(toast.id);
                      action.run();
                    }}
                  >
                    {action.label}
                  </button>
                )}
              </For>
              <button
                type="button"
                class="icon-button"
                aria-label="Dismiss"
                onClick={() => props.toasts.dismiss(toast.id)}
              >
                <CrossIcon />
              </button>
            </div>
          </div>
        )}
      </For>
    </div>
  );
}
