// Owns a real git server over ssh on loopback: OpenSSH's sshd, one process a connection, keys alone, nothing but git.
// Must not know what is in its repositories or who tests what with them.

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findSshd } from "./sshd.ts";

export interface SshGitKey {
  /** In OpenSSH's form: `ssh-ed25519 AAAA… comment`. */
  readonly publicKey: string;
  /** May push; false: may only read (a deploy key as forges make them). */
  readonly write: boolean;
}

export interface SshGitServerWish {
  /** A folder of bare repositories: `NAME.git`, also deeper. */
  readonly root: string;
  readonly keys: readonly SshGitKey[];
}

export interface SshGitServer {
  readonly port: number;
  /** `ssh://git@127.0.0.1:PORT/NAME.git` */
  url(name: string): string;
  /** Lines of a known_hosts file for this server. */
  knownHosts(): string;
  /** Who may come in from now on. */
  setKeys(keys: readonly SshGitKey[]): void;
  /** Another host key from now on, as after a break-in or a careless move. */
  changeHostKey(): void;
  /** What sshd wrote: who was let in and who was not. */
  log(): string;
  close(): Promise<void>;
}

/** An ed25519 key pair made by ssh-keygen(1), without a passphrase. */
export function makeKeyPair(comment = "test"): { readonly privateKey: string; readonly publicKey: string } {
  const folder = mkdtempSync(join(tmpdir(), "limpet-key-"));
  try {
    const file = join(folder, "key");
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", file]);
    return { privateKey: readFileSync(file, "utf8"), publicKey: readFileSync(`${file}.pub`, "utf8").trim() };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** @throws Error where this machine has no sshd; ask `findSshd` first and skip with its reason. */
export async function startSshGitServer({ root, keys }: SshGitServerWish): Promise<SshGitServer> {
  const sshd = findSshd();
  if ("missing" in sshd) throw new Error(sshd.missing);
  const folder = mkdtempSync(join(tmpdir(), "limpet-sshd-"));
  const files = {
    config: join(folder, "sshd_config"),
    hostKey: join(folder, "host"),
    authorized: join(folder, "authorized"),
    passwd: join(folder, "passwd"),
    group: join(folder, "group"),
  };
  const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
  writeFileSync(files.passwd, `sshd:x:65534:65534::/:/bin/false\ngit:x:${uid}:${gid}::${folder}:/bin/sh\n`);
  writeFileSync(files.group, `git:x:${gid}:\n`);
  writeFileSync(files.config, sshdConfig(files));
  // sshd as root wants this folder, which Debian's unit makes (RuntimeDirectory=sshd); as anybody else it does not look.
  if (uid === 0) mkdirSync("/run/sshd", { recursive: true, mode: 0o755 });

  const makeHostKey = (): void => {
    const { privateKey, publicKey } = makeKeyPair("host");
    writeFileSync(files.hostKey, privateKey, { mode: 0o600 });
    chmodSync(files.hostKey, 0o600);
    writeFileSync(`${files.hostKey}.pub`, publicKey);
  };
  const setKeys = (chosen: readonly SshGitKey[]): void => {
    const command = join(import.meta.dirname, "serve-git");
    const lines = chosen.map(
      ({ publicKey, write }) => `restrict,command="'${command}' '${root}' ${write ? "write" : "read"}" ${publicKey}\n`,
    );
    writeFileSync(files.authorized, lines.join(""), { mode: 0o600 });
  };
  makeHostKey();
  setKeys(keys);

  let log = "";
  const children = new Set<ChildProcess>();
  const accept = (socket: Socket): void => {
    // inetd's way (-i): the connection is the process' stdin and stdout, so no port is chosen twice.
    const child = spawn(sshd.program, ["-i", "-e", "-f", files.config], {
      stdio: [socket, socket, "pipe"],
      env: {
        PATH: "/usr/bin:/bin",
        LD_LIBRARY_PATH: sshd.libraries,
        // The account `git` that the addresses of forges name is ours under another name.
        LD_PRELOAD: sshd.accounts,
        NSS_WRAPPER_PASSWD: files.passwd,
        NSS_WRAPPER_GROUP: files.group,
      },
    });
    children.add(child);
    child.once("close", () => children.delete(child));
    child.once("error", (error) => {
      log += `${error.message}\n`;
    });
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      log += text;
    });
    socket.destroy();
  };
  const server = createServer({ pauseOnConnect: true }, accept);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: (name) => `ssh://git@127.0.0.1:${port}/${name}.git`,
    knownHosts: () => `[127.0.0.1]:${port} ${readFileSync(`${files.hostKey}.pub`, "utf8")}\n`,
    setKeys,
    changeHostKey: makeHostKey,
    log: () => log,
    close: async () => {
      await new Promise((resolve) => server.close(resolve));
      for (const child of children) child.kill("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function sshdConfig(files: { readonly hostKey: string; readonly authorized: string }): string {
  return [
    `HostKey ${files.hostKey}`,
    `AuthorizedKeysFile ${files.authorized}`,
    "AuthenticationMethods publickey",
    "PubkeyAuthentication yes",
    "PasswordAuthentication no",
    "KbdInteractiveAuthentication no",
    "AllowUsers git",
    // `git` has the number of whoever runs the tests, which may be root's.
    "PermitRootLogin prohibit-password",
    // Temporary folders may be everybody's.
    "StrictModes no",
    "AcceptEnv GIT_PROTOCOL",
    "PidFile none",
    "UsePAM no",
    "PrintMotd no",
    "PrintLastLog no",
    "UseDNS no",
    "",
  ].join("\n");
}
