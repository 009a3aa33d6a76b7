// Owns a run of the doctor: each check in its turn, told as it begins and as it ends; the probe pod's end, whatever happens.
// Must not know who asked, or how it is told.

import type * as oauth from "oauth4webapi";
import type { ClusterFailure } from "../kubernetes/failure.ts";
import { isQuota } from "../kubernetes/failure.ts";
import { describeError, log } from "../log.ts";
import { podNameOf } from "../shells/shell-record.ts";
import { type CheckReport, type Finding, failed, skipped } from "./check.ts";
import { type CheckId, checks, whySkipped } from "./checks.ts";
import {
  addressWords,
  admissionWords,
  clockWords,
  podSecurityWords,
  policyWords,
  quotaWords,
  rightsWords,
  type SeenAnswer,
  strangersWords,
  tokenWords,
} from "./cluster-words.ts";
import { askForPods, dryRun, probeManifest, tryPrivileged, tryRights, unlikeShell } from "./look-at-cluster.ts";
import {
  lookAtConfiguration,
  lookAtDatabase,
  lookAtLimit,
  lookAtMigrations,
  lookAtObject,
  lookAtReaper,
  lookAtSealKeys,
  lookAtStorage,
} from "./look-at-edge.ts";
import { lookAtIssuer, lookAtPublicUrl, lookAtRedirect, lookAtSigningKey } from "./look-at-issuer.ts";
import { networkWords } from "./network-words.ts";
import {
  endingWords,
  gitWords,
  imageWords,
  nodeWords,
  podToEdgeWords,
  programsWords,
  setupWords,
  startWords,
} from "./pod-words.ts";
import { makeProbeId } from "./probe-id.ts";
import { ProbePod } from "./probe-pod.ts";
import type { ProbeTalk } from "./probe-talk.ts";
import { tryForeignCommand, tryForeignLabel, tryUnnamedEnding } from "./try-walls.ts";
import { type DoctorWorld, Visit, wordsOf } from "./visit.ts";
import { wallWords } from "./wall-words.ts";

/** What a check leaves for those that need it. */
class Round {
  readonly visit: Visit;
  server: oauth.AuthorizationServer | null = null;
  /** Asked without a token. */
  stranger: { readonly seen: SeenAnswer; readonly edgeMs: number } | null = null;
  admission: ClusterFailure | null = null;
  pod: ProbePod | null = null;
  talk: ProbeTalk | null = null;

  constructor(visit: Visit) {
    this.visit = visit;
  }
}

/** Given by an earlier check that this one needs. @throws Error where the list of checks says otherwise */
function given<T>(value: T | null): T {
  if (value === null) throw new Error("a check was looked at before what it needs");
  return value;
}

const looks: Readonly<Record<CheckId, (round: Round) => Promise<Finding>>> = {
  configuration: ({ visit }) => lookAtConfiguration(visit),
  database: ({ visit }) => lookAtDatabase(visit),
  migrations: ({ visit }) => lookAtMigrations(visit),
  storage: ({ visit }) => lookAtStorage(visit),
  object: ({ visit }) => lookAtObject(visit),
  "seal-keys": ({ visit }) => lookAtSealKeys(visit),
  reaper: ({ visit }) => lookAtReaper(visit),
  limit: ({ visit }) => lookAtLimit(visit),
  issuer: async (round) => {
    const { finding, server } = await lookAtIssuer(round.visit);
    round.server = server;
    return finding;
  },
  redirect: (round) => lookAtRedirect(round.visit, given(round.server)),
  "signing-key": ({ visit }) => lookAtSigningKey(visit),
  "public-url": ({ visit }) => lookAtPublicUrl(visit),
  "cluster-address": async (round) => {
    const seen = await askForPods(round.visit, false);
    round.stranger = { seen, edgeMs: round.visit.world.now() };
    return addressWords(round.visit.config.cluster.url, seen);
  },
  strangers: async (round) => strangersWords(given(round.stranger).seen),
  "cluster-clock": async (round) => {
    const { seen, edgeMs } = given(round.stranger);
    return clockWords(seen.type === "answer" ? seen.dateMs : null, edgeMs);
  },
  token: async ({ visit }) => tokenWords(visit.config.cluster.audience, await askForPods(visit, true)),
  rights: async ({ visit }) => rightsWords(visit.config.cluster.namespace, await tryRights(visit)),
  admission: async (round) => {
    round.admission = await dryRun(round.visit, manifestOfNobody(round.visit));
    return admissionWords(round.visit.config.cluster.namespace, round.admission);
  },
  quota: async ({ admission }) => quotaWords(admission !== null && isQuota(admission) ? admission : null),
  "pod-security": async ({ visit }) =>
    podSecurityWords(visit.config.cluster.namespace, await tryPrivileged(visit, manifestOfNobody(visit))),
  policy: async ({ visit }) => policyWords(await dryRun(visit, unlikeShell(manifestOfNobody(visit)))),
  node: async (round) => {
    const { visit } = round;
    const pod = new ProbePod(visit);
    const why = await pod.create();
    round.pod = pod;
    const selector = Object.entries(visit.config.shellNodeSelector).map(([key, value]) => `${key}=${value}`);
    const where = selector.length === 0 ? "any label" : selector.join(",");
    return nodeWords(where, why, why === null ? await pod.scheduled() : null);
  },
  image: async ({ visit, pod }) => imageWords(visit.config.shellImage, await given(pod).pulled()),
  start: async ({ pod }) => startWords(await given(pod).started()),
  setup: async (round) => {
    round.talk = await given(round.pod).talk(null);
    return setupWords(round.talk.end);
  },
  programs: async ({ talk }) => programsWords(given(talk).programs),
  network: async ({ visit, talk }) => networkWords(visit.config.cluster.namespace, given(talk).reaches),
  "pod-to-edge": async ({ visit, talk }) => podToEdgeWords(visit.config.podEdgeUrl, given(talk).step("edge")),
  git: async ({ visit, pod }) => {
    const { repository } = visit.world;
    if (repository === null) return gitWords(null, null);
    const talk = await given(pod).talk(repository);
    const step = talk.step("git");
    const end = talk.end;
    return gitWords(repository, step === null && end.type !== "receipt" ? { notRun: setupWords(end).text } : step);
  },
  "policy-changes": async ({ visit, pod }) => wallWords("limpet-changes", await tryForeignLabel(visit, given(pod))),
  "policy-endings": async ({ visit, pod }) => wallWords("limpet-endings", await tryUnnamedEnding(visit, given(pod))),
  "policy-reach": async ({ visit, pod }) => wallWords("limpet-reach", await tryForeignCommand(visit, given(pod))),
  ending: async ({ visit, pod }) =>
    endingWords(visit.config.cluster.namespace, pod === null ? { type: "none" } : await pod.end()),
};

function manifestOfNobody(visit: Visit) {
  const id = makeProbeId();
  return probeManifest(visit, id, podNameOf(id));
}

/** While a check lasts it is told again: proxies cut what is silent, and only a write tells that nobody listens any more. */
const tellAgainMs = 3_000;

/**
 * All checks, in their order; `tell` is given each as it begins, again while it lasts, and as it is over. Never rejects for what is wrong
 * with the installation. Where nobody waits any more it ends what it began, and looks at nothing else.
 * @returns what was found, by the check's id
 */
export async function runDoctor(
  world: DoctorWorld,
  tell: (report: CheckReport) => void,
): Promise<ReadonlyMap<CheckId, Finding>> {
  const round = new Round(new Visit(world));
  const found = new Map<CheckId, Finding>();
  for (const { id, title } of checks) {
    const begunMs = world.now();
    const running = (): void => tell({ id, title, state: "running", text: "", todo: null, ms: world.now() - begunMs });
    running();
    const again = setInterval(running, tellAgainMs);
    const finding = await findingOf(id, round, found, world.cancel).finally(() => clearInterval(again));
    found.set(id, finding);
    tell({ id, title, ...finding, ms: world.now() - begunMs });
  }
  const count = (state: Finding["state"]): number => [...found.values()].filter((each) => each.state === state).length;
  log("info", "doctor", { failed: count("failed"), warnings: count("warning"), skipped: count("skipped") });
  return found;
}

async function findingOf(
  id: CheckId,
  round: Round,
  found: ReadonlyMap<CheckId, Finding>,
  cancel: AbortSignal,
): Promise<Finding> {
  const why = whySkipped(id, found);
  if (why !== null) return skipped(why);
  if (cancel.aborted && id !== "ending") return skipped("Given up: nobody waits for it any more.");
  try {
    return await looks[id](round);
  } catch (error) {
    log("error", "doctor-check", { check: id, ...describeError(error) });
    return failed(`It could not be looked at (${wordsOf(error)}).`, "Look again; the Worker's log says more.");
  }
}
