// Owns signals that change as time goes by.
// Must not know what they are for.

import { type Accessor, createEffect, createSignal, onCleanup } from "solid-js";
import { type Countdown, countdownOf, nextCountMs, type ShellEnd } from "./countdown.ts";

/** Unix milliseconds, at least this often anew while the page is looked at. */
export function createNow(everyMs: number): Accessor<number> {
  const [now, setNow] = createSignal(Date.now());
  const read = (): void => {
    if (!document.hidden) setNow(Date.now());
  };
  const timer = setInterval(read, everyMs);
  document.addEventListener("visibilitychange", read);
  onCleanup(() => {
    clearInterval(timer);
    document.removeEventListener("visibilitychange", read);
  });
  return now;
}

/** Changes each second while there is something to count, and rests otherwise. */
export function createCountdown(end: Accessor<ShellEnd | null>, warnMs: Accessor<number>): Accessor<Countdown | null> {
  const [count, setCount] = createSignal<Countdown | null>(null);
  createEffect(() => {
    const [at, warn] = [end(), warnMs()];
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = (): void => {
      const nowMs = Date.now();
      setCount(countdownOf(at, warn, nowMs));
      const nextMs = nextCountMs(at, warn, nowMs);
      clearTimeout(timer);
      if (nextMs !== null) timer = setTimeout(look, Math.max(20, nextMs - nowMs));
    };
    look();
    // A machine that slept has a clock that jumped.
    document.addEventListener("visibilitychange", look);
    onCleanup(() => {
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", look);
    });
  });
  return count;
}
