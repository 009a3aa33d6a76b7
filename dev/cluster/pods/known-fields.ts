// Owns which fields a pod may have, so that a misspelt one is told to whoever sent it.
// Must not know what they do.

import { isObject, type Json, type JsonObject } from "../json.ts";

/** `true`: anything below it is taken as it is. An array of one: a list of such objects. */
type Shape = true | readonly [Shape] | { readonly [field: string]: Shape };

const all = (...fields: readonly string[]): { readonly [field: string]: Shape } =>
  Object.fromEntries(fields.map((field) => [field, true]));

const securityContext = all(
  ...["allowPrivilegeEscalation", "appArmorProfile", "capabilities", "fsGroup", "fsGroupChangePolicy", "privileged"],
  ...["procMount", "readOnlyRootFilesystem", "runAsGroup", "runAsNonRoot", "runAsUser", "seLinuxChangePolicy"],
  ...[
    "seLinuxOptions",
    "seccompProfile",
    "supplementalGroups",
    "supplementalGroupsPolicy",
    "sysctls",
    "windowsOptions",
  ],
);

const handler = { exec: all("command"), httpGet: true, sleep: all("seconds"), tcpSocket: true, grpc: true } as const;

const probe: Shape = {
  ...handler,
  ...all("failureThreshold", "initialDelaySeconds", "periodSeconds", "successThreshold", "timeoutSeconds"),
  ...all("terminationGracePeriodSeconds"),
};

const container: Shape = {
  ...all("name", "image", "imagePullPolicy", "command", "args", "workingDir", "envFrom", "ports", "resizePolicy"),
  ...all("restartPolicy", "stdin", "stdinOnce", "tty", "terminationMessagePath", "terminationMessagePolicy"),
  ...all("volumeDevices"),
  env: [all("name", "value", "valueFrom")],
  resources: all("limits", "requests", "claims"),
  volumeMounts: [
    all("name", "mountPath", "mountPropagation", "readOnly", "recursiveReadOnly", "subPath", "subPathExpr"),
  ],
  livenessProbe: probe,
  readinessProbe: probe,
  startupProbe: probe,
  lifecycle: { postStart: handler, preStop: handler, stopSignal: true },
  securityContext,
};

/** `v1.Pod` of Kubernetes 1.34, as deep as a shell's manifest goes. */
const pod: Shape = {
  ...all("apiVersion", "kind", "status"),
  metadata: all(
    ...["name", "generateName", "namespace", "labels", "annotations", "finalizers", "ownerReferences", "managedFields"],
    ...["uid", "resourceVersion", "generation", "creationTimestamp", "selfLink"],
    ...["deletionTimestamp", "deletionGracePeriodSeconds"],
  ),
  spec: {
    ...all("activeDeadlineSeconds", "affinity", "automountServiceAccountToken", "dnsConfig", "dnsPolicy"),
    ...all("enableServiceLinks", "ephemeralContainers", "hostAliases", "hostIPC", "hostNetwork", "hostPID"),
    ...all("hostUsers", "hostname", "hostnameOverride", "imagePullSecrets", "nodeName", "nodeSelector", "os"),
    ...all("overhead", "preemptionPolicy", "priority", "priorityClassName", "readinessGates", "resourceClaims"),
    ...all("resources", "restartPolicy", "runtimeClassName", "schedulerName", "schedulingGates", "serviceAccount"),
    ...all("serviceAccountName", "setHostnameAsFQDN", "shareProcessNamespace", "subdomain"),
    ...all("terminationGracePeriodSeconds", "tolerations", "topologySpreadConstraints", "volumes"),
    containers: [container],
    initContainers: [container],
    securityContext,
  },
};

/** The object without the fields that Kubernetes would drop, and the path of each one dropped. */
export function dropUnknownFields(object: JsonObject): { readonly object: JsonObject; readonly unknown: string[] } {
  const unknown: string[] = [];
  const pruned = prune(object, pod, "", unknown);
  return { object: isObject(pruned) ? pruned : object, unknown };
}

function prune(value: Json | undefined, shape: Shape, path: string, unknown: string[]): Json | undefined {
  if (shape === true || value === null) return value;
  if (isList(shape)) {
    if (!Array.isArray(value)) return value;
    return value.map((item, index) => prune(item, shape[0], `${path}[${index}]`, unknown) ?? null);
  }
  if (!isObject(value)) return value;
  const kept: Record<string, Json | undefined> = {};
  for (const [field, item] of Object.entries(value)) {
    const below = Object.hasOwn(shape, field) ? shape[field] : undefined;
    const place = path === "" ? field : `${path}.${field}`;
    if (below === undefined) unknown.push(place);
    else kept[field] = prune(item, below, place, unknown);
  }
  return kept;
}

function isList(shape: Shape): shape is readonly [Shape] {
  return Array.isArray(shape);
}
