// Owns a run of the doctor in a test: on the tests' cluster, impatient, with settings or bindings of the test's own.
// Must not know any check.

import type { Finding } from "../../../worker/doctor/check.ts";
import type { CheckId } from "../../../worker/doctor/checks.ts";
import type { Patience } from "../../../worker/doctor/patience.ts";
import { runDoctor } from "../../../worker/doctor/run.ts";
import { environment } from "../browser.ts";
import { pods } from "../object/cluster.ts";

export const impatient: Patience = {
  nodeMs: 400,
  machineMs: 1_200,
  imageMs: 2_000,
  pullMs: 300,
  startMs: 4_000,
  setupMs: 20_000,
  gitMs: 20_000,
  endMs: 6_000,
  lookEveryMs: 100,
};

export interface Circumstances {
  readonly variables?: Readonly<Record<string, string>>;
  /** In the place of the platform's own. */
  readonly bindings?: Partial<Pick<Env, "DB" | "SNAPSHOTS" | "USER_SHELL">>;
  readonly repository?: string;
  readonly cancel?: AbortSignal;
  /** Told of each check as it begins. */
  readonly begins?: (id: string) => void;
}

export async function examine(circumstances: Circumstances = {}): Promise<Readonly<Record<CheckId, Finding>>> {
  const { variables = {}, bindings = {}, repository = null, begins = () => {} } = circumstances;
  const replaced = Object.entries(bindings).map(([name, value]) => [name, { value }] as const);
  // The tests' own settings are those of wrangler.toml, whose image is an example.
  const env: Env = Object.create(
    environment({ SHELL_IMAGE: "limpet-shell:test", ...variables }),
    Object.fromEntries(replaced),
  );
  const world = {
    env,
    now: Date.now,
    pause: (ms: number) => scheduler.wait(ms),
    repository,
    patience: impatient,
    cancel: circumstances.cancel ?? new AbortController().signal,
  };
  const found = await runDoctor(world, ({ id, state }) => {
    if (state === "running") begins(id);
  });
  return Object.fromEntries(found) as Record<CheckId, Finding>;
}

/** The ids of those in this state, in their order. */
export function those(found: Readonly<Record<string, Finding>>, state: Finding["state"]): readonly string[] {
  return Object.entries(found).flatMap(([id, finding]) => (finding.state === state ? [id] : []));
}

/** The names of probe pods that are in the cluster. */
export async function probes(): Promise<readonly string[]> {
  const page = await pods.list("app.kubernetes.io/name=limpet-shell", 500, null);
  if (!page.ok) throw new Error(page.failure.message);
  return page.value.pods.map(({ name }) => name).filter((name) => name.startsWith("limpet-d0ct0r"));
}
