// Owns one field of a form: its label, its hint, and the error that belongs to it.
// Must not know what it is for.

import { createSignal, createUniqueId, type JSX, Show } from "solid-js";

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
    "aria-invalid": error() ? true : undefined,
    "aria-describedby": `${id}-note`,
  });
  const [tooLarge, setTooLarge] = createSignal(false);
  const take = async (file: File | undefined): Promise<void> => {
    if (file === undefined) return;
    setTooLarge(file.size > maxFileBytes);
    if (file.size <= maxFileBytes) props.onInput(await file.text());
  };
  const error = () =>
    tooLarge() ? "That file is larger than 64 kB: it is another one than is meant here." : props.error;
  return (
    <div class="field" classList={{ wrong: Boolean(error()) }}>
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
          onDrop={(event) => {
            event.preventDefault();
            void take(event.dataTransfer?.files[0]);
          }}
        />
        <label class="field-file">
          Choose a file
          <input
            type="file"
            class="only-heard"
            onChange={(event) => {
              void take(event.currentTarget.files?.[0]);
              // The same file can be chosen again.
              event.currentTarget.value = "";
            }}
          />
        </label>
      </Show>
      <p class="field-note" id={`${id}-note`} role={error() ? "alert" : undefined}>
        {error() ?? props.note}
      </p>
    </div>
  );
}
