// Owns what lies over the terminal when it cannot be used: a shell on its way, a pod that is gone, an ended connection.
// Must not know how these come about.

import "./cover.css";
import { createEffect, createMemo, type JSX, Match, on, Show, Switch } from "solid-js";
import type { Status } from "../../durable/protocol/messages.ts";
import type { App } from "../state/app.ts";
import { type EndStep, endingOf } from "../state/sentences.ts";
import type { OpenTerminal } from "../state/terminal.ts";
import { focusSoon, nobodyHasFocus } from "./focus.ts";
import { Progress } from "./progress.tsx";
import { ReceiptList } from "./receipt-list.tsx";

export function Cover(props: { readonly app: App; readonly terminal: OpenTerminal; setUp(): void }): JSX.Element {
  const ending = () => {
    const link = props.terminal.link();
    return link.state === "ended" ? endingOf(link.code) : null;
  };
  const phase = () => props.terminal.status()?.phase ?? null;
  const broken = () => (phase() === "failed" ? props.terminal.status() : null);
  const starting = () => !props.terminal.shown() || (phase() !== null && phase() !== "ready");
  const covered = createMemo(
    () => ending() !== null || props.terminal.exit() !== null || broken() !== null || starting(),
  );
  // The button that was pressed is gone with its card; the keyboard belongs to the shell again.
  createEffect(
    on(covered, (now, before) => {
      if (!now && before === true && nobodyHasFocus()) props.terminal.view.focus();
    }),
  );
  const take = (step: EndStep): void => {
    if (step === "sign-in") props.app.signIn();
    else if (step === "reload") location.reload();
    else if (step === "connect") props.terminal.connect();
    else props.app.shellIsGone();
  };

  // Stopped, or its time is over: the start screen says why, and how old the save is.
  createEffect(
    on(phase, (now) => {
      if (now === "absent") props.app.shellIsGone();
    }),
  );

  return (
    <Switch>
      <Match when={ending()}>
        {(end) => (
          <Card title={end().title} sentence={end().sentence} alert>
            <CardButton label={end().stepText} run={() => take(end().step)} />
          </Card>
        )}
      </Match>
      <Match when={props.terminal.exit()}>
        {(exit) => (
          <Card title="The shell’s last program has ended" sentence={exitSentence(exit().code)} alert>
            <CardButton label="Open a new one" run={() => props.terminal.connect()} />
          </Card>
        )}
      </Match>
      <Match when={broken()}>
        {(status) => (
          <Card
            title={isGone(status()) ? "The shell’s pod is gone" : "The shell cannot run"}
            sentence={status().detail ?? "The cluster gave no reason."}
            code={status().reason}
            alert
          >
            <Show when={props.app.problem()}>
              {(problem) => (
                <p class="problem" role="alert">
                  {problem()}
                </p>
              )}
            </Show>
            <CardButton
              label={props.app.busy() ? "Asking the cluster…" : "Start it again"}
              run={() => void props.app.reboot()}
            />
          </Card>
        )}
      </Match>
      <Match when={starting()}>
        <section class="cover" classList={{ late: phase() === null || phase() === "ready" }}>
          <div class="card">
            <h2>{phase() === "stopping" ? "Ending the shell" : "Starting your shell"}</h2>
            <Show
              when={phase() !== "stopping"}
              fallback={
                <>
                  <p role="status">
                    {props.terminal.status()?.detail ??
                      "What runs in it is interrupted and gets time to end well. Then your work is saved."}
                  </p>
                  <ReceiptList receipts={props.app.receipts()} />
                </>
              }
            >
              <Progress status={props.terminal.status()} connected={props.terminal.link().state === "connected"} />
              <button type="button" class="link-button cover-set-up" onClick={() => props.setUp()}>
                Repository and credentials
              </button>
            </Show>
          </div>
        </section>
      </Match>
    </Switch>
  );
}

function Card(props: {
  readonly title: string;
  readonly sentence: string;
  readonly code?: string | null;
  readonly alert?: boolean;
  readonly children: JSX.Element;
}): JSX.Element {
  return (
    <section class="cover" role={props.alert === true ? "alert" : undefined}>
      <div class="card">
        <h2>{props.title}</h2>
        <p>
          <Show when={props.code}>
            <code>{props.code}</code>{" "}
          </Show>
          {props.sentence}
        </p>
        {props.children}
      </div>
    </section>
  );
}

function CardButton(props: { readonly label: string; run(): void }): JSX.Element {
  return (
    <button type="button" class="button primary" onClick={() => props.run()} ref={(it) => focusSoon(it)}>
      {props.label}
    </button>
  );
}

function isGone(status: Status | null): boolean {
  return status?.phase === "failed" && status.reason === "PodGone";
}

function exitSentence(code: number | null): string {
  const status = code === null || code === 0 ? "" : ` with status ${code}`;
  return `It ended${status}. The pod and your files are still there.`;
}
