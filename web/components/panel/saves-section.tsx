// Owns saved work in the settings: how old it is, and the saved homes to download.
// Must not know how work is saved.

import { createEffect, createSignal, For, type JSX, on, Show } from "solid-js";
import { askSnapshots, type Snapshot } from "../../api/history-api.ts";
import type { Shell } from "../../api/shell.ts";
import { createNow } from "../../state/clocks.ts";
import { savedWords } from "../../state/receipts.ts";
import { ago, clockTime, sizeOf } from "../../state/time-words.ts";
import { Checks } from "./checks.tsx";

export function SavesSection(props: { readonly shell: Shell }): JSX.Element {
  const now = createNow(20_000);
  const [snapshots, setSnapshots] = createSignal<readonly Snapshot[]>([]);
  createEffect(
    on(
      () => props.shell.lastSavedAt,
      async () => {
        const asked = await askSnapshots();
        // Those that stay keep their place on the page, and whatever points at them.
        if (asked.ok)
          setSnapshots((known) => asked.value.map((each) => known.find(({ id }) => id === each.id) ?? each));
      },
    ),
  );
  return (
    <section class="part" aria-labelledby="part-saves">
      <h3 id="part-saves">Saved work</h3>
      <p>
        {savedWords(props.shell.lastSavedAt, now()) ?? "Nothing was saved yet"}
        <span class="quiet">. Every few minutes when something changed, and before the shell ends.</span>
      </p>
      <Checks shell={props.shell} steps={["EDGE", "HOME"]} />
      <Show when={snapshots().length > 0}>
        <h4>Your home, to download</h4>
        <ul class="snapshots">
          <For each={snapshots()}>
            {(snapshot) => (
              <li>
                <a href={snapshot.url} download="">
                  {clockTime(snapshot.at, now())}
                </a>
                <span class="quiet">
                  {ago(snapshot.at, now())}, {sizeOf(snapshot.bytes)}
                </span>
              </li>
            )}
          </For>
        </ul>
      </Show>
      <p class="quiet snapshots-note">
        Saved are your repositories’ changes and unpushed commits, dotfiles, history and files outside repositories; not
        caches, nor what .gitignore names, but for files like .env and *.tfstate.
      </p>
    </section>
  );
}
