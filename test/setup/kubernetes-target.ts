// Owns how the set-up tells the proofs on a real Kubernetes which one they have.
// Must not know how it is reached.

export type KubernetesTarget =
  /** Ours (dev/kubernetes): `file` is the path of its kubernetes.json. */
  | { readonly kind: "ours"; readonly file: string }
  /** Somebody's own: `kubeconfig` is a path. */
  | { readonly kind: "theirs"; readonly kubeconfig: string }
  | { readonly kind: "none"; readonly reason: string };

declare module "vitest" {
  interface ProvidedContext {
    /** KubernetesTarget as JSON. */
    kubernetes: string;
  }
}

export function parseKubernetesTarget(json: string): KubernetesTarget {
  const value: unknown = JSON.parse(json);
  const field = (name: string): unknown =>
    typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
  const [kind, file, kubeconfig, reason] = ["kind", "file", "kubeconfig", "reason"].map(field);
  if (kind === "ours" && typeof file === "string") return { kind, file };
  if (kind === "theirs" && typeof kubeconfig === "string") return { kind, kubeconfig };
  if (kind === "none" && typeof reason === "string") return { kind, reason };
  throw new Error("the set-up did not say which Kubernetes there is");
}
