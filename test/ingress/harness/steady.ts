// Owns steady traffic: clients with kept-alive connections that ask again and again, and every request that got no good answer.
// Must not know what is changed meanwhile.

import { type Place, RawConnection } from "./raw-client.ts";

export interface Steady {
  /** Ends the traffic; resolves when the last answer is there. */
  stop(): Promise<SteadyCount>;
  readonly answered: () => number;
}

export interface SteadyCount {
  readonly answered: number;
  /** What came instead of 200, in words; the first twenty. */
  readonly lost: readonly string[];
}

/** Each client asks, waits 25 ms and asks again, on one connection for as long as the server keeps it. */
export function startSteady(place: () => Place, text: () => string, clients = 4): Steady {
  let stopped = false;
  let answered = 0;
  const lost: string[] = [];
  const client = async () => {
    let connection: RawConnection | null = null;
    while (!stopped) {
      try {
        // Closed while nothing was asked on it: a client sees that, and opens another.
        if (connection === null || connection.ended) connection = await RawConnection.open(place());
        connection.send(text());
        const answer = await connection.answer(10_000);
        if (answer?.code === 200) answered += 1;
        else lost.push(answer === null ? "closed without an answer" : `${answer.code} ${answer.body}`);
        if (answer === null || answer.headers["connection"] === "close") {
          connection.close();
          connection = null;
        }
      } catch (error) {
        lost.push(error instanceof Error ? error.message : String(error));
        connection = null;
      }
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    connection?.close();
  };
  const all = Array.from({ length: clients }, client);
  return {
    answered: () => answered,
    stop: async () => {
      stopped = true;
      await Promise.all(all);
      return { answered, lost: lost.slice(0, 20) };
    },
  };
}
