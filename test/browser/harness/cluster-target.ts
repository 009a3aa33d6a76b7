// Owns on which cluster the product of the browser tests stands: the local one, or a real Kubernetes that runs already.
// Must not know what is tested. LIMPET_BROWSER_KUBERNETES=/path/kubernetes.json chooses the latter (test/kubernetes/browser.test.ts).

import type { TestContext } from "vitest";
import { type KubernetesFile, readKubernetesFile } from "../../../dev/kubernetes/kubernetes-file.ts";
import { makeCertificate } from "../../../dev/kubernetes/pki/x509.ts";

const path = process.env["LIMPET_BROWSER_KUBERNETES"] ?? "";

/** `null`: the local cluster. */
export const kubernetes: (KubernetesFile & { readonly path: string }) | null =
  path === "" ? null : { ...(await readKubernetesFile(path)), path };

/** For a test whose subject is the local cluster, or a fault that only that can play. */
export function onlyLocal(context: TestContext, why: string): void {
  if (kubernetes !== null) context.skip(`not on a real Kubernetes: ${why}`);
}

/** The forge's certificate for its address outside, and what makes a shell trust it as it would a company's. */
export const outsideTls = kubernetes === null ? null : makeOutsideTls(kubernetes.outside.address);

function makeOutsideTls(address: string) {
  const authority = { commonName: "A company's authority", usage: "authority" } as const;
  const ca = { ...authority, ...makeCertificate(authority) };
  return { ca: ca.cert, ...makeCertificate({ commonName: "forge", usage: "server", names: [address] }, ca) };
}

/** Variables of every installation there. */
export const targetVariables: Readonly<Record<string, string>> =
  outsideTls === null ? {} : { COMPANY_CA_BUNDLE: outsideTls.ca };
