// Owns the administrators' page: a button that has every link from the edge to the pod looked at, and what came of each.
// Must not know any check.

import "./panel/panel.css";
import "./doctor-screen.css";
import { createSignal, For, type JSX, Match, Show, Switch } from "solid-js";
import type { DoctorCheck } from "../api/doctor-api.ts";
import type { Person } from "../api/shell-api.ts";
import { createDoctor, doctorSum } from "../state/doctor.ts";
import { CheckIcon, WarningIcon } from "./icons.tsx";
import { Mark } from "./mark.tsx";
import { Field } from "./panel/field.tsx";

export function DoctorScreen(props: { readonly person: Person }): JSX.Element {
  const doctor = createDoctor();
  const [repository, setRepository] = createSignal("");
  const said = () => {
    if (doctor.running()) return "Looking…";
    return doctor.checks().length === 0 || doctor.problem() !== null ? "" : doctorSum(doctor.checks());
  };
  return (
    <div class="doctor">
      <header class="doctor-head">
        <Mark class="doctor-mark" />
        <h1>Doctor</h1>
        <a href="/">Your shell</a>
      </header>
      <main>
        <Show
          when={props.person.administrator}
          fallback={
            <p class="problem">
              Only administrators may look at this. If you have just become one, sign out and in again.
            </p>
          }
        >
          <p class="doctor-lead">
            Looks at each link from the edge to a shell’s pod, in order, and says what is wrong and what to do. It makes
            a pod of its own and takes it away again; nobody’s shell is touched.
          </p>
          <form
            class="doctor-form"
            onSubmit={(event) => {
              event.preventDefault();
              void doctor.begin(repository());
            }}
          >
            <Field
              label="Repository"
              optional
              value={repository()}
              hint="https://forge.example.com/team/repository"
              note="Whether shells reach its host. Nothing is cloned."
              onInput={setRepository}
            />
            <Show
              when={doctor.running()}
              fallback={
                <button type="submit" class="button primary">
                  {doctor.checks().length === 0 ? "Look at everything" : "Look again"}
                </button>
              }
            >
              <button type="button" class="button" onClick={() => doctor.stop()}>
                Stop
              </button>
            </Show>
          </form>
          <Show when={doctor.problem()}>
            {(problem) => (
              <p class="problem" role="alert">
                {problem()}
              </p>
            )}
          </Show>
          <p class="doctor-sum" role="status">
            {said()}
          </p>
          <ol class="doctor-checks">
            <For each={doctor.checks()}>{(check) => <Check check={check} />}</For>
          </ol>
        </Show>
      </main>
    </div>
  );
}

const heard: Readonly<Record<DoctorCheck["state"], string>> = {
  RUNNING: "Looking at",
  OK: "Right:",
  WARNING: "To look at:",
  FAILED: "Wrong:",
  SKIPPED: "Not looked at:",
};

function looking(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  return seconds < 2 ? "Looking…" : `Looking… ${seconds} s`;
}

function Check(props: { readonly check: DoctorCheck }): JSX.Element {
  return (
    <li class={`doctor-check ${props.check.state.toLowerCase()}`}>
      <span class="doctor-state" aria-hidden="true">
        <Switch>
          <Match when={props.check.state === "OK"}>
            <CheckIcon />
          </Match>
          <Match when={props.check.state === "FAILED" || props.check.state === "WARNING"}>
            <WarningIcon />
          </Match>
        </Switch>
      </span>
      <h2>
        <span class="only-heard">{heard[props.check.state]} </span>
        {props.check.title}
      </h2>
      <div class="doctor-words">
        <p>{props.check.state === "RUNNING" ? looking(props.check.ms) : props.check.text}</p>
        <Show when={props.check.todo}>{(todo) => <p class="doctor-todo">{todo()}</p>}</Show>
      </div>
    </li>
  );
}
