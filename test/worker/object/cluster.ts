// Owns a test's own eyes and hands at the local cluster: what is there, and what goes wrong.
// Must not know the object under test.

import { env } from "cloudflare:workers";
import { parseConfig } from "../../../worker/config.ts";
import { parseJson } from "../../../worker/kubernetes/json.ts";
import type { Pod } from "../../../worker/kubernetes/pod.ts";
import { ClusterClient } from "../../../worker/kubernetes/request.ts";
import { clusterSettings, clusterSide } from "../../../worker/shells/settings.ts";

declare global {
  // biome-ignore lint/style/noNamespace: the platform's own types are a namespace, and this adds to one of them
  namespace Cloudflare {
    interface Env {
      /** Set by the tests' configuration only. */
      TEST_FAULTS_TOKEN: string;
    }
  }
}

const config = parseConfig(env);
const client = new ClusterClient(clusterSettings(config), "limpet:test", () => Date.now());

/** As the object asks for its pods. */
export const { pods, settings: podSettings } = clusterSide(config, client);

/** The pods of this person, whatever their names. */
export async function podsOf(userId: string): Promise<readonly Pod[]> {
  const page = await pods.list(`limpet.dev/user=${userId}`, 100, null);
  if (!page.ok) throw new Error(`the cluster did not list: ${page.failure.message}`);
  return page.value.pods;
}

/** A fault that stands, or an action (see dev/cluster). */
export async function fault(what: object): Promise<void> {
  await askFaults("POST", what);
}

/** Takes all faults away. */
export async function clearFaults(): Promise<void> {
  await askFaults("DELETE");
}

/** How many execs are open into this pod. */
export async function openExecs(pod: string): Promise<number> {
  const answer = await askFaults("GET");
  const execs: unknown = typeof answer === "object" && answer !== null ? Reflect.get(answer, "execs") : null;
  if (!Array.isArray(execs)) throw new Error("the cluster did not say which execs are open");
  return execs.filter((exec) => typeof exec === "object" && exec !== null && Reflect.get(exec, "pod") === pod).length;
}

async function askFaults(method: string, body?: object): Promise<unknown> {
  const response = await fetch(`${env.CLUSTER_URL}/faults`, {
    method,
    headers: { authorization: `Bearer ${env.TEST_FAULTS_TOKEN}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`the fault was not taken: ${text}`);
  return parseJson(text);
}
