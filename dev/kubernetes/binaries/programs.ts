// Owns which programs the cluster consists of and how each is built from its Go module: one module a project, since no
// two agree on the versions that they need. Must not know where Go comes from, nor where the programs go.

/** A Go module of `modules/`; its go.mod pins the project's version, its go.sum everything else. */
export interface Module {
  readonly folder: string;
  /** The module whose version is the project's; absent: the module is ours. */
  readonly project?: string;
  /** File name of the program → its package. */
  readonly programs: Readonly<Record<string, string>>;
  /** Variables that the project's own build sets by the linker. */
  readonly variables?: (version: string) => Readonly<Record<string, string>>;
}

const kubernetes: Module = {
  folder: "kubernetes",
  project: "k8s.io/kubernetes",
  programs: Object.fromEntries(
    ["kube-apiserver", "kube-controller-manager", "kube-proxy", "kube-scheduler", "kubectl", "kubelet"].map((name) => [
      name,
      `k8s.io/kubernetes/cmd/${name}`,
    ]),
  ),
  // As hack/lib/version.sh of k8s.io/kubernetes does it.
  variables: (version) => {
    const [, major, minor] = /^v([0-9]+)\.([0-9]+)\./.exec(version) ?? [];
    if (major === undefined || minor === undefined) throw new Error(`${version} is not a version of Kubernetes.`);
    const values = { gitVersion: version, gitMajor: major, gitMinor: minor, gitTreeState: "clean" };
    return Object.fromEntries(
      ["k8s.io/component-base/version", "k8s.io/client-go/pkg/version"].flatMap((packageName) =>
        Object.entries(values).map(([name, value]) => [`${packageName}.${name}`, value]),
      ),
    );
  },
};

/** The one that takes minutes comes last: what is wrong with the others shows soon. */
export const modules: readonly Module[] = [
  { folder: "pause", programs: { pause: "." } },
  {
    folder: "etcd",
    project: "go.etcd.io/etcd/server/v3",
    programs: { etcd: "go.etcd.io/etcd/server/v3" },
  },
  { folder: "coredns", project: "github.com/coredns/coredns", programs: { coredns: "." } },
  {
    folder: "network-policies",
    project: "sigs.k8s.io/kube-network-policies",
    programs: { "kube-network-policies": "sigs.k8s.io/kube-network-policies/cmd/kube-network-policies/standard" },
  },
  kubernetes,
];

/** The module that gives the cluster its version. */
export const kubernetesModule: Module = kubernetes;

/**
 * @param module a path, as `k8s.io/kubernetes`
 * @param goMod the text of a go.mod
 * @returns the version that it requires, as `v1.34.4`
 */
export function requiredVersion(goMod: string, module: string): string {
  for (const line of goMod.split("\n")) {
    const [path, version] = line
      .trim()
      .replace(/^require /, "")
      .split(/\s+/);
    if (path === module && version !== undefined && /^v[0-9]/.test(version)) return version;
  }
  throw new Error(`go.mod does not require ${module}.`);
}

/** @returns the oldest Go that may build it, as `1.26.0`: a go.mod's `go` line */
export function requiredGo(goMod: string): string {
  const [, version] = /^go ([0-9]+(?:\.[0-9]+)*)$/m.exec(goMod) ?? [];
  if (version === undefined) throw new Error("go.mod does not say which Go it needs.");
  return version;
}
