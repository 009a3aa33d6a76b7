// Owns carrying out what is asked through the control socket, on the parts of a running cluster.
// Must not know HTTP.

import { writeAuthentication } from "../components/authentication.ts";
import type { Component } from "../components/component.ts";
import { outsideAddress, privateAddresses } from "../layout.ts";
import type { Relay } from "../network/relay.ts";
import type { Node } from "../node.ts";
import { ControlFault } from "./control-server.ts";
import type { ControlRequest } from "./requests.ts";

export interface ClusterParts {
  /** The control plane's. */
  readonly components: ReadonlyMap<string, Component>;
  readonly nodes: readonly Node[];
  readonly relay: Relay;
  readonly outsideRelay: Relay;
  readonly authenticationPath: string;
}

/** @throws ControlFault where there is no such thing */
export async function carryOut(parts: ClusterParts, request: ControlRequest): Promise<object> {
  switch (request.do) {
    case "component":
      await componentOf(parts, request.name)[request.action]();
      return {};
    case "node": {
      const node = nodeOf(parts, request.name);
      if (request.action === "stop") await node.cut();
      else {
        await node.boot();
        node.join();
      }
      return {};
    }
    case "outside": {
      const { address, port, to } = request;
      if (address === null || address === outsideAddress)
        await parts.outsideRelay.lead({ host: outsideAddress, port }, to);
      else if (privateAddresses.includes(address)) await parts.relay.lead({ host: address, port }, to);
      else throw new ControlFault(`There is ${[outsideAddress, ...privateAddresses].join(", ")}; not ${address}.`);
      return {};
    }
    case "forward":
      return { port: await parts.relay.forward(request.to) };
    case "images":
      await Promise.all(parts.nodes.map((node) => node.importImages(request.archive)));
      return {};
    case "authentication":
      await writeAuthentication(parts.authenticationPath, request.configuration ?? undefined);
      return {};
  }
}

function nodeOf(parts: ClusterParts, name: string): Node {
  const node = parts.nodes.find(({ layout }) => layout.name === name);
  if (node !== undefined) return node;
  throw new ControlFault(
    `There is no node ${name}; there is ${parts.nodes.map(({ layout }) => layout.name).join(", ")}.`,
  );
}

function componentOf(parts: ClusterParts, name: string): Component {
  const [first = "", second] = name.split("/");
  const component = second === undefined ? parts.components.get(first) : nodeOf(parts, first).component(second);
  if (component !== undefined) return component;
  throw new ControlFault(
    `${name} is not there: a component is ${[...parts.components.keys()].join(", ")} or NODE/kubelet.`,
  );
}
