// Owns what is said of the walls around a pod that is there: each admission policy by what it alone refuses.
// Must not know how it is tried.

import type { ClusterFailure } from "../kubernetes/failure.ts";
import { type Finding, failed, ok, quote, warning } from "./check.ts";

/** What is tried, and what a stolen signing key could do where it is not refused. */
const walls = {
  "limpet-changes": {
    tried: "A foreign label on a shell",
    harm: "make a shell look like another pod, to policies and services of the cluster",
  },
  "limpet-endings": {
    tried: "To end a shell without its uid",
    harm: "end a pod that came after the one that was meant",
  },
  "limpet-reach": {
    tried: "A command that is none of Limpet's",
    harm: "run anything in everybody's shell",
  },
} as const;

/** The names of policies and of their bindings. */
export type WallName = keyof typeof walls;

/** `why` null: it was let through. */
export function wallWords(name: WallName, why: ClusterFailure | null): Finding {
  const { tried, harm } = walls[name];
  const look = `kubectl get validatingadmissionpolicy,validatingadmissionpolicybinding ${name}`;
  if (why === null) {
    return failed(
      `THE BINDING ${name} IS MISSING: ${lower(tried)} is let through, so a stolen signing key could ${harm}.`,
      `Apply cluster/base: its ValidatingAdmissionPolicy and ValidatingAdmissionPolicyBinding ${name} must be there (${look}).`,
    );
  }
  const said = why.message;
  if (why.status === 403 && said.includes(`with binding '${name}'`)) return ok(`${tried} is refused, by ${name}.`);
  // It refuses before anybody behind it is asked.
  if (why.status === 403 && said.startsWith("The ingress refused this")) {
    return ok(
      `${tried} is refused, by the ingress. Whether ${name} stands behind it cannot be seen from here: ${look}`,
    );
  }
  if (why.kind === "refused" && (why.status === 403 || why.status === 422 || why.status === 400)) {
    return warning(
      `${tried} is refused, but not by ${name} (${quote(said)}).`,
      `Look whether the ValidatingAdmissionPolicy of cluster/base and its binding are there as well: ${look}`,
    );
  }
  return warning(
    `It is not known whether ${lower(tried)} would be refused (${quote(said)}).`,
    `Look again; the cluster did not say. Whether the wall is there: ${look}`,
  );
}

function lower(text: string): string {
  return `${text.charAt(0).toLowerCase()}${text.slice(1)}`;
}
