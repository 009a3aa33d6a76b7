// Owns what the image's build does about programs that it cannot have, or that are not what build/pins says: before any
// image is built. Must not know where the real ones come from: nothing is fetched here.

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const build = resolve(import.meta.dirname, "../../../cluster/image/build");
const architecture = process.arch === "x64" ? "amd64" : process.arch;
// The loopback's port 1: nobody listens, and nothing leaves this machine.
const nowhere = "https://127.0.0.1:1";

let place: string;

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "limpet-fetch-"));
  mkdirSync(join(place, "offered"));
  mkdirSync(join(place, "build"));
  copyFileSync(join(build, "fetch"), join(place, "build/fetch"));
  copyFileSync(join(build, "azure-requirements.txt"), join(place, "build/azure-requirements.txt"));
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

const sum = (content: string | Buffer) => createHash("sha256").update(content).digest("hex");

function pins(...lines: readonly string[]): void {
  writeFileSync(join(place, "build/pins"), `# A comment.\n${lines.join("\n")}\n`);
}

function offer(name: string, content: string | Buffer): void {
  writeFileSync(join(place, "offered", name), content);
}

function fetchPrograms(environment: Readonly<Record<string, string>>) {
  const script = join(place, "build/fetch");
  const { status, stdout, stderr } = spawnSync(script, [join(place, "out"), join(place, "offered")], {
    env: { PATH: String(process.env["PATH"]), VARIANT: "full", LEAVE_OUT: "", ...environment },
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

const out = (path: string) => join(place, "out", path);
const note = () => readFileSync(out("usr/local/share/limpet/left-out"), "utf8");

describe.skipIf(!existsSync("/usr/bin/dpkg"))("on Debian, as in the image", () => {
  test.each([
    [{ VARIANT: "big" }, "VARIANT=big: it is full or slim."],
    [{ VARIANT: "" }, "VARIANT=: it is full or slim."],
    [{ LEAVE_OUT: "aws terraform" }, "LEAVE_OUT=aws terraform: terraform is none of kubectl helm tofu aws gcloud az."],
  ])("build arguments that mean nothing are refused: %j", (environment, said) => {
    pins();
    expect(fetchPrograms(environment)).toMatchObject({ status: 64, stderr: `${said}\n` });
  });

  test("what is left out is said and written down, each with its reason", () => {
    pins();
    const { status, stdout } = fetchPrograms({ VARIANT: "slim", LEAVE_OUT: "kubectl helm tofu az" });
    const argument = "the build argument LEAVE_OUT names it";
    const variant = "the variant is slim";
    const reasons = { kubectl: argument, helm: argument, tofu: argument, aws: variant, gcloud: variant, az: argument };
    const lines = Object.entries(reasons).map(([name, why]) => `Left out: ${name} (${why}).\n`);
    expect([status, stdout]).toEqual([0, lines.join("")]);
    expect(note()).toBe(lines.join(""));
  });

  test("what is offered is taken by its sum: the file at the address, or the program inside it", () => {
    const [kubectl, helm] = ["#!/bin/sh\necho kubectl\n", "#!/bin/sh\necho helm\n"];
    pins(
      `kubectl 1.2.3 other 0000 - ${nowhere}/kubectl`,
      `kubectl 1.2.3 ${architecture} ${sum(kubectl)} - ${nowhere}/kubectl`,
      `helm 4.5.6 ${architecture} ${sum("the archive")} ${sum(helm)} ${nowhere}/helm.tar.gz`,
    );
    offer("kubectl", kubectl);
    offer("helm", helm);
    const { status, stdout } = fetchPrograms({ VARIANT: "slim", LEAVE_OUT: "tofu" });
    expect([status, stdout]).toEqual([
      0,
      expect.stringContaining("kubectl 1.2.3: as offered\nhelm 4.5.6: as offered\n"),
    ]);
    expect(readFileSync(out("usr/local/bin/helm"), "utf8")).toBe(helm);
    expect(statSync(out("usr/local/bin/kubectl")).mode & 0o777).toBe(0o755);
  });

  test("helm comes out of its archive", () => {
    const helm = "#!/bin/sh\necho helm\n";
    mkdirSync(join(place, "linux-x"));
    writeFileSync(join(place, "linux-x/helm"), helm);
    writeFileSync(join(place, "linux-x/LICENSE"), "free");
    spawnSync("tar", ["-czf", join(place, "offered/helm"), "-C", place, "linux-x"]);
    pins(`helm 4.5.6 ${architecture} ${sum(readFileSync(join(place, "offered/helm")))} - ${nowhere}/helm.tar.gz`);
    expect(fetchPrograms({ VARIANT: "slim", LEAVE_OUT: "kubectl tofu" })).toMatchObject({ status: 0, stderr: "" });
    expect(readFileSync(out("usr/local/bin/helm"), "utf8")).toBe(helm);
  });

  test("what is offered and is something else is refused, and nothing of it is kept", () => {
    pins(`kubectl 1.2.3 ${architecture} ${sum("the real one")} - ${nowhere}/kubectl`);
    offer("kubectl", "another one");
    const { status, stderr } = fetchPrograms({});
    expect(status).toBe(65);
    expect(stderr).toContain(`The kubectl that is offered is not kubectl 1.2.3 for ${architecture}`);
    expect(existsSync(out("usr/local/bin/kubectl"))).toBe(false);
  });

  test("an address that does not answer, and a machine that has no pin, say what to do", () => {
    pins(`kubectl 1.2.3 ${architecture} ${sum("x")} - ${nowhere}/kubectl`);
    const unreachable = fetchPrograms({});
    expect(unreachable.status).toBe(69);
    expect(unreachable.stderr).toContain("offer the file (see Dockerfile), or leave it out (LEAVE_OUT)");
    pins(`kubectl 1.2.3 other ${sum("x")} - ${nowhere}/kubectl`);
    const unpinned = fetchPrograms({});
    expect(unpinned.status).toBe(65);
    expect(unpinned.stderr).toContain(`build/pins has no kubectl for ${architecture}`);
  });
});

test("every program of the image is pinned for both kinds of machine, by whole sums and over https", () => {
  const lines = readFileSync(join(build, "pins"), "utf8")
    .split("\n")
    .filter((line) => /^[^#]/.test(line));
  for (const line of lines) {
    expect(line).toMatch(/^[a-z]+ [0-9.]+ (amd64|arm64) [0-9a-f]{64} (-|[0-9a-f]{64}) https:\/\/\S+$/);
    const [name, version, , , , address] = line.split(" ");
    expect(address, name).toContain(String(version));
  }
  const names = lines.map((line) =>
    line
      .split(" ")
      .filter((_, place) => place === 0 || place === 2)
      .join(" "),
  );
  const wanted = ["kubectl", "helm", "tofu", "aws", "gcloud"].flatMap((name) => [`${name} amd64`, `${name} arm64`]);
  expect(names.toSorted()).toEqual(wanted.toSorted());
  const python = readFileSync(join(build, "azure-requirements.txt"), "utf8")
    .split("\n")
    .filter((line) => /^[^#]/.test(line));
  for (const line of python) expect(line).toMatch(/^[a-z0-9-]+==[0-9a-z.]+( --hash=sha256:[0-9a-f]{64}){1,2}$/);
});
