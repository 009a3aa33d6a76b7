// Owns what becomes of the server's notices: a toast, a receipt, or nothing where the page says it in its own way.
// Must not know sockets or terminals.

import type { Changed, Notice } from "../../durable/protocol/messages.ts";
import type { EndReceipt } from "./receipts.ts";
import { inLocalTime } from "./time-words.ts";
import type { Toasts } from "./toasts.ts";

/** What the owner of a terminal hears of the shell besides. */
export interface ShellNews {
  /** The API tells something else than before. */
  changed(what: Changed["what"]): void;
  /** While it ends: what was saved, or could not be. */
  receipt(receipt: EndReceipt): void;
}

/** Notices after which a person should look twice. */
const warnings: ReadonlySet<string> = new Set([
  "input-lost",
  "input-refused",
  "superseded",
  "attach-failed",
  "SHELL_CRASHED",
  "SHELL_RECREATED",
]);

/** The countdown says it, or the screen of a shell that has ended. */
const saidElsewhere: ReadonlySet<string> = new Set(["EXPIRES_SOON", "SHELL_EXPIRED", "SHELL_STOPPED"]);

export function tellNotice({ code, text: said }: Notice, toasts: Toasts, news: ShellNews): void {
  const text = inLocalTime(said, Date.now());
  if (code === "WORK_SAVED" || code === "SAVE_FAILED") news.receipt({ text, saved: code === "WORK_SAVED" });
  else if (!saidElsewhere.has(code)) toasts.show({ text, tone: warnings.has(code) ? "warning" : "plain", about: code });
}
