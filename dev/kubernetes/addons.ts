// Owns what every cluster has beside its programs: rights of ours, and DNS as a deployment behind the service `kube-dns`.
// Must not know Limpet's own manifests.

import { clusterDomain, dnsAddress, outsideAddress, outsideDomain } from "./layout.ts";
import { kubeletClientUser, networkPoliciesUser } from "./pki/credentials.ts";

const dnsLabels = { "k8s-app": "kube-dns" };
const namespace = "kube-system";
const rbac = "rbac.authorization.k8s.io";

export interface AddonOptions {
  /** An image that has next to nothing. */
  readonly image: string;
  /** Path of CoreDNS's program on the node: static, it needs nothing of an image. */
  readonly coredns: string;
}

export function addonObjects(options: AddonOptions): readonly object[] {
  return [...rights(), ...dnsRights(), dnsConfiguration(), dnsDeployment(options), dnsService()];
}

function rights(): readonly object[] {
  const policies = "limpet:network-policies";
  return [
    bindClusterRole("limpet:kubelet-api", "system:kubelet-api-admin", user(kubeletClientUser)),
    {
      apiVersion: `${rbac}/v1`,
      kind: "ClusterRole",
      metadata: { name: policies },
      rules: [
        { apiGroups: [""], resources: ["pods", "namespaces"], verbs: ["list", "watch"] },
        { apiGroups: ["networking.k8s.io"], resources: ["networkpolicies"], verbs: ["list", "watch"] },
      ],
    },
    bindClusterRole(policies, policies, user(networkPoliciesUser)),
  ];
}

function dnsRights(): readonly object[] {
  return [
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "coredns", namespace } },
    {
      apiVersion: `${rbac}/v1`,
      kind: "ClusterRole",
      metadata: { name: "system:coredns" },
      rules: [
        { apiGroups: [""], resources: ["endpoints", "services", "pods", "namespaces"], verbs: ["list", "watch"] },
        { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["list", "watch"] },
      ],
    },
    bindClusterRole("system:coredns", "system:coredns", { kind: "ServiceAccount", name: "coredns", namespace }),
  ];
}

/** The outside's names are answered here; nobody further out is asked. */
function dnsConfiguration(): object {
  const corefile = `${clusterDomain}:53 in-addr.arpa:53 ip6.arpa:53 {
    errors
    health :8080 {
      lameduck 1s
    }
    ready :8181
    kubernetes ${clusterDomain} in-addr.arpa ip6.arpa {
      pods insecure
      ttl 30
    }
}
${outsideDomain}:53 {
    errors
    template IN A {
      answer "{{ .Name }} 60 IN A ${outsideAddress}"
    }
    template IN ANY {
      rcode NOERROR
    }
}
.:53 {
    errors
    template IN ANY {
      rcode NXDOMAIN
    }
}
`;
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "coredns", namespace },
    data: { Corefile: corefile },
  };
}

function dnsDeployment({ image, coredns }: AddonOptions): object {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "coredns", namespace, labels: dnsLabels },
    spec: {
      replicas: 1,
      selector: { matchLabels: dnsLabels },
      template: {
        metadata: { labels: dnsLabels },
        spec: {
          priorityClassName: "system-cluster-critical",
          serviceAccountName: "coredns",
          dnsPolicy: "Default",
          nodeSelector: { "limpet.dev/pool": "system" },
          containers: [
            {
              name: "coredns",
              image,
              imagePullPolicy: "IfNotPresent",
              command: ["/coredns", "-conf", "/etc/coredns/Corefile"],
              ports: [
                { name: "dns", containerPort: 53, protocol: "UDP" },
                { name: "dns-tcp", containerPort: 53, protocol: "TCP" },
              ],
              readinessProbe: { httpGet: { path: "/ready", port: 8181 }, periodSeconds: 5 },
              livenessProbe: { httpGet: { path: "/health", port: 8080 }, initialDelaySeconds: 30 },
              resources: { requests: { cpu: "50m", memory: "32Mi" }, limits: { memory: "170Mi" } },
              securityContext: {
                allowPrivilegeEscalation: false,
                capabilities: { add: ["NET_BIND_SERVICE"], drop: ["ALL"] },
                readOnlyRootFilesystem: true,
                // Port 53 by its number: a network policy that allows DNS names it.
                runAsUser: 0,
              },
              volumeMounts: [
                { name: "configuration", mountPath: "/etc/coredns", readOnly: true },
                { name: "program", mountPath: "/coredns", readOnly: true },
              ],
            },
          ],
          volumes: [
            { name: "configuration", configMap: { name: "coredns" } },
            { name: "program", hostPath: { path: coredns, type: "File" } },
          ],
        },
      },
    },
  };
}

function dnsService(): object {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "kube-dns", namespace, labels: { ...dnsLabels, "kubernetes.io/cluster-service": "true" } },
    spec: {
      clusterIP: dnsAddress,
      selector: dnsLabels,
      ports: [
        { name: "dns", port: 53, protocol: "UDP", targetPort: "dns" },
        { name: "dns-tcp", port: 53, protocol: "TCP", targetPort: "dns-tcp" },
      ],
    },
  };
}

function user(name: string): object {
  return { kind: "User", name, apiGroup: rbac };
}

function bindClusterRole(name: string, role: string, subject: object): object {
  return {
    apiVersion: `${rbac}/v1`,
    kind: "ClusterRoleBinding",
    metadata: { name },
    roleRef: { apiGroup: rbac, kind: "ClusterRole", name: role },
    subjects: [subject],
  };
}
