import { abortAllDurableObjects, evictDurableObject, runInDurableObject } from "cloudflare:test";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { subprotocol, subprotocolBase64 } from "../../../durable/protocol/messages.ts";
import { clearFaults, fault, openExecs } from "./cluster.ts";
import { eventually } from "./eventually.ts";
import { Person } from "./person.ts";
import { Terminal } from "./terminal.ts";

let person: Person;
const opened: Terminal[] = [];
const others: Person[] = [];

beforeAll(async () => {
  person = await Person.arrives();
  await person.object.createShell(person.id);
});

afterEach(async () => {
  await clearFaults();
  for (const terminal of opened.splice(0)) if (terminal.closed === null) terminal.close();
  for (const other of others.splice(0)) await other.leaves();
});

afterAll(() => person.leaves());

async function attach(to: Person = person): Promise<Terminal> {
  const terminal = await to.terminal();
  opened.push(terminal);
  await terminal.attached();
  return terminal;
}

/** Somebody whose back-off nothing in an earlier test has lengthened. */
async function freshPerson(): Promise<Person> {
  const other = await Person.arrives();
  others.push(other);
  await other.object.createShell(other.id);
  return other;
}

let marks = 0;
/** Runs a command and waits for what only its output, and not its echo, contains. */
async function runs(terminal: Terminal): Promise<void> {
  marks += 1;
  terminal.type(`echo mark-$((${marks} * 1000 + 7))\r`);
  await terminal.shows(`mark-${marks * 1000 + 7}`);
}

describe("a socket", () => {
  it("goes from hello by welcome and pane to the bytes of a real shell", async () => {
    const terminal = Terminal.over(await person.upgrade());
    opened.push(terminal);
    expect(terminal.protocol).toBe(subprotocol);
    terminal.hello();
    expect(await terminal.message("welcome")).toMatchObject({ role: "drive" });
    const pane = await terminal.message("pane");
    expect(pane).toMatchObject({ channel: 0, cols: 80, rows: 24 });
    await terminal.message("status", ({ phase, link }) => phase === "ready" && link === "attached");
    expect((await terminal.message("expiry", ({ at }) => at !== null)).at).toBe((await person.record())?.expiresAt);
    await runs(terminal);
    await terminal.until(() => (terminal.acknowledged.get(0) ?? 0) > 10, "an acknowledgement");
  });

  it("answers ping without a hello", async () => {
    const response = await person.upgrade();
    const socket = response.webSocket;
    if (socket === null) throw new Error("no upgrade");
    const answer = new Promise((resolve) => socket.addEventListener("message", ({ data }) => resolve(data)));
    socket.accept();
    socket.send("ping");
    expect(await answer).toBe("pong");
    socket.close();
  });

  it("shows the phases as they pass", async () => {
    const other = await Person.arrives();
    await fault({ type: "slow-start", pod: other.podName, delayMs: 700 });
    await other.object.createShell(other.id);
    const terminal = await other.terminal();
    await terminal.attached();
    const phases = terminal.messages.flatMap((message) => (message.type === "status" ? [message.phase] : []));
    expect(phases).toEqual(expect.arrayContaining(["starting", "ready"]));
    await other.object.deleteShell(other.id);
    await terminal.message("status", ({ phase }) => phase === "stopping");
    expect(await terminal.ends()).toMatchObject({ code: 4404 });
    await eventually(
      () => other.record(),
      (record) => record === null,
    );
  });

  it("is closed with 4404 where there is no shell", async () => {
    const other = await Person.arrives();
    const terminal = Terminal.over(await other.upgrade());
    expect(await terminal.ends()).toMatchObject({ code: 4404 });
  });

  it.each([["limpet.v9"], ["limpet.v9, chat"]])("is closed with 4406 where it offers only %s", async (offer) => {
    const terminal = Terminal.over(await person.upgrade({ "sec-websocket-protocol": offer }));
    // The offer is echoed: otherwise a browser would see no close code at all.
    expect(terminal.protocol).toBe("limpet.v9");
    expect(await terminal.ends()).toMatchObject({ code: 4406 });
  });

  it("is closed with 4406 where it offers nothing", async () => {
    const terminal = Terminal.over(await person.upgrade({ "sec-websocket-protocol": null }));
    expect(terminal.protocol).toBeNull();
    expect(await terminal.ends()).toMatchObject({ code: 4406 });
  });

  it("speaks the newer of two offers", async () => {
    const terminal = Terminal.over(
      await person.upgrade({ "sec-websocket-protocol": `${subprotocolBase64}, ${subprotocol}` }),
    );
    opened.push(terminal);
    expect(terminal.protocol).toBe(subprotocol);
  });

  it.each([
    ["text that is no JSON", "hello"],
    ["binary before hello", new Uint8Array([0, 65])],
    ["a message of another type before hello", '{"type":"focus","visible":true}'],
    ["a hello without a viewer", '{"type":"hello","cols":80,"rows":24,"panes":[]}'],
    ["a frame above 64 KiB", `{"type":"hello","x":"${"x".repeat(70_000)}"}`],
  ])("is closed with 4409 for %s, and others are not", async (_, frame) => {
    const well = await attach();
    const terminal = Terminal.over(await person.upgrade());
    terminal.sayRaw(frame);
    expect(await terminal.ends()).toMatchObject({ code: 4409 });
    await runs(well);
  });
});

describe("an exec", () => {
  it("that is cut is opened again, and nothing typed is lost or doubled", async () => {
    const terminal = await attach();
    await runs(terminal);
    await fault({ type: "cut-exec", pod: person.podName, how: "reset" });
    await runs(terminal);
    expect(terminal.closed).toBeNull();
    expect(await openExecs(person.podName)).toBe(1);
  });

  it("that ends with a Success that is none is opened again", async () => {
    const terminal = await attach();
    await fault({ type: "cut-exec", pod: person.podName, how: "success" });
    await runs(terminal);
    expect(terminal.messages.some(({ type }) => type === "exit")).toBe(false);
  });

  it.each([403, 404, 429, 500, 503])("that is refused with %i is tried again", async (status) => {
    const other = await freshPerson();
    const terminal = await attach(other);
    await fault({ type: "answer", status, path: `/${other.podName}/exec`, times: 2 });
    await fault({ type: "cut-exec", pod: other.podName, how: "reset" });
    await runs(terminal);
    expect((await other.record())?.phase).toBe("ready");
  });

  it("that is refused after the 101 is tried again", async () => {
    const other = await freshPerson();
    const terminal = await attach(other);
    await fault({ type: "refuse-exec", path: `/${other.podName}/exec`, times: 1 });
    await fault({ type: "cut-exec", pod: other.podName, how: "close" });
    await runs(terminal);
  });
});

describe("a pod that is lost under an open terminal", () => {
  it("is told at once, and a new shell comes to the same socket by itself", async () => {
    const other = await freshPerson();
    const terminal = await attach(other);
    await fault({ type: "lose-pod", pod: other.podName });
    await terminal.message("notice", ({ code }) => code === "SHELL_RECREATED");
    await terminal.message("status", ({ phase }) => phase === "creating");
    // Panes of the old pod are gone, and their channels with them; so is the count of what was typed.
    await terminal.until(() => terminal.channel === 1, "a pane of the new pod");
    await runs(terminal);
  });
});

describe("the object", () => {
  it("that was lost with its sockets is there again for the next one, and the job went on", async () => {
    const before = await attach();
    before.type("kept=$((40 + 2))\r");
    await runs(before);
    await abortAllDurableObjects();
    const after = await attach();
    after.type("echo kept-$kept\r");
    await after.shows("kept-42");
  });

  it("that slept because there was nothing to do goes on with its sockets", async () => {
    const other = await freshPerson();
    const terminal = await attach(other);
    // Without a pod there is no exec, whose socket would keep the object awake.
    await fault({ type: "answer", method: "POST", status: 403, times: 1 });
    await fault({ type: "lose-pod", pod: other.podName });
    await terminal.message("status", ({ phase }) => phase === "failed");
    await evictDurableObject(other.object);
    expect(terminal.closed).toBeNull();
    const before = terminal.messages.length;
    await other.object.rebootShell(other.id);
    const begun = () => terminal.messages.slice(before).some(({ type }) => type === "pane");
    await terminal.until(() => begun() || terminal.closed !== null, "a new beginning");
    expect(terminal.closed).toBeNull();
    await runs(terminal);
  });

  it("that slept beside a running shell takes the key that wakes it, once, and the shell is the same", async () => {
    const other = await freshPerson();
    const terminal = await attach(other);
    terminal.type("kept=$((40 + 2))\r");
    await runs(terminal);
    await parked(terminal, other);
    await evictDurableObject(other.object);
    expect(terminal.closed).toBeNull();
    terminal.type("echo woke-$kept >> ~/woken; wc -l < ~/woken; cat ~/woken\r");
    await terminal.shows("woke-42");
    await runs(terminal);
    expect(terminal.text.match(/woke-42/g)).toHaveLength(1);
    expect(await openExecs(other.podName)).toBe(1);
    expect(terminal.closed).toBeNull();
  });

  it("that slept beside a running shell comes back for somebody who looks", async () => {
    const other = await freshPerson();
    const terminal = await attach(other);
    await runs(terminal);
    await parked(terminal, other);
    await evictDurableObject(other.object);
    const before = terminal.messages.length;
    terminal.say({ type: "focus", visible: true });
    const attached = () =>
      terminal.messages.slice(before).some((said) => said.type === "status" && said.link === "attached");
    await terminal.until(attached, "an exec");
    await runs(terminal);
  });
});

/** Longer than the exec of a quiet shell is kept for pages that nobody looks at. */
const hiddenMs = 5 * 60_000 + 1_000;

/** Nobody looks for so long that the exec is let go: only then may the platform put the object to sleep. */
async function parked(terminal: Terminal, whose: Person): Promise<void> {
  terminal.say({ type: "focus", visible: false });
  let laterMs = Date.now();
  await eventually(
    async () => {
      // Further each time: the message may be heard only now.
      laterMs += hiddenMs;
      const clock = vi.spyOn(Date, "now").mockReturnValue(laterMs);
      await runInDurableObject(whose.object, (object) => object.alarm());
      clock.mockRestore();
      return openExecs(whose.podName);
    },
    (execs) => execs === 0,
  );
}
