// Owns the proof that reports reach a slow and a fast reader, and that whoever stops reading ends the run.
// Must not know any check.

import { describe, expect, it } from "vitest";
import type { CheckReport } from "../../../worker/doctor/check.ts";
import { ReportStream } from "../../../worker/doctor/report-stream.ts";

const report = (id: string): CheckReport => ({ id, title: id, state: "ok", text: "", todo: null, ms: 0 });

async function read(stream: ReportStream): Promise<readonly string[]> {
  const ids: string[] = [];
  for await (const { id } of stream) ids.push(id);
  return ids;
}

describe("a stream of reports", () => {
  it("gives all of them in order, told before and after they are waited for", async () => {
    const pause = Promise.withResolvers<void>();
    const stream = new ReportStream(async (tell) => {
      tell(report("a"));
      tell(report("b"));
      await pause.promise;
      tell(report("c"));
    });
    const all = read(stream);
    pause.resolve();
    expect(await all).toEqual(["a", "b", "c"]);
  });

  it("gives what was told although nobody read while it ran", async () => {
    const stream = new ReportStream(async (tell) => tell(report("a")));
    await stream.ended;
    expect(await read(stream)).toEqual(["a"]);
  });

  it("tells the run at once that nobody reads any more, also while the reader waits", async () => {
    const stopped = Promise.withResolvers<void>();
    const stream = new ReportStream(
      (_tell, cancel) =>
        new Promise<void>((resolve) => {
          cancel.addEventListener("abort", () => {
            stopped.resolve();
            resolve();
          });
        }),
    );
    const waiting = stream.next();
    await stream.return();
    await stopped.promise;
    expect(await waiting).toEqual({ done: true, value: undefined });
  });

  it("ends for the reader before the run has, and says when the run has", async () => {
    const last = Promise.withResolvers<void>();
    const stream = new ReportStream(() => last.promise);
    const waiting = stream.next();
    await stream.return();
    last.resolve();
    await stream.ended;
    expect((await waiting).done).toBe(true);
  });

  it("passes on what broke the run, after what it told", async () => {
    const stream = new ReportStream(async (tell) => {
      tell(report("a"));
      throw new Error("broken");
    });
    expect(await stream.next()).toMatchObject({ value: { id: "a" } });
    await expect(stream.next()).rejects.toThrow("broken");
  });
});
