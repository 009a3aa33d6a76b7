import { env } from "cloudflare:workers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseConfig } from "../../../worker/config.ts";
import { type LinesEnd, runForLines } from "../../../worker/kubernetes/exec-lines.ts";
import { containerName } from "../../../worker/kubernetes/pod-manifest.ts";
import { ClusterClient } from "../../../worker/kubernetes/request.ts";
import { clusterSettings } from "../../../worker/shells/settings.ts";
import { clearFaults, fault, openExecs } from "./cluster.ts";
import { eventually } from "./eventually.ts";
import { Person } from "./person.ts";

const cluster = new ClusterClient(clusterSettings(parseConfig(env)), "limpet:test", () => Date.now());
let person: Person;

beforeAll(async () => {
  // Commands of these tests' own, which the cluster's rules would refuse in a shell.
  await fault({ type: "no-wall", wall: "limpet-reach" });
  person = await Person.arrives();
  await person.object.createShell(person.id);
  await eventually(
    () => person.record(),
    (record) => record?.phase === "ready",
  );
});

afterAll(async () => {
  await person.leaves();
  await clearFaults();
});

interface Run {
  readonly end: LinesEnd;
  readonly lines: readonly string[];
}

async function run(script: string, more: Partial<Parameters<typeof runForLines>[1]> = {}): Promise<Run> {
  const lines: string[] = [];
  const request = {
    pod: person.podName,
    container: containerName,
    command: ["sh", "-c", script],
    line: "a line",
    timeoutMs: 20_000,
    silenceMs: 20_000,
    ...more,
  };
  const heard = (line: string) => {
    lines.push(line);
    return line === "enough";
  };
  const end = await runForLines(cluster, request, heard, new AbortController().signal);
  return { end, lines };
}

describe("a command that answers in lines", () => {
  it("gets its line whole, however long, and is heard line by line until it was enough", async () => {
    const line = "é".repeat(100_000);
    const { end, lines } = await run(
      'IFS= read -r l; printf %s "$l" | wc -c; printf "two\\nenough\\nthree\\n"; sleep 60',
      {
        line,
      },
    );
    expect(end).toEqual({ type: "enough" });
    expect(Number(lines[0])).toBe(200_000);
    expect(lines.slice(1)).toEqual(["two", "enough"]);
    // What runs on has lost its stdin and its reader: nothing of it is open here.
    await eventually(
      () => openExecs(person.podName),
      (open) => open === 0,
    );
  });

  it("that ends says with what; what it writes elsewhere, and a last line without an end, are not heard", async () => {
    expect(await run("echo one; echo two >&2; printf three; exit 7")).toMatchObject({
      end: { type: "ended", exitCode: 7 },
      lines: ["one"],
    });
  });

  it("that is not there is an end with the cluster's words", async () => {
    const { end } = await run("", { command: ["/usr/local/lib/limpet/none-of-this-name"] });
    expect(end).toMatchObject({ type: "ended" });
    expect(end.type === "ended" && end.message).toMatch(/no such file or directory/);
  });

  it("is given up where it says nothing, or takes too long", async () => {
    expect((await run("sleep 60", { silenceMs: 300 })).end).toEqual({ type: "silent" });
    const talks = "while :; do echo on; sleep 0.1; done";
    expect((await run(talks, { silenceMs: 5_000, timeoutMs: 700 })).end).toEqual({ type: "overtime" });
  });

  it("that floods is given up, and a line beyond bounds is passed over", async () => {
    expect((await run("yes enough-not | head -c 20000000")).end).toEqual({ type: "flood" });
    const { end, lines } = await run("head -c 200000 /dev/zero | tr '\\0' x; echo; echo enough");
    expect(end).toEqual({ type: "enough" });
    expect(lines).toEqual(["enough"]);
  });

  it("that is cut off, refused or cancelled says so", async () => {
    const cut = run("echo one; sleep 60");
    await eventually(
      () => openExecs(person.podName),
      (open) => open > 0,
    );
    await fault({ type: "cut-exec", how: "reset", pod: person.podName });
    expect((await cut).end).toEqual({ type: "lost" });
    expect((await run("true", { pod: "none-of-this-name" })).end).toMatchObject({
      type: "refused",
      failure: { status: 404 },
    });
    const cancel = new AbortController();
    const request = { pod: person.podName, container: containerName, command: ["sleep", "60"], line: "" };
    const limits = { timeoutMs: 20_000, silenceMs: 20_000 };
    const cancelled = runForLines(cluster, { ...request, ...limits }, () => false, cancel.signal);
    cancel.abort();
    expect(await cancelled).toEqual({ type: "cancelled" });
  });
});
