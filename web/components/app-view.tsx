// Owns which component stands for which screen.
// Must not know how a screen comes about.

import "./base.css";
import { type JSX, lazy, Match, Suspense, Switch } from "solid-js";
import type { App } from "../state/app.ts";
import { Shore } from "./shore.tsx";
import { SignInScreen } from "./sign-in-screen.tsx";
import { StartScreen } from "./start-screen.tsx";
import { TerminalScreen } from "./terminal-screen.tsx";
import { ToastList } from "./toast-list.tsx";

/** Few people ever open it. */
const DoctorScreen = lazy(async () => ({ default: (await import("./doctor-screen.tsx")).DoctorScreen }));

export function AppView(props: { readonly app: App }): JSX.Element {
  const unreachable = () => {
    const screen = props.app.screen();
    return screen.name === "unreachable" ? screen : null;
  };
  const start = () => {
    const screen = props.app.screen();
    return screen.name === "start" ? screen : null;
  };
  const doctor = () => {
    const screen = props.app.screen();
    return screen.name === "doctor" ? screen : null;
  };
  const terminal = () => {
    const screen = props.app.screen();
    return screen.name === "terminal" ? screen : null;
  };
  return (
    <>
      <Switch>
        <Match when={props.app.screen().name === "loading"}>
          <Shore title="Limpet" late>
            <p class="lead">One moment…</p>
          </Shore>
        </Match>
        <Match when={unreachable()}>
          {(screen) => (
            <Shore title="No answer from Limpet">
              <p class="lead">{screen().sentence}</p>
              <button type="button" class="button primary" onClick={() => void props.app.load()}>
                Try again
              </button>
            </Shore>
          )}
        </Match>
        <Match when={props.app.screen().name === "sign-in"}>
          <SignInScreen app={props.app} />
        </Match>
        <Match when={doctor()}>
          {(screen) => (
            <Suspense>
              <DoctorScreen person={screen().person} />
            </Suspense>
          )}
        </Match>
        <Match when={start()}>{(screen) => <StartScreen app={props.app} person={screen().person} />}</Match>
        <Match when={terminal()}>{(screen) => <TerminalScreen app={props.app} fresh={screen().fresh} />}</Match>
      </Switch>
      <ToastList toasts={props.app.toasts} />
    </>
  );
}
