// Owns how the receipts of a shell's end look.
// Must not know where they come from.

import "./receipt-list.css";
import { For, type JSX, Show } from "solid-js";
import type { EndReceipt } from "../state/receipts.ts";
import { CheckIcon, WarningIcon } from "./icons.tsx";

export function ReceiptList(props: { readonly receipts: readonly EndReceipt[] }): JSX.Element {
  return (
    <Show when={props.receipts.length > 0}>
      <ul class="receipts" aria-label="What was saved">
        <For each={props.receipts}>
          {(receipt) => (
            <li classList={{ failed: !receipt.saved }}>
              <Show when={receipt.saved} fallback={<WarningIcon />}>
                <CheckIcon />
              </Show>
              <span>{receipt.text}</span>
            </li>
          )}
        </For>
      </ul>
    </Show>
  );
}
