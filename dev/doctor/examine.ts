// Owns the order of an examination: the address from here, the ticket, what the edge tells, and then what only can be seen from
// here because the edge told of it.
// Must not know how anything is shown.

import { type CheckReport, type Finding, failed, ok, quote } from "../../worker/doctor/check.ts";
import type { EdgeFacts } from "../../worker/doctor/lines.ts";
import { askEdge, EdgeRefusal } from "./ask-edge.ts";
import { lookUpName, messageOf, readCertificate, readKeys } from "./outside.ts";
import { certificateWords, keysWords, nameWords } from "./outside-words.ts";
import { type WriteD1, writeTicket } from "./ticket.ts";

export interface Patient {
  /** Origin that people open. */
  readonly url: string;
  readonly repository: string | null;
  readonly d1: WriteD1;
  /** What brings its tables up to date, for a sentence. */
  readonly migrate: string;
}

/** Never rejects for what is wrong with the installation. @returns every check that came to an end, in order */
export async function examine(
  patient: Patient,
  cancel: AbortSignal,
  tell: (check: CheckReport) => void,
): Promise<readonly CheckReport[]> {
  const checks: CheckReport[] = [];
  const keep = (check: CheckReport): void => {
    tell(check);
    if (check.state !== "running") checks.push(check);
  };
  const look = async (id: string, title: string, work: () => Promise<Finding>): Promise<Finding["state"]> => {
    const begunMs = Date.now();
    tell({ id, title, state: "running", text: "", todo: null, ms: 0 });
    const finding = await work();
    keep({ id, title, ...finding, ms: Date.now() - begunMs });
    return finding.state;
  };
  await lookAtHost(patient.url, "public", "Public", look, false);
  let ticket = "";
  const written = await look("ticket", "Ticket", async () => {
    try {
      ticket = await writeTicket(patient.d1);
      return ok("A one-time ticket for the edge's own doctor is in D1.");
    } catch (error) {
      return ticketFault(messageOf(error), patient.migrate);
    }
  });
  if (written === "failed" || cancel.aborted) return checks;
  const edge = await listen(patient, ticket, cancel, keep);
  if (edge === null || cancel.aborted) return checks;
  await look("outside-keys", "Keys from here", async () =>
    keysWords(patient.url, edge.publicUrl, edge.kids, await readKeys(patient.url)),
  );
  if (edge.local) return checks;
  const reached = checks.some(({ id, state }) => id === "cluster-address" && state === "ok");
  await lookAtHost(edge.clusterUrl, "cluster", "Cluster", look, reached);
  return checks;
}

type Look = (id: string, title: string, work: () => Promise<Finding>) => Promise<Finding["state"]>;

/** Its name and, where it speaks TLS, its certificate. */
async function lookAtHost(address: string, id: string, title: string, look: Look, edgeReached: boolean): Promise<void> {
  const { protocol, hostname, port } = new URL(address);
  if (protocol !== "https:") return;
  const host = hostname.replace(/^\[|\]$/g, "");
  const named = await look(`${id}-dns`, `${title} name`, async () => nameWords(host, await lookUpName(host)));
  if (named === "failed") return;
  const number = port === "" ? 443 : Number(port);
  await look(`${id}-tls`, `${title} TLS`, async () =>
    certificateWords(host, await readCertificate(host, number), Date.now(), edgeReached),
  );
}

/** What the edge tells. Null: it told nothing of itself. */
async function listen(
  { url, repository }: Patient,
  ticket: string,
  cancel: AbortSignal,
  keep: (check: CheckReport) => void,
): Promise<EdgeFacts | null> {
  let edge: EdgeFacts | null = null;
  const fault = (finding: Finding): void => keep({ id: "edge", title: "Edge", ...finding, ms: 0 });
  try {
    for await (const line of askEdge(url, ticket, repository, cancel)) {
      if (line.type === "edge") edge = line.edge;
      else keep(line.check);
    }
  } catch (error) {
    if (cancel.aborted) return edge;
    fault(error instanceof EdgeRefusal ? refusalWords(url, error) : brokenWords(url, messageOf(error)));
  }
  return edge;
}

function refusalWords(url: string, { status, message }: EdgeRefusal): Finding {
  const said = `(HTTP ${status}: ${quote(message)})`;
  if (status === 401) {
    return failed(
      `${url} does not know the ticket ${said}.`,
      "It has another D1 than the one that the ticket was written to: database_id in wrangler.toml must be that Worker's.",
    );
  }
  if (status === 404 || (status >= 200 && status < 400)) {
    return failed(
      `At ${url} there is no doctor ${said}.`,
      "Is that Limpet's address? An older one has none: deploy again.",
    );
  }
  return failed(`${url} did not begin ${said}.`, "Its own words say why; more is in its log (npx wrangler tail).");
}

function brokenWords(url: string, why: string): Finding {
  return failed(
    `${url} gave no whole answer (${quote(why)}).`,
    "Look whether it is deployed there, and at its log (npx wrangler tail). The probe pod, if there is one, ends by itself.",
  );
}

function ticketFault(why: string, migrate: string): Finding {
  if (/no such table: doctor_tickets/.test(why)) {
    return failed("D1 has no table doctor_tickets: its migrations were not all applied.", `Apply them: ${migrate}.`);
  }
  // wrangler writes several lines; the last words are the reason as a rule.
  return failed(
    `No ticket could be written into D1 (${quote(why.slice(-400))}).`,
    "Sign in with an account that may write this D1 (npx wrangler login), and look at database_id in wrangler.toml.",
  );
}
