// Owns what is said of the probe pod: where it runs, what its image has, what it reaches, and that it is gone.
// Must not know how any of it was seen.

import { type Finding, failed, ok, quote, skipped, warning } from "./check.ts";

/** One part of the pod's way to Ready: how long it took, or what it stands at. */
export type SeenPart =
  | { readonly type: "done"; readonly ms: number }
  | { readonly type: "failed"; readonly detail: string }
  | { readonly type: "overtime"; readonly ms: number; readonly detail: string | null };

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function notYet({ ms, detail }: { readonly ms: number; readonly detail: string | null }): string {
  return `not after ${seconds(ms)}${detail === null ? "" : ` (${quote(detail)})`}`;
}

/** `created`: why the pod was not made at all; null: it was. */
export function nodeWords(selector: string, created: string | null, seen: SeenPart | null): Finding {
  if (created !== null || seen === null) {
    return failed(
      `The probe pod was not made (${quote(created ?? "no answer")}).`,
      "A dry-run of it was accepted a moment ago: look again, and at the API server.",
    );
  }
  if (seen.type === "done") return ok(`A node took the probe pod after ${seconds(seen.ms)}.`);
  const why = seen.type === "failed" ? quote(seen.detail) : notYet(seen);
  return failed(
    `No node took the probe pod: ${why}`,
    `There must be a node with ${selector} and room for SHELL_REQUESTS, or an autoscaler that adds one: kubectl get nodes --show-labels; the overlays of cluster/ show how to make the node group.`,
  );
}

export function imageWords(image: string, seen: SeenPart): Finding {
  if (seen.type === "done") return ok(`${image} was there or fetched, and its container made, in ${seconds(seen.ms)}.`);
  const why = seen.type === "failed" ? quote(seen.detail) : notYet(seen);
  return failed(
    `${image} did not come: ${why}`,
    "Look whether SHELL_IMAGE is spelt right, pushed for the nodes' processor, and may be fetched by the nodes (an image pull secret is the namespace's matter).",
  );
}

export function startWords(seen: SeenPart): Finding {
  if (seen.type === "done") return ok(`The probe pod was ready ${seconds(seen.ms)} after it was asked for.`);
  const why = seen.type === "failed" ? quote(seen.detail) : notYet(seen);
  return failed(
    `The probe pod does not stay up: ${why}`,
    "Is SHELL_IMAGE built from cluster/image? Its main process is /usr/local/lib/limpet/shell, run as uid 1000 without any privilege.",
  );
}

/** How `setup` ended. */
export type SeenSetup =
  | { readonly type: "receipt"; readonly ms: number }
  /** Refused before it began, in the cluster's words. */
  | { readonly type: "refused"; readonly status: number | null; readonly message: string }
  | { readonly type: "ended"; readonly exitCode: number | null; readonly message: string | null }
  | { readonly type: "lost" | "silent" | "overtime" | "flood" };

const ends: Readonly<Record<"lost" | "silent" | "overtime" | "flood", string>> = {
  lost: "the connection to it was lost",
  silent: "it said nothing for too long",
  overtime: "it did not end in time",
  flood: "it says more than it should",
};

export function setupWords(seen: SeenSetup): Finding {
  const built = "Build SHELL_IMAGE from cluster/image, whose scripts fit this Limpet.";
  switch (seen.type) {
    case "receipt":
      return ok(`An exec into the pod works, and setup gave its receipt after ${seconds(seen.ms)}.`);
    case "refused":
      return failed(
        `An exec into the pod is refused (${seen.status === null ? "" : `HTTP ${seen.status}: `}${quote(seen.message)}).`,
        "The Role must have get and create of pods/exec, the ingress must let WebSockets through, and the API server must reach the node's kubelet (port 10250).",
      );
    case "ended": {
      const said = quote(seen.message ?? "");
      if (seen.exitCode === 126 || seen.exitCode === 127 || /no such file|not found in \$PATH/.test(said)) {
        return failed("The image has no setup script.", built);
      }
      if (seen.exitCode === 69) return failed("A program that setup needs is missing in the image.", built);
      if (seen.exitCode === 73) {
        return failed(
          "The home cannot be written.",
          "It belongs to uid 1000 and is an emptyDir: look at the node's disk.",
        );
      }
      const how = seen.exitCode === null ? said : `exit status ${seen.exitCode}${said === "" ? "" : `: ${said}`}`;
      return failed(`setup ended without its receipt (${how === "" ? "no reason was given" : how}).`, built);
    }
    default:
      return failed(
        `setup gave no receipt: ${ends[seen.type]}.`,
        "Look whether a proxy or load balancer between the edge and the API server cuts WebSockets.",
      );
  }
}

/** A program of the image by its name: the version that it says; null: it is not there. */
export interface SeenProgram {
  readonly name: string;
  readonly version: string | null;
}

/** What Limpet's own scripts need; the rest is for the person. */
const needed: readonly string[] = ["tmux", "git", "ssh", "jq", "curl"];

export function programsWords(seen: readonly SeenProgram[]): Finding {
  if (seen.length === 0) {
    return warning(
      "The image's setup does not tell which programs there are.",
      "The image is older than this Limpet: build it again from cluster/image.",
    );
  }
  const there = seen.filter(({ version }) => version !== null).map(({ name, version }) => `${name} ${version}`);
  const missing = seen.filter(({ version }) => version === null).map(({ name }) => name);
  const lacks = missing.filter((name) => needed.includes(name));
  if (lacks.length > 0) {
    return failed(`Missing in the image: ${lacks.join(", ")}.`, "Build SHELL_IMAGE from cluster/image.");
  }
  const rest = missing.length === 0 ? "" : `. Not there: ${missing.join(", ")}`;
  return ok(`${there.join(", ")}${rest}.`);
}

/** What `setup` said of a step: its state, code and sentence; null: nothing. */
export type SeenStep = { readonly done: boolean; readonly code: string | null; readonly text: string } | null;

export function podToEdgeWords(edgeUrl: string, seen: SeenStep): Finding {
  if (seen === null)
    return warning("The pod did not say whether it reached the edge.", "Build the image again from cluster/image.");
  // The probe pod is nobody's shell: to be refused for that is the edge's own answer.
  if (seen.done || seen.code === "INVALID_CAPABILITY") return ok(`The pod reaches Limpet at ${edgeUrl}.`);
  if (seen.code === "EDGE_CERTIFICATE") {
    return failed(
      `The pod does not trust the certificate at ${edgeUrl} (${quote(seen.text)}).`,
      "If your network opens TLS, give its certificate in COMPANY_CA_BUNDLE.",
    );
  }
  return failed(
    `The pod does not reach Limpet at ${edgeUrl}, so nothing outside repositories would be saved (${quote(seen.text)}).`,
    "Look at DNS and egress in the shells' NetworkPolicy, at COMPANY_HTTPS_PROXY, and at POD_EDGE_URL.",
  );
}

/** Codes of the git step that are an answer of the host: it was reached, and wants a sign-in or knows no such repository. */
const reached: readonly string[] = [
  "GIT_SIGN_IN_NEEDED",
  "GIT_KEY_REFUSED",
  "GIT_TOKEN_REFUSED",
  "GIT_FORBIDDEN",
  "GIT_NOT_FOUND",
];

/** `seen` "not-run": the second set-up, with the repository, did not come so far; its words. */
export function gitWords(url: string | null, seen: SeenStep | { readonly notRun: string }): Finding {
  if (url === null) {
    return skipped("No repository was named: name one to see whether shells reach its host.");
  }
  if (seen === null) return warning(`The pod did not say whether it reaches ${url}.`, "Look again.");
  if ("notRun" in seen) return failed(`${url} was not asked (${quote(seen.notRun)}).`, "Look again.");
  if (seen.done) return ok(`The pod reaches ${url}.`);
  if (reached.includes(seen.code ?? "")) {
    return ok(`The pod reaches the host of ${url}, which wants a sign-in or has no such repository (none was used).`);
  }
  return failed(
    `The pod does not reach ${url} (${seen.code ?? "no code"}: ${quote(seen.text)})`,
    "Look at the shells' NetworkPolicy (a forge in a private range needs its allow-list), COMPANY_HTTPS_PROXY, COMPANY_CA_BUNDLE and COMPANY_KNOWN_HOSTS.",
  );
}

/** What became of the probe pod after it was asked to end. */
export type SeenEnding =
  | { readonly type: "none" }
  | { readonly type: "gone"; readonly ms: number }
  | { readonly type: "left"; readonly pod: string; readonly endsAtMs: number; readonly why: string };

export function endingWords(namespace: string, seen: SeenEnding): Finding {
  switch (seen.type) {
    case "none":
      return skipped("There was no pod to end.");
    case "gone":
      return ok(`The probe pod is gone, ${seconds(seen.ms)} after it was asked to end.`);
    case "left":
      return warning(
        `The probe pod ${seen.pod} is still there (${quote(seen.why)}); the cluster ends it by itself at ${isoTime(seen.endsAtMs)}.`,
        `To end it now: kubectl -n ${namespace} delete pod ${seen.pod}`,
      );
  }
}

/** `2026-11-23T14:03:07Z` */
function isoTime(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}
