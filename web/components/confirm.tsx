// Owns a question that must be answered before something is lost.
// Must not know what is lost.

import "./confirm.css";
import { type JSX, onMount } from "solid-js";

export function Confirm(props: {
  readonly title: string;
  readonly sentence: string;
  readonly yes: string;
  readonly no: string;
  /** It cannot be undone. */
  readonly danger: boolean;
  onYes(): void;
  onNo(): void;
}): JSX.Element {
  let dialog: HTMLDialogElement | undefined;
  onMount(() => dialog?.showModal());
  return (
    <dialog
      class="confirm"
      ref={dialog}
      aria-labelledby="confirm-title"
      aria-describedby="confirm-sentence"
      onCancel={(event) => {
        event.preventDefault();
        props.onNo();
      }}
    >
      <h2 id="confirm-title">{props.title}</h2>
      <p id="confirm-sentence">{props.sentence}</p>
      <div class="confirm-actions">
        <button type="button" class="button" autofocus onClick={() => props.onNo()}>
          {props.no}
        </button>
        <button
          type="button"
          class="button"
          classList={{ danger: props.danger, primary: !props.danger }}
          onClick={() => props.onYes()}
        >
          {props.yes}
        </button>
      </div>
    </dialog>
  );
}
