// Owns the real Kubernetes' part of `npm start -- --kubernetes`: started or found, installed for this edge, led to and from it.
// Must not know how a cluster is made or what is installed on it.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { join, resolve } from "node:path";
import { ControlClient } from "../kubernetes/control/control-client.ts";
import { install } from "../kubernetes/install/install.ts";
import { readKubernetesFile } from "../kubernetes/kubernetes-file.ts";
import { objectsAt, portAt, textAt, textOrNullAt } from "./fields.ts";
import { type PartControl, runPart } from "./part-child.ts";

const root = resolve(import.meta.dirname, "../..");
const lookEveryMs = 200;

runPart(async (configuration, control) => {
  const found = textOrNullAt(configuration, "found");
  const own = found === null ? await startKubernetes(textAt(configuration, "stateDir"), control) : null;
  const path = own?.path ?? found ?? "";
  const cluster = await readKubernetesFile(path);
  const edge = {
    issuer: textAt(configuration, "issuer"),
    audience: textAt(configuration, "audience"),
    installId: textAt(configuration, "installId"),
    signingKeys: objectsAt(configuration, "signingKeys"),
  };
  const { url, ca, namespace, shellImage } = await install(cluster, edge);
  const edgePort = portAt(configuration, "edgePort");
  // From the pods this machine is one on the internet, which has the edge's port and no other.
  await new ControlClient(cluster.control).outside(edgePort, edgePort);
  const port = portAt(configuration, "port");
  const door = port === 0 ? null : await openDoor(port, Number(new URL(url).port));
  return {
    ready: {
      url: door === null ? url : `https://127.0.0.1:${port}`,
      ca,
      namespace,
      shellImage,
      podEdgeUrl: `http://${cluster.outside.address}:${edgePort}`,
      kubernetes: path,
    },
    stop: async () => {
      door?.close();
      await own?.stop();
    },
  };
});

interface OwnKubernetes {
  /** Of its kubernetes.json. */
  readonly path: string;
  stop(): Promise<void>;
}

async function startKubernetes(stateDir: string, control: PartControl): Promise<OwnKubernetes> {
  // It ends with the channel, however this process ends.
  const child = spawn(process.execPath, ["dev/kubernetes/main.ts", "up", "--state", stateDir], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const path = join(stateDir, "kubernetes.json");
  while (!existsSync(path)) {
    if (hasEnded(child)) throw new Error("The real Kubernetes did not start.");
    await new Promise((done) => setTimeout(done, lookEveryMs));
  }
  child.once("exit", () => control.fail("The real Kubernetes ended."));
  return {
    path,
    stop: async () => {
      child.removeAllListeners("exit");
      if (hasEnded(child)) return;
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      await ended;
    },
  };
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** A port that was asked for by name leads to the one that the forwarder gave. */
async function openDoor(port: number, to: number): Promise<Server> {
  const join = (one: Socket, other: Socket): void => {
    one.pipe(other);
    one.once("error", () => other.destroy());
    one.once("close", () => other.destroy());
  };
  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ port: to, host: "127.0.0.1", noDelay: true });
    join(client, upstream);
    join(upstream, client);
  });
  await new Promise<void>((listening, failed) => {
    server.once("error", failed);
    server.listen(port, "127.0.0.1", listening);
  });
  return server;
}
