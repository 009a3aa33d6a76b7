// Owns the proof of the shells' image, as its Dockerfile makes it: what is in it, what is not, and how it behaves in a pod.
// Must not know how it is built.

import { createHash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ensureShell } from "../../dev/kubernetes/images/ensure-images.ts";
import { whyNoKubernetes } from "../../dev/kubernetes/requirements.ts";
import { containerOf, type ImageContainer } from "./harness/image-container.ts";
import { type Installation, openInstallation, shells } from "./harness/installation.ts";
import { field, listOf } from "./harness/json.ts";
import { needsOwnKubernetes } from "./harness/kubernetes.ts";

const source = resolve(import.meta.dirname, "../../cluster/image");
const share = "/usr/local/share/limpet";
const leftOut = ["tofu", "aws", "gcloud", "az"];
const unfit = whyNoKubernetes();

describe.skipIf(unfit !== null)("the image by itself", () => {
  let container: ImageContainer;
  const lines = async (...command: readonly string[]) => (await container.run(command, "0:0")).trim().split("\n");

  beforeAll(async () => {
    container = await containerOf((await ensureShell()).archive);
  }, 600_000);
  afterAll(() => container?.remove());

  test.each([
    ["tmux", "-V", /^tmux 3\./],
    ["zsh", "--version", /^zsh 5\./],
    ["bash", "--version", /^GNU bash/],
    ["git", "--version", /^git version 2\./],
    ["git-lfs", "--version", /^git-lfs\//],
    ["ssh", "-Qcipher", /^chacha20-poly1305/m],
    ["less", "--version", /^less /],
    ["vim", "--version", /^VIM /],
    ["nano", "--version", /GNU nano/],
    ["jq", "--version", /^jq-1/],
    ["curl", "--version", /^curl /],
    ["unzip", "-v", /^UnZip/],
    ["rg", "--version", /^ripgrep/],
    ["python3", "--version", /^Python 3\./],
    ["tini", "--version", /^tini version/],
    ["flock", "--version", /^flock/],
  ])("%s runs", async (program, option, said) => {
    expect(await container.run([program, option])).toMatch(said);
  });

  test("kubectl and helm are the versions of the pins", async () => {
    const [kubectl, helm] = [await pinned("kubectl"), await pinned("helm")];
    expect(await container.run(["kubectl", "version", "--client"])).toContain(`Client Version: v${kubectl}\n`);
    expect(await container.run(["helm", "version", "--short"])).toContain(`v${helm}`);
  });

  test("what is left out is not there, and the image says so by name", async () => {
    const said = await lines("cat", `${share}/left-out`);
    expect(said.map((line) => /^Left out: (\S+) \(.+\)\.$/.exec(line)?.[1])).toEqual(leftOut);
    for (const program of leftOut) await expect(container.run(["sh", "-c", `command -v ${program}`])).rejects.toThrow();
  });

  test("nobody gains rights in it: no setuid, no file that all may write, no password", async () => {
    const writable = ["-perm", "-0002", "!", "-type", "l", "!", "-perm", "-1000"];
    const found = await container.run(
      ["find", "/", "-xdev", "(", "-type", "f", "-perm", "/6000", "-o", ...writable, ")"],
      "0:0",
    );
    expect(found.split("\n").filter((path) => path !== "" && !/^\/(proc|sys|dev)\//.test(path))).toEqual([]);
    const passwords = (await lines("cut", "-d:", "-f2", "/etc/shadow")).filter((word) => !/^[!*]+$/.test(word));
    expect(passwords).toEqual([]);
  });

  test("it is an ordinary person's: uid 1000, a home, zsh", async () => {
    expect(field(container.config, "User")).toBe("1000:1000");
    expect(field(container.config, "Entrypoint")).toEqual(["/usr/local/lib/limpet/shell"]);
    expect((await container.run(["id"])).trim()).toBe("uid=1000(limpet) gid=1000(limpet) groups=1000(limpet)");
    expect((await container.run(["getent", "passwd", "1000"])).trim()).toMatch(/:\/home\/limpet:\/usr\/bin\/zsh$/);
    expect((await lines("stat", "-c", "%u %a", "/home/limpet"))[0]).toBe("1000 700");
    expect(await container.run(["ls", "-A", "/home/limpet"])).toBe("");
  });

  test("the scripts are those of cluster/image, byte for byte, and no others", async () => {
    const folder = "/usr/local/lib/limpet";
    const inImage = await lines(
      "sh",
      "-c",
      `cd ${folder} && find . -type f -exec sha256sum {} + && find . -type f -perm /111`,
    );
    expect(inImage.toSorted()).toEqual((await scriptFacts()).toSorted());
  });

  test("the bill of materials lists every package of Debian's and every pinned program, and no other", async () => {
    const sbom: unknown = JSON.parse(await container.run(["cat", `${share}/sbom.spdx.json`]));
    expect(field(sbom, "spdxVersion")).toBe("SPDX-2.3");
    const listed = listOf(sbom, "packages").map((entry) => `${field(entry, "name")} ${field(entry, "versionInfo")}`);
    const installed = await lines("dpkg-query", "-W", "-f", `\${Package} \${Version}\\n`);
    const programs = [`kubectl ${await pinned("kubectl")}`, `helm ${await pinned("helm")}`];
    expect(listed.toSorted()).toEqual([...installed, ...programs].toSorted());
    const described = listOf(sbom, "relationships").map((entry) => field(entry, "relatedSpdxElement"));
    expect(described).toEqual(listOf(sbom, "packages").map((entry) => field(entry, "SPDXID")));
  });
});

describe.skipIf(unfit !== null)("the variant with the clouds' CLIs, as far as package registries carry them", () => {
  let container: ImageContainer;

  beforeAll(async () => {
    container = await containerOf((await ensureShell("full")).archive);
  }, 900_000);
  afterAll(() => container?.remove());

  test("az runs as the person, in the version that the bill of materials says, and nothing else came with it", async () => {
    const said: unknown = JSON.parse(await container.run(["sh", "-c", "HOME=/tmp/person az version --output json"]));
    const sbom: unknown = JSON.parse(await container.run(["cat", `${share}/sbom.spdx.json`]));
    const python = listOf(sbom, "packages").filter((entry) => JSON.stringify(entry).includes('"pkg:pypi/'));
    const versions = python.map((entry) => `${field(entry, "name")}==${field(entry, "versionInfo")}`);
    expect(versions).toContain(`azure-cli==${field(said, "azure-cli")}`);
    const pinnedPackages =
      (await readFile(join(source, "build/azure-requirements.txt"), "utf8")).match(/^[^#\s]+/gm) ?? [];
    expect(versions.map(plainName).toSorted()).toEqual(pinnedPackages.map(plainName).toSorted());
  });

  test("only what no registry carries is left out", async () => {
    const said = await container.run(["cat", `${share}/left-out`]);
    expect(said.match(/(?<=^Left out: )\S+/gm)).toEqual(leftOut.filter((name) => name !== "az"));
  });
});

/** One spelling for one Python package (PEP 503). */
function plainName(requirement: string): string {
  return requirement.toLowerCase().replace(/[-_.]+(?=.*==)/g, "-");
}

/** The version of a program in build/pins, for this machine. */
async function pinned(program: string): Promise<string> {
  const architecture = process.arch === "x64" ? "amd64" : process.arch;
  const text = await readFile(join(source, "build/pins"), "utf8");
  const [, version] = new RegExp(`^${program} (\\S+) ${architecture} `, "m").exec(text) ?? [];
  if (version === undefined) throw new Error(`build/pins has no ${program}.`);
  return version;
}

/** As `sha256sum` and then `find -perm /111` print them. */
async function scriptFacts(): Promise<readonly string[]> {
  const entries = await readdir(source, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const facts = files.map(async (path) => {
    const name = relative(source, path);
    if (name === "Dockerfile" || name.startsWith("build/")) return [];
    const sum = createHash("sha256")
      .update(await readFile(path))
      .digest("hex");
    const { mode } = await stat(path);
    return [`${sum}  ./${name}`, ...((mode & 0o111) === 0 ? [] : [`./${name}`])];
  });
  return (await Promise.all(facts)).flat();
}

describe("the image in a pod", () => {
  const person = "image-test";
  const pod = `limpet-${person}`;
  let installation: Installation;
  const inPod = (script: string) =>
    installation.kubectl.run(["exec", "--namespace", shells, pod, "--", "sh", "-c", script]);

  beforeEach(needsOwnKubernetes);
  beforeAll(async () => {
    const opened = await openInstallation();
    if (opened === null) return;
    installation = opened;
    await remove();
    await installation.kubectl.run(["create", "--namespace", shells, "--filename", "-"], installation.shellPod(person));
    await installation.kubectl.run([
      "wait",
      "--namespace",
      shells,
      "--for=condition=Ready",
      `pod/${pod}`,
      "--timeout=90s",
    ]);
  });
  afterAll(async () => {
    if (installation !== undefined) await remove();
  });
  const remove = () =>
    installation.kubectl.run(["delete", "pod", pod, "--namespace", shells, "--ignore-not-found", "--grace-period=1"]);

  test("tini is process 1, and takes what programs leave behind at once", async () => {
    expect((await inPod("cat /proc/1/comm")).trim()).toBe("tini");
    // Its parent goes first, so that process 1 inherits it.
    await inPod("sh -c 'sleep 0.3 & exit'; sleep 1");
    expect((await inPod("ps -eo stat=,comm= | grep -c '^Z' || true")).trim()).toBe("0");
  });

  test("no right, no capability, no way to gain one", async () => {
    const status = await inPod("cat /proc/self/status; id -u; sudo -n true 2>&1 || true");
    expect(status).toMatch(/CapEff:\s+0+\n/);
    expect(status).toMatch(/CapBnd:\s+0+\n/);
    expect(status).toMatch(/NoNewPrivs:\s+1\n/);
    expect(status).toMatch(/Seccomp:\s+2\n/);
    expect(status).toMatch(/^1000$/m);
  });

  test("zsh greets with a prompt, completes kubectl and helm, keeps its history; no file is made beside that", async () => {
    const screen = (keys: string, until: string) => inPod(typed(keys, until));
    const first = await screen("", "[$]$");
    expect(first).toMatch(/~ \$ ?$/m);
    await screen("C-u 'kubectl ge' Tab", "kubectl get");
    await screen("C-u 'helm ins' Tab", "helm install");
    await screen(
      "C-u 'git init -q r && cd r && git checkout -q -b '\\''a-$(touch$IFS-ran)-`id`%%1v'\\''' Enter",
      "a-[$]",
    );
    expect(await inPod("ls -A ~/r")).toBe(".git\n");
    await screen("'false' Enter", " 1 [$]$");
    expect(await inPod("cat ~/.zsh_history")).toMatch(/;false$/m);
    expect(
      (await inPod("rm -rf ~/r; ls -A ~")).split("\n").filter((name) => !/^(\.zsh_history|\.local|)$/.test(name)),
    ).toEqual([]);
  });
});

/** Types into a tmux of its own, by the image's way to a shell, and waits for the screen to show what is looked for. */
function typed(keys: string, until: string): string {
  const tmux = "tmux -S /tmp/image-test -u";
  return `
    cd && ${tmux} has-session 2>/dev/null || ${tmux} -f /dev/null new-session -d -x 120 -y 20 'SHELL=/usr/bin/zsh exec /usr/local/lib/limpet/login'
    ${keys === "" ? "" : `${tmux} send-keys ${keys}`}
    tries=0
    until ${tmux} capture-pane -p | sed '/^$/d' | tail -n 1 | grep -q '${until}'; do
      tries=$((tries + 1))
      [ "$tries" -lt 100 ] || { ${tmux} capture-pane -p >&2; exit 1; }
      sleep 0.1
    done
    ${tmux} capture-pane -p | sed '/^$/d'`;
}
