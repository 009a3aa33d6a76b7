// Owns the list of what happened to a shell, newest first.
// Must not know what happened.

import { createSignal, For, type JSX, Show } from "solid-js";
import { askEvents, type ShellEvent } from "../../api/history-api.ts";
import type { App } from "../../state/app.ts";
import { dayOf, inLocalTime } from "../../state/time-words.ts";
import type { SidePanel } from "../side-panel.tsx";
import { PanelFrame } from "./panel-frame.tsx";

interface Day {
  readonly name: string;
  readonly events: readonly ShellEvent[];
}

export function ActivityPanel(props: { readonly app: App; readonly panel: SidePanel }): JSX.Element {
  const [events, setEvents] = createSignal<readonly ShellEvent[]>([]);
  const [next, setNext] = createSignal<string | null>(null);
  const [state, setState] = createSignal<"asking" | "there" | "failed">("asking");
  const [problem, setProblem] = createSignal("");
  const ask = async (after: string | null): Promise<void> => {
    setState("asking");
    const page = await askEvents(after);
    if (!page.ok) {
      setProblem(page.message);
      setState("failed");
      return;
    }
    setEvents(after === null ? page.value.events : [...events(), ...page.value.events]);
    setNext(page.value.next);
    setState("there");
  };
  void ask(null);
  return (
    <PanelFrame panel={props.panel} title="Activity">
      <Show when={state() === "there" && events().length === 0}>
        <p class="quiet">Nothing has happened yet.</p>
      </Show>
      <For each={daysOf(events(), Date.now())}>
        {(day) => (
          <section class="part">
            <h3>{day.name}</h3>
            <ol class="events">
              <For each={day.events}>
                {(event) => (
                  <li classList={{ bad: /FAILED|LOST|RECREATED/.test(event.type) }}>
                    <time datetime={new Date(event.at).toISOString()}>{timeOf(event.at)}</time>
                    <p>{inLocalTime(event.message, Date.now())}</p>
                  </li>
                )}
              </For>
            </ol>
          </section>
        )}
      </For>
      <Show when={state() === "failed"}>
        <p class="problem" role="alert">
          {problem()}
        </p>
      </Show>
      <Show when={state() === "failed" || next() !== null}>
        <button
          type="button"
          class="button small"
          aria-disabled={state() === "asking"}
          onClick={() => void ask(state() === "failed" && events().length === 0 ? null : next())}
        >
          {state() === "failed" ? "Try again" : state() === "asking" ? "One moment…" : "Show older"}
        </button>
      </Show>
    </PanelFrame>
  );
}

function daysOf(events: readonly ShellEvent[], nowMs: number): readonly Day[] {
  const days: { name: string; events: ShellEvent[] }[] = [];
  for (const event of events) {
    const name = dayOf(event.at, nowMs);
    const last = days.at(-1);
    if (last?.name === name) last.events.push(event);
    else days.push({ name, events: [event] });
  }
  return days;
}

function timeOf(atMs: number): string {
  return new Date(atMs).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}
