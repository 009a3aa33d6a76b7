// Owns what the page knows of the open terminal, as signals, and ties the machine to the views on screen.
// Must not know how any of it looks.

import { type Accessor, createEffect, createSignal, onCleanup } from "solid-js";
import type { Exit, PaneId, Role, Status, ViewerId, Viewers } from "../../durable/protocol/messages.ts";
import type { LinkView } from "../terminal/connection.ts";
import { Machine } from "../terminal/machine.ts";
import { MachineRunner, type ViewEffect } from "../terminal/machine-runner.ts";
import type { Size } from "../terminal/own-size.ts";
import type { PasteProgress } from "../terminal/pane-input.ts";
import { type Point, TerminalView } from "../terminal/terminal-view.ts";
import { darkTheme, lightTheme } from "../terminal/theme.ts";
import { endOf, type ShellEnd } from "./countdown.ts";
import { type ShellNews, tellNotice } from "./notices.ts";
import { inputSentences } from "./sentences.ts";
import type { Toasts } from "./toasts.ts";
import { titleOf } from "./window-title.ts";

/** A paste below this is there before anybody could read its progress. */
const longPasteBytes = 128 * 1024;

/** As long as its glow lasts. A program can ring a million times a second: sooner than this after the last it is not heard. */
export const bellEveryMs = 350;

export interface OpenTerminal {
  readonly link: Accessor<LinkView>;
  /** `null` until the server has said something of it. */
  readonly status: Accessor<Status | null>;
  readonly viewers: Accessor<Viewers>;
  /** `null`: not known, or no end is set. */
  readonly end: Accessor<ShellEnd | null>;
  readonly role: Accessor<Role>;
  readonly exit: Accessor<Exit | null>;
  /** A pane's bytes are on the screen. */
  readonly shown: Accessor<boolean>;
  readonly title: Accessor<string>;
  readonly hoveredLink: Accessor<string | null>;
  readonly rang: Accessor<number>;
  /** The size that is shown, where it is not the one that would fill the frame. */
  readonly foreignSize: Accessor<Size | null>;
  readonly paste: Accessor<PasteProgress | null>;
  readonly view: TerminalView;
  pasteText(text: string): void;
  cancelPaste(): void;
  fitToMe(): void;
  connect(): void;
}

/** Lives as long as the component that makes it; `frame` must be in the document, at its final size. */
export function createTerminal(
  frame: HTMLElement,
  viewer: ViewerId,
  toasts: Toasts,
  menus: { readonly main: () => void; readonly context: (at: Point) => void },
  news: ShellNews,
): OpenTerminal {
  const [link, setLink] = createSignal<LinkView>({ state: "idle" });
  const [status, setStatus] = createSignal<Status | null>(null);
  const [viewers, setViewers] = createSignal<Viewers>({ type: "viewers", count: 1, leader: true });
  const [end, setEnd] = createSignal<ShellEnd | null>(null);
  const [role, setRole] = createSignal<Role>("drive");
  const [exit, setExit] = createSignal<Exit | null>(null);
  const [shown, setShown] = createSignal(false);
  const [title, setTitle] = createSignal("");
  const [hoveredLink, setHoveredLink] = createSignal<string | null>(null);
  const [rang, setRang] = createSignal(0);
  /** It rang while nobody looked. */
  const [unheard, setUnheard] = createSignal(false);
  const [paneSize, setPaneSize] = createSignal<Size | null>(null);
  const [ownSize, setOwnSize] = createSignal<Size>({ cols: 80, rows: 24 });
  const [paste, setPaste] = createSignal<PasteProgress | null>(null);
  /** The one pane on view; a page with tabs will have a view for each. */
  let pane: PaneId | null = null;
  let rangMs = Number.NEGATIVE_INFINITY;
  let mayCopy = false;
  let disposed = false;

  const dark = matchMedia("(prefers-color-scheme: dark)");
  const theme = () => (dark.matches ? darkTheme : lightTheme);
  const colours = () => ({ foreground: theme().foreground, background: theme().background });

  const view = new TerminalView(frame, theme(), {
    input: (bytes) => runner.run((nowMs) => machine.input(pane, bytes, nowMs)),
    paste: pasteText,
    copied: (ok) => {
      if (!ok)
        toasts.show({ tone: "warning", text: "The browser did not allow copying. Select again and try the menu." });
    },
    title: setTitle,
    bell: () => {
      const nowMs = performance.now();
      if (nowMs < rangMs + bellEveryMs) return;
      rangMs = nowMs;
      setRang((times) => times + 1);
      setUnheard(document.hidden);
    },
    clipboard: offerClipboard,
    link: setHoveredLink,
    remeasure: () => requestAnimationFrame(onResize),
    menu: menus.main,
    contextMenu: menus.context,
    mayReportFocus: () => viewers().leader,
  });

  setOwnSize(view.measure());
  const machine = new Machine({
    viewer,
    random: Math.random,
    firstPasteId: Date.now(),
    ...ownSize(),
    visible: document.visibilityState === "visible",
    colours: colours(),
  });
  const runner = new MachineRunner(machine, perform);

  function pasteText(text: string): void {
    runner.run((nowMs) => machine.paste(pane, text, nowMs));
  }

  function perform(effect: ViewEffect): void {
    switch (effect.type) {
      case "pane":
        pane = effect.pane;
        setExit(null);
        return;
      case "pane-gone":
        if (effect.pane === pane) pane = null;
        return;
      case "write":
        view.write(effect.bytes, () => runner.run((nowMs) => machine.parsed(effect.pane, effect.id, nowMs)));
        return;
      case "paint":
        view.paint(effect.bytes, effect.reset, () => {
          runner.run((nowMs) => machine.parsed(effect.pane, effect.id, nowMs));
          setShown(true);
        });
        return;
      case "size":
        view.resize(effect);
        setPaneSize({ cols: effect.cols, rows: effect.rows });
        return;
      case "windows":
        setTitle((before) => titleOf(effect.windows) ?? before);
        return;
      case "link":
        setLink(effect.link);
        return;
      case "role":
        setRole(effect.role);
        return;
      case "status":
        setStatus(effect);
        return;
      case "viewers":
        setViewers(effect);
        return;
      case "expiry":
        setEnd(endOf(effect, Date.now()));
        return;
      case "changed":
        news.changed(effect.what);
        return;
      case "exit":
        setExit(effect);
        return;
      case "notice":
        tellNotice(effect, toasts, news);
        return;
      case "input-notice":
        toasts.show({ tone: "warning", text: inputSentences[effect.notice], about: "input" });
        return;
      case "paste-progress":
        showPaste(effect.progress);
        return;
    }
  }

  function showPaste(progress: PasteProgress): void {
    const long = progress.whole >= longPasteBytes;
    setPaste(long && progress.state === "running" ? progress : null);
    if (progress.state === "cancelled") toasts.show({ text: "The paste was cancelled.", about: "paste" });
    if (progress.state === "lost") {
      toasts.show({ tone: "warning", text: "The paste was cut off. Look at what arrived, then paste again." });
    }
  }

  /** OSC 52: a program may write to the clipboard once the person said so. */
  function offerClipboard(text: string): void {
    const write = (): void => void navigator.clipboard?.writeText(text).catch(() => offer());
    const offer = (): void => {
      toasts.show({
        text: `A program wants to put ${text.length.toLocaleString()} characters on your clipboard.`,
        about: "clipboard",
        actions: [
          { label: "Allow", run: write },
          {
            label: "Always in this tab",
            run: () => {
              mayCopy = true;
              write();
            },
          },
        ],
      });
    };
    if (mayCopy && document.hasFocus()) write();
    else offer();
  }

  const onResize = (): void => {
    if (disposed) return;
    view.fitFont();
    const size = view.measure();
    setOwnSize(size);
    runner.run((nowMs) => machine.resized(size.cols, size.rows, nowMs));
  };
  const observer = new ResizeObserver(onResize);
  observer.observe(frame);

  const onTheme = (): void => {
    view.theme = theme();
    runner.run((nowMs) => machine.colours(colours(), nowMs));
  };
  dark.addEventListener("change", onTheme);
  const onLook = (): void => {
    if (!document.hidden) setUnheard(false);
  };
  document.addEventListener("visibilitychange", onLook);

  createEffect(() => {
    const name = title() === "" ? "Limpet" : `${title()} · Limpet`;
    document.title = unheard() ? `● ${name}` : name;
  });
  onCleanup(() => {
    disposed = true;
    observer.disconnect();
    dark.removeEventListener("change", onTheme);
    document.removeEventListener("visibilitychange", onLook);
    runner.dispose();
    view.dispose();
    document.title = "Limpet";
  });

  const connect = (): void => runner.run((nowMs) => machine.start(nowMs));
  void view.ready.then(() => {
    if (disposed) return;
    onResize();
    connect();
  });

  return {
    link,
    status,
    viewers,
    end,
    role,
    exit,
    shown,
    title,
    hoveredLink,
    rang,
    paste,
    view,
    connect,
    foreignSize: () => {
      const [size, own] = [paneSize(), ownSize()];
      return size === null || (size.cols === own.cols && size.rows === own.rows) ? null : size;
    },
    pasteText,
    cancelPaste: () => {
      const id = pane;
      if (id !== null) runner.run((nowMs) => machine.cancelPaste(id, nowMs));
    },
    fitToMe: () => runner.run((nowMs) => machine.fit(nowMs)),
  };
}
