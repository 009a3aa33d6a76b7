// Owns that `save` tells the truth and loses nothing when something fails: the edge, the disk, another save, whoever listens.
// Must not know what a snapshot holds.

import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Home, image, namesIn } from "./home.ts";
import { capability, PodEdge } from "./pod-edge.ts";

let edge: PodEdge;
let home: Home;

beforeEach(async () => {
  edge = await PodEdge.start();
  home = new Home(edge);
});
afterEach(async () => {
  home.close();
  await edge.close();
});

const snapshotPath = "/api/pod/snapshot";

describe("the edge", () => {
  test("that fails for a while is asked again, and the receipt follows", async () => {
    home.write("file");
    edge.fail(
      { path: snapshotPath, do: 503 },
      { path: snapshotPath, do: "cut" },
      { path: "/api/pod/receipt", do: 500 },
    );
    expect((await home.save()).code).toBe(0);
    expect(edge.receipts.map(({ state }) => state)).toEqual(["saved"]);
  });

  test("that refuses is believed: one try, its own words, and the next save does it", async () => {
    home.write("file");
    edge.fail({ path: snapshotPath, do: 403 });
    const failed = await home.save();
    expect(failed).toMatchObject({
      code: 1,
      last: { edge: { state: "failed", text: expect.stringContaining("Something went wrong here.") } },
    });
    expect(edge.count(`PUT ${snapshotPath}`)).toBe(1);
    expect(edge.receipts.map(({ state }) => state)).toEqual(["failed"]);
    // The same failure is not told every time.
    edge.fail({ path: snapshotPath, do: 403 });
    await home.save();
    expect(edge.receipts).toHaveLength(1);
    expect((await home.save()).last.edge?.state).toBe("saved");
    expect(edge.receipts.map(({ state }) => state)).toEqual(["failed", "saved"]);
  });

  test("that hangs takes no more than the budget, and a receipt is printed all the same", async () => {
    home.write("file");
    edge.fail({ path: "/", do: "hang" }, { path: "/", do: "hang" }, { path: "/", do: "hang" });
    const run = await home.save("--budget", "4");
    expect(run.ms).toBeLessThan(8_000);
    expect(run.last).toMatchObject({ type: "receipt", edge: { state: "failed" } });
    edge.mend();
    expect((await home.save()).last.edge?.state).toBe("saved");
  });

  test("that is not there is said to be", async () => {
    home.configure(edge, { edgeUrl: "http://127.0.0.1:1" });
    home.write("file");
    const { last } = await home.save("--budget", "6");
    expect(last.edge?.text).toMatch(/^The home was not saved: Limpet was not reached: .*connect/i);
  });

  test("learns the capability from a header; no argument or environment of a process holds it", async () => {
    home.write("file");
    const seen: string[] = [];
    edge.before = async () => {
      for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
        for (const file of ["cmdline", "environ"]) {
          try {
            seen.push(readFileSync(`/proc/${pid}/${file}`, "latin1"));
          } catch {
            // It ended, or is not ours to read.
          }
        }
      }
    };
    expect((await home.save()).code).toBe(0);
    expect(seen.some((text) => text.includes("--upload-file"))).toBe(true);
    expect(seen.filter((text) => text.includes(capability) || text.includes("5a".repeat(32)))).toEqual([]);
  });
});

test("two saves at once are one after the other, and the second finds nothing to do", async () => {
  home.write("file");
  const runs = await Promise.all([home.save(), home.save()]);
  expect(runs.map(({ last }) => last.edge?.state).toSorted()).toEqual(["saved", "unchanged"]);
  expect(edge.count(`PUT ${snapshotPath}`)).toBe(1);
});

test("the last save does not wait for one that hangs, and what that one had begun goes with it", async () => {
  home.write("file");
  edge.fail({ path: snapshotPath, do: "hang" });
  const hanging = home.start("save");
  await expect.poll(() => edge.count(`PUT ${snapshotPath}`), { timeout: 20_000 }).toBe(1);
  const last = await home.save("--last", "--budget", "12");
  expect(last.last.edge?.state).toBe("saved");
  expect((await hanging.ended).code).not.toBe(0);
  expect(last.ms).toBeLessThan(11_000);
});

test("before what was saved is back, the little that is here does not take its place", async () => {
  const fresh = new Home(edge, { restored: false });
  fresh.write("file");
  expect((await fresh.save()).last.edge).toMatchObject({ state: "failed", text: expect.stringContaining("put back") });
  expect(edge.snapshots.size).toBe(0);
  // After half an hour it is worth more than the hope.
  fresh.sh('touch -d "-31 minutes" "$HOME/.local/state/limpet/restore/due"');
  expect((await fresh.save()).last.edge?.state).toBe("saved");
  fresh.close();
});

test("a shell that was not set up has nothing to save to", async () => {
  rmSync(join(home.state, "config.json"));
  expect(await home.save()).toMatchObject({ code: 3, last: { type: "receipt", edge: null } });
});

test("a disk that is full is said, and nothing that was cut is sent", async () => {
  home.write("bytes", execFileSync("head", ["-c", "400000", "/dev/urandom"]));
  // No file may grow above 100 KiB: writing fails as on a full disk.
  const script = 'ulimit -f 200; trap "" XFSZ; exec "$0"';
  const full = await home.start("/bin/sh", ["-c", script, join(image, "save")]).ended;
  expect(full.last.edge).toMatchObject({ state: "failed", text: expect.stringContaining("no room on the disk") });
  expect(edge.snapshots.size).toBe(0);
  expect((await home.save()).last.edge?.state).toBe("saved");
});

test("a disk without any room still lets the edge and the caller know, in whole words", async () => {
  home.write("file");
  home.repository("lab");
  await home.save();
  home.write("more");
  // Not a byte can be written to any file.
  const script = 'ulimit -f 0; trap "" XFSZ; exec "$0"';
  const full = await home.start("/bin/sh", ["-c", script, join(image, "save")]).ended;
  expect(full.code).toBe(1);
  expect(full.last).toMatchObject({
    type: "receipt",
    edge: { state: "failed", text: expect.stringContaining("no room on the disk") },
  });
  expect(edge.receipts.at(-1)).toMatchObject({ kind: "edge", state: "failed" });
  expect(edge.snapshots.size).toBe(1);
  await home.save();
  expect(namesIn(edge.newest).filter((name) => name.startsWith("bundles/"))).toHaveLength(2);
});

test("where the list of given credentials cannot be written, no home is sent: it would hold them", async () => {
  home.write("kube", "token: GIVEN-to-kubernetes\n");
  const sum = home.sh("sha256sum <kube | cut -c 1-64").trim();
  home.write(".config/limpet/written/kubeconfig", `${sum} ${join(home.path, "kube")}\n`);
  home.sh("mkdir -p .local/state/limpet/save/home");
  // Takes nothing, as a full disk.
  symlinkSync("/dev/full", join(home.state, "save/home/given"));
  const full = await home.save("--budget", "20");
  expect(full).toMatchObject({ code: 1, last: { edge: { state: "failed" } } });
  expect(full.words.at(-2)).toMatchObject({ kind: "edge", code: "HOME_NOT_LISTED" });
  expect(edge.snapshots.size).toBe(0);
  rmSync(join(home.state, "save/home/given"));
  expect((await home.save()).last.edge?.state).toBe("saved");
  expect(namesIn(edge.newest)).not.toContain("home/kube");
});

test("a walk of the home that is cut short is never taken for all of it", async () => {
  home.write("one");
  await home.save();
  // Ends find in the middle, as the machine does that has no memory left; what it printed so far stays.
  home.write(
    "bin/find",
    '#!/bin/sh\ncase $* in *"-type l -printf"*) /usr/bin/find . -maxdepth 1; kill -9 $$ ;; esac\nexec /usr/bin/find "$@"\n',
    0o755,
  );
  const cut = await home.start("save", [], "", { PATH: `${home.path}/bin:/usr/bin:/bin` }).ended;
  expect(cut).toMatchObject({
    code: 1,
    last: { edge: { state: "failed", text: expect.stringContaining("not all of it") } },
  });
  expect(edge.snapshots.size).toBe(1);
  expect((await home.save()).last.edge?.state).toBe("saved");
});

test("ever so many slow repositories leave the home its time, and those without a turn are named", async () => {
  for (let each = 0; each < 8; each += 1) home.repository(`lab-${each}`);
  home.write("file");
  home.write("bin/git", '#!/bin/sh\nsleep 0.5\nexec /usr/bin/git "$@"\n', 0o755);
  const run = await home.start("save", ["--budget", "30"], "", { PATH: `${home.path}/bin:/usr/bin:/bin` }).ended;
  expect(run.code).toBe(1);
  expect(run.last.edge).toMatchObject({ state: "partial" });
  expect(run.last.edge?.skipped).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^[1-7] of the repositories had no time/),
      expect.stringMatching(/^lab-\d$/),
    ]),
  );
  expect(namesIn(edge.newest)).toContain("home/file");
  expect((await home.save()).last.edge).toMatchObject({ state: "saved", skipped: [] });
  expect(namesIn(edge.newest).filter((name) => name.endsWith(".bundle"))).toHaveLength(8);
});

test("whoever listens may go: the save goes on to its end", async () => {
  home.write("file");
  const run = home.start("save");
  run.child.stdout.destroy();
  await run.ended;
  expect(edge.receipts.map(({ state }) => state)).toEqual(["saved"]);
});
