// Owns what can be counted of a bridge from outside: for tests, the benchmark and the log.
// Must not know what the counts lead to.

import type { Pane } from "./pane.ts";
import type { Viewer } from "./viewer.ts";

export interface Counters {
  readonly viewers: number;
  readonly sockets: number;
  readonly panes: number;
  readonly ringBytes: number;
  readonly pictureBytes: number;
  /** Input accepted and not taken. */
  readonly inputBytes: number;
  /** Sent to viewers and not acknowledged: held by the sockets and the network. */
  readonly underWayBytes: number;
  /** All of the above bytes: what this bridge costs in memory. */
  readonly accountedBytes: number;
}

export function countersOf(panes: Iterable<Pane>, viewers: Iterable<Viewer>, sockets: number): Counters {
  const counted = { viewers: 0, panes: 0, ringBytes: 0, pictureBytes: 0, inputBytes: 0, underWayBytes: 0 };
  for (const pane of panes) {
    const { ring, picture, input } = pane.accounted();
    counted.panes++;
    counted.ringBytes += ring;
    counted.pictureBytes += picture;
    counted.inputBytes += input;
  }
  for (const viewer of viewers) {
    counted.viewers++;
    counted.underWayBytes += viewer.flow.underWay;
  }
  const { ringBytes, pictureBytes, inputBytes, underWayBytes } = counted;
  return { ...counted, sockets, accountedBytes: ringBytes + pictureBytes + inputBytes + underWayBytes };
}
