// Owns the pods that break one rule each, and what each is refused with.
// Must not know by which way they are sent.

import type { PodManifest } from "../../../worker/kubernetes/pod-manifest.ts";

/** Where in the pod (a JSON pointer), and what is put there; a function makes it of the pod, undefined takes it away. */
type Edit = readonly [pointer: string, value: Value | ((pod: PodManifest) => unknown)];
type Value = string | number | boolean | object | undefined;

export interface BadPod {
  readonly what: string;
  readonly edits: readonly Edit[];
  /** A part of the refusal's message. */
  readonly says: string;
}

const bad = (what: string, says: string, ...edits: readonly Edit[]): BadPod => ({ what, says, edits });

const shell = "/spec/containers/0";
const secured = `${shell}/securityContext`;
const label = (name: string): string => `/metadata/labels/${name.replaceAll("/", "~1")}`;
const container = (pod: PodManifest) => pod.spec.containers[0];
const withVariable = (variable: object) => (pod: PodManifest) => [...container(pod).env, variable];
const withToleration = (toleration: object) => (pod: PodManifest) => [...pod.spec.tolerations, toleration];
const home = (source: object): Edit => ["/spec/volumes", [{ name: "home", ...source }]];
const unlisted = (field: string): string => `a shell has no such fields: ${field}`;
/** Pod Security speaks before any policy of ours. */
const restricted = 'violates PodSecurity "restricted:v1.34"';

const identity: readonly BadPod[] = [
  bad("another name", "a shell's name is limpet-", ["/metadata/name", "limpet-somebody"]),
  bad(
    "a name that the server makes",
    unlisted("metadata.generateName"),
    ["/metadata/name", undefined],
    ["/metadata/generateName", "limpet-"],
  ),
  bad("another installation", "no such installation here: limpet.dev/install=other", [
    label("limpet.dev/install"),
    "other",
  ]),
  bad("no installation", "a shell's labels are", [label("limpet.dev/install"), undefined]),
  bad("a label of somebody else's", "a shell's labels are", [label("app"), "web"]),
  bad("another application's name", "a shell's labels are", [label("app.kubernetes.io/name"), "web"]),
  bad("an annotation of somebody else's", "a shell's annotations are", [
    "/metadata/annotations",
    { "example.com/a": "b" },
  ]),
  bad("an annotation of ours with another value", "a shell's annotations are", [
    "/metadata/annotations",
    { "karpenter.sh/do-not-disrupt": "yes" },
  ]),
  bad("a finalizer", unlisted("metadata.finalizers"), ["/metadata/finalizers", ["example.com/stay"]]),
  bad("an owner", unlisted("metadata.ownerReferences"), [
    "/metadata/ownerReferences",
    [{ apiVersion: "v1", kind: "ConfigMap", name: "a", uid: "b" }],
  ]),
  bad("a token of its account", "a shell has no account in the cluster", ["/spec/automountServiceAccountToken", true]),
  bad("a token by default", "a shell has no account in the cluster", ["/spec/automountServiceAccountToken", undefined]),
  bad("services in its environment", "a shell's environment names no services", ["/spec/enableServiceLinks", true]),
];

const life: readonly BadPod[] = [
  bad("no expiry", "a shell's labels are", [label("limpet.dev/expires-at"), undefined]),
  bad("an expiry that is no time", "expires-at is in unix seconds", [label("limpet.dev/expires-at"), "never"]),
  bad("an expiry after its deadline", "expires-at is in unix seconds", [label("limpet.dev/expires-at"), "99999999999"]),
  bad("no deadline", "activeDeadlineSeconds of a shell is at most 86400", ["/spec/activeDeadlineSeconds", undefined]),
  bad("a deadline beyond the longest life", "activeDeadlineSeconds of a shell is at most 86400", [
    "/spec/activeDeadlineSeconds",
    86_401,
  ]),
  bad("a grace without end", "terminationGracePeriodSeconds of a shell is at most 300", [
    "/spec/terminationGracePeriodSeconds",
    86_400,
  ]),
  bad("another restart policy", "a shell has restartPolicy Always", ["/spec/restartPolicy", "Never"]),
];

const pool = "nodeSelector of a shell is exactly limpet.dev/pool=shells";
const tolerates = "a shell tolerates limpet.dev/shells:NoSchedule";
const place: readonly BadPod[] = [
  bad("no node group", pool, ["/spec/nodeSelector", undefined]),
  bad("another node group", pool, ["/spec/nodeSelector", { "limpet.dev/pool": "system" }]),
  bad("one node of the group", pool, [
    "/spec/nodeSelector",
    { "limpet.dev/pool": "shells", "kubernetes.io/hostname": "shells-1" },
  ]),
  bad("a node by name, past the scheduler", unlisted("spec.nodeName"), ["/spec/nodeName", "system-1"]),
  bad("every taint tolerated", tolerates, ["/spec/tolerations", withToleration({ operator: "Exists" })]),
  bad("the control plane's taint tolerated", tolerates, [
    "/spec/tolerations",
    withToleration({ key: "node-role.kubernetes.io/control-plane", operator: "Exists", effect: "NoSchedule" }),
  ]),
  bad("a lost node tolerated for ever", tolerates, [
    "/spec/tolerations",
    withToleration({ key: "node.kubernetes.io/unreachable", operator: "Exists", effect: "NoExecute" }),
  ]),
  bad("an affinity", unlisted("spec.affinity"), ["/spec/affinity", { podAffinity: {} }]),
  bad("the priority of the cluster's own", "a shell's priorityClassName is limpet-shell", [
    "/spec/priorityClassName",
    "system-node-critical",
  ]),
  bad("another scheduler", "the default scheduler", ["/spec/schedulerName", "mine"]),
  bad("a gate before the scheduler", unlisted("spec.schedulingGates"), [
    "/spec/schedulingGates",
    [{ name: "example.com/wait" }],
  ]),
];

const network: readonly BadPod[] = [
  bad("the node's network", restricted, ["/spec/hostNetwork", true]),
  bad("a port of the node", restricted, [`${shell}/ports`, [{ containerPort: 80, hostPort: 80 }]]),
  bad("a port", unlisted("container.ports"), [`${shell}/ports`, [{ containerPort: 80 }]]),
  bad("names of its own for addresses", unlisted("spec.hostAliases"), [
    "/spec/hostAliases",
    [{ ip: "203.0.113.1", hostnames: ["example.com"] }],
  ]),
  bad(
    "other name servers",
    unlisted("spec.dnsConfig"),
    ["/spec/dnsPolicy", "None"],
    ["/spec/dnsConfig", { nameservers: ["203.0.113.1"] }],
  ),
  bad("the node's name servers", "dnsPolicy ClusterFirst", ["/spec/dnsPolicy", "Default"]),
  bad("another host name", unlisted("spec.hostname"), ["/spec/hostname", "api"]),
];

const privileges: readonly BadPod[] = [
  bad("the node's processes", restricted, ["/spec/hostPID", true]),
  bad("one process space", unlisted("spec.shareProcessNamespace"), ["/spec/shareProcessNamespace", true]),
  bad(
    "a privileged container",
    restricted,
    [`${secured}/privileged`, true],
    // Kubernetes refuses `privileged` without it before anybody's policy is asked.
    [`${secured}/allowPrivilegeEscalation`, true],
  ),
  bad("root", restricted, ["/spec/securityContext/runAsUser", 0]),
  bad("another uid", "a shell's securityContext is", ["/spec/securityContext/runAsUser", 1001]),
  bad("another group", "a shell's securityContext is", ["/spec/securityContext/supplementalGroups", [0]]),
  bad("no seccomp", restricted, ["/spec/securityContext/seccompProfile", { type: "Unconfined" }]),
  bad("a capability", "the container's securityContext is", [
    `${secured}/capabilities`,
    { drop: ["ALL"], add: ["NET_BIND_SERVICE"] },
  ]),
  bad("a field that restricts further", "the container's securityContext is", [
    `${secured}/readOnlyRootFilesystem`,
    true,
  ]),
];

const programs: readonly BadPod[] = [
  bad("another image", "no shell runs the image docker.io/library/busybox:1.37", [
    `${shell}/image`,
    "docker.io/library/busybox:1.37",
  ]),
  bad("another tag of the image", "no shell runs the image", [
    `${shell}/image`,
    (pod) => `${container(pod).image}-evil`,
  ]),
  bad("an image whose name only begins alike", "no shell runs the image", [
    `${shell}/image`,
    (pod) => container(pod).image.replace(/:[^:/]*$/, "-evil:1"),
  ]),
  bad("another command", "the container's command is", [`${shell}/command`, ["sh", "-c", "id"]]),
  bad("arguments", unlisted("container.args"), [`${shell}/args`, ["-c", "id"]]),
  bad("another folder", "the container's command is", [`${shell}/workingDir`, "/tmp"]),
  bad("another variable", "the container's env is", [
    `${shell}/env`,
    withVariable({ name: "LD_PRELOAD", value: "/a.so" }),
  ]),
  bad("a variable from a field", "the container's env is", [
    `${shell}/env`,
    withVariable({ name: "NODE", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } }),
  ]),
  bad("variables from a Secret", unlisted("container.envFrom"), [`${shell}/envFrom`, [{ secretRef: { name: "a" } }]]),
  bad("a hook after the start", "the container's only hook is preStop", [
    `${shell}/lifecycle/postStart`,
    { exec: { command: ["id"] } },
  ]),
  bad("a hook that asks a host", restricted, [
    `${shell}/lifecycle/preStop`,
    { httpGet: { host: "10.96.0.1", port: 443 } },
  ]),
  bad("a hook that asks the pod", "the container's only hook is preStop", [
    `${shell}/lifecycle/preStop`,
    { httpGet: { port: 443 } },
  ]),
  bad("a probe", unlisted("container.livenessProbe"), [`${shell}/livenessProbe`, { exec: { command: ["id"] } }]),
  bad("a second container", "a shell has one container, named shell", [
    "/spec/containers",
    (pod) => [container(pod), { ...container(pod), name: "second" }],
  ]),
  bad("a container of another name", "a shell has one container, named shell", [`${shell}/name`, "web"]),
  bad("an init container", unlisted("spec.initContainers"), [
    "/spec/initContainers",
    (pod) => [{ ...container(pod), name: "first", lifecycle: undefined }],
  ]),
  bad("a tty", unlisted("container.tty"), [`${shell}/tty`, true]),
  bad("its log in its status", "the container's termination message", [
    `${shell}/terminationMessagePolicy`,
    "FallbackToLogsOnError",
  ]),
];

const bounds: readonly BadPod[] = [
  bad("more memory than is allowed", "maximum memory usage per Pod is 2Gi", [
    `${shell}/resources/limits/memory`,
    "3Gi",
  ]),
  bad(
    "no limit of its processors",
    "maximum cpu usage per Pod is 2",
    [`${shell}/resources/limits/cpu`, undefined],
    [`${shell}/resources/requests/cpu`, undefined],
  ),
  bad(
    "huge pages",
    "requests and limits of cpu, memory and ephemeral-storage",
    [`${shell}/resources/limits/hugepages-2Mi`, "2Mi"],
    [`${shell}/resources/requests/hugepages-2Mi`, "2Mi"],
  ),
];

const oneVolume = "a shell's one volume is";
const volumes: readonly BadPod[] = [
  bad("a folder of the node", restricted, home({ hostPath: { path: "/" } })),
  bad("a Secret", oneVolume, home({ secret: { secretName: "a" } })),
  bad("a token as a volume", oneVolume, home({ projected: { sources: [{ serviceAccountToken: { path: "t" } }] } })),
  bad("a claim that is not listed", oneVolume, home({ persistentVolumeClaim: { claimName: "a" } })),
  bad("a home without a bound", oneVolume, home({ emptyDir: {} })),
  bad("a home above the bound", oneVolume, home({ emptyDir: { sizeLimit: "11Gi" } })),
  bad("a home in memory", oneVolume, home({ emptyDir: { medium: "Memory", sizeLimit: "1Gi" } })),
  bad("a second volume", oneVolume, ["/spec/volumes/1", { name: "more", emptyDir: { sizeLimit: "1Gi" } }]),
  bad("the home elsewhere", "the volume is named home", [
    `${shell}/volumeMounts`,
    [{ name: "home", mountPath: "/usr/local/lib/limpet" }],
  ]),
  bad("a part of the home", "the volume is named home", [`${shell}/volumeMounts/0/subPath`, "a"]),
  bad("a Secret to pull images with", "a shell's imagePullSecrets are", ["/spec/imagePullSecrets", [{ name: "a" }]]),
];

export const badPods: readonly BadPod[] = [
  ...identity,
  ...life,
  ...place,
  ...network,
  ...privileges,
  ...programs,
  ...bounds,
  ...volumes,
];

/** The pod with the edits of a bad one. @throws Error where an edit leads nowhere */
export function spoilt(pod: PodManifest, { edits }: BadPod): object {
  const copy: object = structuredClone(pod);
  for (const [pointer, value] of edits) {
    const keys = pointer
      .split("/")
      .slice(1)
      .map((key) => key.replaceAll("~1", "/"));
    const last = keys.pop() ?? "";
    const parent = keys.reduce<unknown>((inner, key) => Reflect.get(Object(inner), key), copy);
    if (typeof parent !== "object" || parent === null) throw new Error(`the pod has no ${pointer}`);
    const made: unknown = typeof value === "function" ? value(pod) : value;
    if (made === undefined) Reflect.deleteProperty(parent, last);
    else Reflect.set(parent, last, made);
  }
  return copy;
}
