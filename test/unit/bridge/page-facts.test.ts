import { expect, it } from "vitest";
import type { MultiplexerEffect } from "../../../durable/multiplexer/multiplexer.ts";
import { BareMultiplexer } from "./world/bare-multiplexer.ts";
import { Rig } from "./world/rig.ts";

class Noting extends BareMultiplexer {
  readonly told: string[] = [];
  override colours(...colours: readonly string[]): readonly MultiplexerEffect[] {
    this.told.push(colours.join(" "));
    return [];
  }
}

const dark = { foreground: "#eeeeee", background: "#111111" };
const light = { foreground: "#111111", background: "#eeeeee" };

it("[P25] colours: the leader's, once each, when the page changes them too", () => {
  const multiplexer = new Noting(1);
  const rig = new Rig({ multiplexer: () => multiplexer });
  rig.join("s", "a", { colours: dark });
  rig.join("t", "b", { colours: light });
  rig.say("t", { type: "colours", ...dark });
  rig.say("s", { type: "colours", ...light });
  rig.say("s", { type: "colours", ...light });
  expect(multiplexer.told).toEqual(["#eeeeee #111111", "#111111 #eeeeee"]);
  expect(rig.closed.size).toBe(0);
});

it("[B30] a page that shows nothing yet of a shell without tmux is told so, one that comes back is not", () => {
  class NoHistory extends BareMultiplexer {
    override readonly hasHistory: boolean = false;
  }
  const rig = new Rig({ multiplexer: () => new NoHistory(1) });
  const notices = (socket: string) =>
    rig.take(socket).messages.flatMap((message) => (message.type === "notice" ? message.code : []));
  rig.join("s", "a");
  expect(notices("s")).toEqual(["no-history"]);
  rig.join("s2", "a", { panes: [{ pane: "%0", stream: "0".repeat(32), output: 0 }] });
  expect(notices("s2")).toEqual([]);
});
