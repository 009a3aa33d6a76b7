// Owns which panes are followed, and the seam between a pane's picture and its stream.
// Must not know input, windows or sizes.

import type { PaneId } from "../protocol/messages.ts";
import { type CapturePlan, planCapture, readCapture } from "./capture.ts";
import type { Outcome } from "./command-queue.ts";
import { follow, pause } from "./commands.ts";
import type { ControlContext, Tag } from "./control-context.ts";
import type { MultiplexerEffect } from "./multiplexer.ts";
import { continuesCharacter, cutCharacter, type Pane } from "./pane-table.ts";
import { paintSnapshot } from "./snapshot.ts";

const none = new Uint8Array(0);

type Shown = Extract<Tag, { kind: "show" }>;

export class PaneFollower {
  readonly #context: ControlContext;

  constructor(context: ControlContext) {
    this.#context = context;
  }

  show(pane: Pane, request: number): void {
    if (pane.following.state !== "live") pane.following = { state: "waiting", request, overtaken: [] };
    this.#capture(pane, request);
  }

  hide(pane: Pane): void {
    if (pane.following.state === "hidden") return;
    pane.following = { state: "hidden" };
    this.#context.queue.send(pause(pane.pane), 1, { kind: "nothing" });
  }

  /** A pane that was just found: until somebody looks at it tmux need not deliver what it writes. */
  adopt(pane: Pane): void {
    this.#context.queue.send(pause(pane.pane), 1, { kind: "nothing" });
  }

  output(id: PaneId, bytes: Uint8Array): void {
    const pane = this.#context.table.get(id);
    if (pane === undefined || bytes.length === 0) return;
    const { following } = pane;
    if (following.state === "live") {
      if (following.fresh !== null && this.#retaken(pane, following.fresh, bytes)) return;
      pane.cutCharacter = cutCharacter(pane.cutCharacter, bytes);
      this.#context.effects.push({ type: "output", pane: id, bytes });
    } else if (following.state === "waiting" && pane.paused) following.overtaken.push(bytes);
  }

  /** `%pause`: ours, or tmux's own because we did not keep up. */
  paused(id: PaneId): void {
    const pane = this.#context.table.get(id);
    if (pane === undefined) return;
    pane.paused = true;
    if (pane.following.state === "live") this.#lost(pane);
  }

  /** `%continue` */
  continued(id: PaneId): void {
    const pane = this.#context.table.get(id);
    if (pane !== undefined) pane.paused = false;
  }

  /** The answer to a capture. False where it cannot be understood. */
  captured(outcome: Outcome<Shown>): boolean {
    const { pane, request, plan } = outcome.tag;
    // The pane is gone: the listing says so.
    if (!outcome.ok) return true;
    const { following } = pane;
    const wanted = following.state === "live" || (following.state === "waiting" && following.request === request);
    if (!wanted) {
      // Hidden since, or asked for anew: what overtook this picture stands in the next one.
      if (following.state === "waiting") following.overtaken.length = 0;
      return true;
    }
    // The first of the answers is that of `refresh-client`.
    const capture = readCapture(plan, outcome.bodies.slice(1));
    if (capture === null) return false;
    // Neither the screen nor `-P` holds the beginning of a cut character; where it was delivered, it is known here.
    const cut = capture.pending.length === 0 && following.state === "live" ? pane.cutCharacter : none;
    const bytes = paintSnapshot(cut.length > 0 ? { ...capture, pending: cut } : capture);
    const { cols, rows } = capture;
    const effect: MultiplexerEffect = { type: "snapshot", pane: pane.pane, request, cols, rows, bytes };
    this.#context.effects.push(effect);
    if (following.state === "waiting") {
      pane.following = { state: "live", fresh: { request, effect } };
      pane.cutCharacter = none;
      for (const part of following.overtaken) this.output(pane.pane, part);
    }
    return true;
  }

  #capture(pane: Pane, request: number): void {
    const { queue, version, random } = this.#context;
    const nonce = random();
    const plan: CapturePlan = planCapture(pane.pane, pane.cols, version, nonce);
    const commands = [follow(pane.pane), ...plan.commands].join(" ; ");
    queue.sendGuarded(commands, [false, ...plan.guarded], nonce, { kind: "show", pane, request, plan });
  }

  /**
   * The first bytes of a stream whose picture was taken without a word on what came before it. Where they go on with a
   * character, its beginning is nowhere: the picture is taken again. This once it is known what was delivered, so the
   * second picture has no such hole.
   */
  #retaken(pane: Pane, fresh: { readonly request: number; readonly effect: MultiplexerEffect }, bytes: Uint8Array) {
    pane.following = { state: "live", fresh: null };
    if (!continuesCharacter(bytes)) return false;
    const { effects } = this.#context;
    const at = effects.indexOf(fresh.effect);
    pane.following = { state: "waiting", request: fresh.request, overtaken: [] };
    if (at < 0) {
      // The picture was handed over already: whoever has it must ask for another.
      this.#lost(pane);
      return true;
    }
    effects.splice(at, 1);
    this.#capture(pane, fresh.request);
    return true;
  }

  #lost(pane: Pane): void {
    pane.following = { state: "hidden" };
    this.#context.effects.push({ type: "pane-paused", pane: pane.pane });
  }
}
