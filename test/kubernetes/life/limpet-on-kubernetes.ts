// Owns a whole Limpet of a proof's own, as `npm start -- --kubernetes` makes it, on the cluster of the proofs.
// Must not know what is proven with it.

import { afterAll, beforeAll } from "vitest";
import { LocalLimpet } from "../../start/harness/local-limpet.ts";
import { type OwnKubernetes, openKubernetesAlone } from "../harness/kubernetes.ts";
import { type Outside, openOutside } from "./outside.ts";
import { Person } from "./person.ts";
import { Pods, shellsNamespace } from "./pods.ts";

export interface Ground {
  readonly own: OwnKubernetes;
  readonly limpet: LocalLimpet;
  readonly outside: Outside;
  readonly pods: Pods;
  /** A person who was never there before, with a shell that is ready. */
  newPerson(): Promise<Person>;
}

/**
 * Made before the first test of a file and ended after its last; every shell of it goes too.
 * @param variables of the Worker, by their names in wrangler.toml
 * @returns throws where there is no cluster: tests that come so far ask `needsKubernetesAlone` first
 */
export function useGround(variables: Readonly<Record<string, string>>): () => Ground {
  let ground: Ground | null = null;
  beforeAll(async () => {
    const own = await openKubernetesAlone();
    if (own !== null) ground = await prepare(own, variables);
  }, 300_000);
  afterAll(async () => {
    if (ground === null) return;
    await ground.limpet.dispose();
    await ground.outside.close();
    const all = ["delete", "pods", "-n", shellsNamespace, "--all", "--grace-period=0", "--force", "--ignore-not-found"];
    await ground.own.kubectl.run(all);
  });
  return () => {
    if (ground === null) throw new Error("The ground is made before the first test.");
    return ground;
  };
}

async function prepare(own: OwnKubernetes, variables: Readonly<Record<string, string>>): Promise<Ground> {
  const outside = await openOutside(own);
  const given = { COMPANY_CA_BUNDLE: outside.ca, ...variables };
  const named = Object.entries(given).map(([name, value]) => [`LIMPET_VARS_${name}`, value]);
  const limpet = await LocalLimpet.create({ LIMPET_KUBERNETES: own.path, ...Object.fromEntries(named) }, [
    "--kubernetes",
  ]);
  let people = 0;
  try {
    await limpet.begin();
  } catch (error) {
    await limpet.dispose();
    await outside.close();
    throw error;
  }
  return {
    own,
    limpet,
    outside,
    pods: new Pods(own.kubectl),
    newPerson: () => Person.withShell(limpet.url, `Person ${++people}`),
  };
}
