// Owns one field of a form: its label, its hint, and the error that belongs to it.
// Must not know what it is for.

import { createUniqueId, type JSX, Show } from "solid-js";

export interface FieldProps {
  readonly label: string;
  readonly value: string;
  readonly hint?: string | undefined;
  readonly optional?: boolean | undefined;
  /** Not shown while it is typed, and kept by no browser. */
  readonly secret?: boolean | undefined;
  /** Many lines; a file can be dropped on it. */
  readonly lines?: boolean | undefined;
  /** Under the field, always there. */
  readonly note?: string | undefined;
  readonly error?: string | null | undefined;
  onInput(value: string): void;
}

/** A key or a credentials file is far below this. */
const maxFileBytes = 64 * 1024;

export function Field(props: FieldProps): JSX.Element {
  const id = createUniqueId();
  const shared = () => ({
    id,
    value: props.value,
    placeholder: props.hint ?? "",
    spellcheck: false,
    autocapitalize: "off" as const,
    autocomplete: "off",
    "aria-invalid": props.error ? true : undefined,
    "aria-describedby": `${id}-note`,
  });
  const drop = async (event: DragEvent): Promise<void> => {
    const file = event.dataTransfer?.files[0];
    if (file === undefined || file.size > maxFileBytes) return;
    event.preventDefault();
    props.onInput(await file.text());
  };
  return (
    <div class="field" classList={{ wrong: Boolean(props.error) }}>
      <label for={id}>
        {props.label}{" "}
        <Show when={props.optional}>
          <span class="field-optional">optional</span>
        </Show>
      </label>
      <Show
        when={props.lines}
        fallback={
          <input
            {...shared()}
            type={props.secret ? "password" : "text"}
            // The browser's own managers offer a new password nowhere to be reused.
            autocomplete={props.secret ? "new-password" : "off"}
            onInput={(event) => props.onInput(event.currentTarget.value)}
          />
        }
      >
        <textarea
          {...shared()}
          rows="4"
          onInput={(event) => props.onInput(event.currentTarget.value)}
          onDragOver={(event) => event.preventDefault()}
          onDrop={(event) => void drop(event)}
        />
      </Show>
      <p class="field-note" id={`${id}-note`} role={props.error ? "alert" : undefined}>
        {props.error ?? props.note}
      </p>
    </div>
  );
}
