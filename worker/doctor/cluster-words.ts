// Owns what is said of the way to the cluster and of what the cluster lets the edge do.
// Must not know how any of it was seen.

import { type ClusterFailure, isQuota } from "../kubernetes/failure.ts";
import { type Finding, failed, ok, quote, warning } from "./check.ts";

/** One answer of whatever is at CLUSTER_URL, or why there was none. */
export type SeenAnswer =
  | { readonly type: "unreachable"; readonly error: string }
  | {
      readonly type: "answer";
      readonly status: number;
      /** Its words: a Status' message, else the beginning of its body. */
      readonly message: string;
      /** Unix milliseconds of its `Date` (whole seconds); null where it has none. */
      readonly dateMs: number | null;
      /** True where a proxy of Cloudflare's answered in the place of the origin. */
      readonly platform: boolean;
      readonly ms: number;
    };

/**
 * What the platform answers in the place of an origin that it cannot reach (Cloudflare's "5xx errors"). The code of a 530 stands
 * in its body.
 */
const platformErrors: Readonly<Record<number, string>> = {
  520: "it answered something that is no HTTP",
  521: "it refused the connection",
  522: "the connection was not answered in time",
  523: "it cannot be reached",
  524: "it was connected and did not answer in time",
  525: "the TLS handshake failed",
  526: "its certificate is not trusted, has expired or is for another name",
  530: "its name is not known (DNS)",
};

export function addressWords(url: string, seen: SeenAnswer): Finding {
  const todo = unreachableTodo(seen);
  if (seen.type === "unreachable") return failed(`${url} cannot be reached (${quote(seen.error)}).`, todo);
  const platform = seen.platform ? platformErrors[seen.status] : undefined;
  if (platform !== undefined) return failed(`${url} cannot be reached: ${platform} (HTTP ${seen.status}).`, todo);
  if (seen.status === 503 || seen.status === 502 || seen.status === 504) {
    return failed(
      `${url} answers, but has nothing behind it (HTTP ${seen.status}: ${quote(seen.message)}).`,
      "Look at the ingress's pods and whether they reach the API server: kubectl -n limpet-system get pods.",
    );
  }
  if (seen.status === 404 || (seen.status >= 300 && seen.status < 400)) {
    return failed(
      `Something answers at ${url}, but it is no Kubernetes (HTTP ${seen.status}).`,
      "Set CLUSTER_URL to the ingress of cluster/ingress, or to the API server.",
    );
  }
  return ok(`${url} answers in ${seen.ms} ms.`);
}

/** What to do depends on the words, as far as the runtime tells them. */
function unreachableTodo(seen: SeenAnswer): string {
  const said = seen.type === "unreachable" ? seen.error : "";
  const status = seen.type === "answer" ? seen.status : 0;
  if (status === 530 || /dns|resolve|not found|no such host/i.test(said)) {
    return "Look whether the host in CLUSTER_URL is spelt right and has an address in the public DNS.";
  }
  if (status === 525 || status === 526 || /tls|certificate|ssl/i.test(said)) {
    return "Give the ingress a certificate that browsers trust, for exactly this name (cluster/ingress shows cert-manager).";
  }
  return "Look whether the load balancer of the ingress is up and lets the internet in on this port; npm run doctor looks from where you are.";
}

/** The same question without a token. */
export function strangersWords(seen: SeenAnswer): Finding {
  if (seen.type === "unreachable") {
    return warning(`It was not answered (${quote(seen.error)}).`, "Look again: the address answered a moment ago.");
  }
  if (seen.status >= 200 && seen.status < 300) {
    return failed(
      "THE CLUSTER ANSWERS WITHOUT A TOKEN: anybody who knows the address can list everybody's shells, or do more.",
      "Close it at once: the ingress must refuse what has no good token (cluster/ingress), and no RoleBinding may name system:anonymous.",
    );
  }
  if (seen.status === 401 || seen.status === 403) return ok(`Who has no token is refused (HTTP ${seen.status}).`);
  return warning(
    `Who has no token gets HTTP ${seen.status} (${quote(seen.message)}); 401 was expected.`,
    "Look what answers at CLUSTER_URL.",
  );
}

/** A token is dated back by 30 s; a little more than a `Date` of whole seconds and the way take of it. */
const clockLimitMs = 30_000;
const clockUneasyMs = 10_000;

/** `edgeMs`: our clock when the answer came. */
export function clockWords(dateMs: number | null, edgeMs: number): Finding {
  if (dateMs === null) {
    return warning(
      "The cluster does not say its time (no Date in its answers).",
      "If tokens are refused as not good yet or any more, set the clocks of the cluster's nodes (NTP).",
    );
  }
  const apartMs = dateMs - edgeMs;
  const seconds = Math.round(Math.abs(apartMs) / 1000);
  const which = apartMs > 0 ? "ahead of" : "behind";
  const todo = "Set the clock of the ingress's nodes (NTP): a token lives for a minute.";
  if (Math.abs(apartMs) > clockLimitMs) return failed(`The cluster's clock is ${seconds} s ${which} the edge's.`, todo);
  if (Math.abs(apartMs) > clockUneasyMs)
    return warning(`The cluster's clock is ${seconds} s ${which} the edge's.`, todo);
  return ok(`The cluster's clock and the edge's are ${seconds === 0 ? "less than a second" : `${seconds} s`} apart.`);
}

/** The same question with a token. */
export function tokenWords(audience: string, seen: SeenAnswer): Finding {
  if (seen.type === "unreachable") {
    return failed(`It was not answered (${quote(seen.error)}).`, "Look again: the address answered a moment ago.");
  }
  const said = quote(seen.message);
  if (seen.status === 401) {
    return failed(
      `The token is refused (HTTP 401: ${said}).`,
      `The cluster must know the issuer (PUBLIC_URL), the audience “${audience}” and the key: npm run ingress-keys prints the ConfigMap of keys; with an API server of its own word, look at its AuthenticationConfiguration and log.`,
    );
  }
  // Kubernetes names whom it refuses: then it knows who asks, and the rest is a matter of rights.
  const user = /User "([^"]{1,200})" cannot/.exec(seen.message)?.[1];
  if (seen.status === 403 && user !== undefined) return ok(`It is taken: the cluster knows us as ${user}.`);
  if (seen.status === 403) {
    return failed(
      `The token is known, and refused for this request (HTTP 403: ${said}).`,
      "The ingress allows only what Limpet asks, in CLUSTER_NAMESPACE: look at its settings (ConfigMap limpet-ingress) and at proxies on the way that change paths.",
    );
  }
  if (seen.status >= 200 && seen.status < 300) return ok("It is taken.");
  return failed(
    `The cluster did not answer as it should (HTTP ${seen.status}: ${said}).`,
    "Look at the ingress's log.",
  );
}

/** What the edge asks of the cluster, tried on a pod that is not there: 404 is the answer of somebody who may. */
export interface SeenRight {
  /** As in a Role: `list pods`. */
  readonly right: string;
  /** Null: it may. */
  readonly failure: ClusterFailure | null;
}

export function rightsWords(namespace: string, seen: readonly SeenRight[]): Finding {
  const refused = seen.flatMap(({ right, failure }) => (failure === null ? [] : [{ right, failure }]));
  const [first] = refused;
  if (first === undefined) return ok(`It may ${seen.map(({ right }) => right).join(", ")}.`);
  const names = refused.map(({ right }) => right).join(", ");
  if (first.failure.status === 403) {
    return failed(
      `It may not ${names} (${quote(first.failure.message)}).`,
      `Apply cluster/base: its Role limpet-edge in ${namespace} has exactly what Limpet asks.`,
    );
  }
  return failed(
    `It is not known whether it may ${names} (${quote(first.failure.message)}).`,
    "Look at the ingress's log and at the API server.",
  );
}

/** A dry-run of the very pod that a shell would be. */
export function admissionWords(namespace: string, why: ClusterFailure | null): Finding {
  if (why === null || isQuota(why)) return ok("A shell's pod is admitted, as the edge makes it.");
  const said = quote(why.message);
  if (/cannot create resource/.test(why.message)) {
    return failed(
      `The edge may not create pods (${said}).`,
      `Apply cluster/base: its Role limpet-edge in ${namespace} lets it.`,
    );
  }
  if (/namespaces? "[^"]*" not found/.test(why.message)) {
    return failed(
      `There is no namespace ${namespace}.`,
      "Apply cluster/base, or put the right one into CLUSTER_NAMESPACE.",
    );
  }
  if (/ValidatingAdmissionPolicy/.test(why.message)) {
    return failed(
      `The admission policy refuses a shell's pod (${said}).`,
      "What it allows and the edge's settings must fit: the ConfigMap limpet-admission in limpet-system (images, node selector, longest life, limits, installations) against wrangler.toml.",
    );
  }
  if (/PodSecurity/.test(why.message)) {
    return failed(
      `Pod Security refuses a shell's pod (${said}).`,
      `A shell's pod fits “restricted”: look which version and level the labels of the namespace ${namespace} ask for.`,
    );
  }
  if (/admission webhook/.test(why.message)) {
    return failed(
      `A webhook of the cluster refuses a shell's pod (${said}).`,
      `Make an exception for the namespace ${namespace} there; the webhook's own name is in its words.`,
    );
  }
  if (/maximum (cpu|memory|ephemeral)|minimum (cpu|memory|ephemeral)|LimitRange/i.test(why.message)) {
    return failed(
      `The namespace's LimitRange refuses a shell's pod (${said}).`,
      "SHELL_REQUESTS and SHELL_LIMITS must be within it.",
    );
  }
  if (why.kind !== "refused" || (why.status ?? 0) >= 500) {
    return failed(
      `A dry-run of a shell's pod was not answered as it should be (${said}).`,
      "Look at the API server and its admission webhooks.",
    );
  }
  return failed(
    `A shell's pod is refused (${said}).`,
    "The cluster's own words say why; look at SHELL_IMAGE and the rest of wrangler.toml.",
  );
}

/** The same dry-run: a quota is looked at last. */
export function quotaWords(why: ClusterFailure | null): Finding {
  if (why === null) return ok("There is room for one more shell.");
  return failed(
    `There is no room for one more shell (${quote(why.message)}).`,
    "Delete shells that nobody needs, or raise the ResourceQuota of cluster/base in your overlay (and SHELL_LIMIT with it).",
  );
}

/** A dry-run of a privileged pod. `why` null: it was accepted. */
export function podSecurityWords(namespace: string, why: ClusterFailure | null): Finding {
  if (why === null) {
    return failed(
      "A PRIVILEGED POD WOULD BE ACCEPTED: whoever has the signing key could take a node.",
      `Apply cluster/base: the namespace ${namespace} must have the label pod-security.kubernetes.io/enforce=restricted.`,
    );
  }
  if (!isRefusal(why)) return notAnswered("a privileged pod", why);
  if (/PodSecurity/.test(why.message)) return ok("A privileged pod is refused, by Pod Security.");
  return warning(
    `A privileged pod is refused, but not by Pod Security (${quote(why.message)}).`,
    `Label the namespace ${namespace} with pod-security.kubernetes.io/enforce=restricted (cluster/base does): one wall more.`,
  );
}

/** A dry-run of a pod that Pod Security allows and our own policy does not. */
export function policyWords(why: ClusterFailure | null): Finding {
  if (why === null) {
    return failed(
      "THE ADMISSION POLICY IS MISSING: a pod that is no shell would be accepted, so a stolen signing key could run anything here.",
      "Apply cluster/base: its ValidatingAdmissionPolicy and its binding must be there (kubectl get validatingadmissionpolicies,validatingadmissionpolicybindings).",
    );
  }
  if (!isRefusal(why)) return notAnswered("a pod that is no shell", why);
  if (/ValidatingAdmissionPolicy/.test(why.message))
    return ok("A pod that is no shell is refused, by the admission policy.");
  return warning(
    `A pod that is no shell is refused, but not by Limpet's policy (${quote(why.message)}).`,
    "Look whether the ValidatingAdmissionPolicy of cluster/base is there as well.",
  );
}

function isRefusal(why: ClusterFailure): boolean {
  return why.kind === "refused" && (why.status === 403 || why.status === 422 || why.status === 400) && !isQuota(why);
}

function notAnswered(what: string, why: ClusterFailure): Finding {
  return warning(
    `It is not known whether ${what} would be refused (${quote(why.message)}).`,
    "Look again; the API server did not say.",
  );
}
