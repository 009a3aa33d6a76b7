// Owns how a deploy key is handed over: its public half to copy, and where to paste it.
// Must not know who made it.

import { createSignal, type JSX, Show } from "solid-js";
import { deployKeyPlace } from "../../state/git-forge.ts";
import { CheckIcon, CopyIcon } from "../icons.tsx";

/** Long enough to be seen. */
const copiedMs = 2_500;

export function DeployKey(props: {
  readonly url: string;
  readonly publicKey: string;
  readonly open: boolean;
}): JSX.Element {
  const [copied, setCopied] = createSignal<"no" | "yes" | "refused">("no");
  const place = () => deployKeyPlace(props.url);
  const copy = async (): Promise<void> => {
    const done = await navigator.clipboard.writeText(props.publicKey).then(
      () => true,
      () => false,
    );
    setCopied(done ? "yes" : "refused");
    setTimeout(() => setCopied("no"), copiedMs);
  };
  return (
    <details class="deploy-key" open={props.open}>
      <summary>The deploy key</summary>
      <p>{place().steps}</p>
      <code class="key">{props.publicKey}</code>
      <div class="part-actions">
        <button type="button" class="button small" onClick={() => void copy()}>
          <Show when={copied() === "yes"} fallback={<CopyIcon />}>
            <CheckIcon />
          </Show>
          {copied() === "yes" ? "Copied" : "Copy the key"}
        </button>
        <Show when={place().href}>
          {(href) => (
            <a class="button small" href={href()} target="_blank" rel="noreferrer">
              Open the page
            </a>
          )}
        </Show>
      </div>
      <p class="copy-note" role="status">
        {copied() === "refused" ? "The browser did not allow it. Select the key and copy it." : ""}
      </p>
    </details>
  );
}
