/** Shapes of the kinds that rules look at: of each, the fields that they read (see `specs.ts`). */
import { z } from "zod";

const text = z.string();
const texts = z.array(text);
const labels = z.record(z.string(), z.string());
const port = z.object({ number: z.number().optional(), protocol: text.optional() });

const tls = z.object({
  mode: text.optional(),
  sni: text.optional(),
  subjectAltNames: texts.optional(),
  insecureSkipVerify: z.boolean().optional(),
});

const trafficPolicy = z.object({
  tls: tls.optional(),
  portLevelSettings: z.array(z.object({ port: port.optional(), tls: tls.optional() })).optional(),
});

const matchLabels = z.object({ matchLabels: labels.optional() });
const workloadLabels = z.object({ labels: labels.optional() });
const mutualTls = z.object({ mode: text.optional() });

const labelSelector = z.object({
  matchLabels: labels.optional(),
  matchExpressions: z
    .array(z.object({ key: text, operator: text, values: texts.optional() }))
    .optional(),
});

const networkPolicyPeers = z
  .array(
    z.object({
      ipBlock: z.object({ cidr: text.optional() }).optional(),
      namespaceSelector: labelSelector.optional(),
      podSelector: labelSelector.optional(),
    }),
  )
  .optional();

const networkPolicyRules = z
  .array(
    z.object({
      from: networkPolicyPeers,
      to: networkPolicyPeers,
      ports: z
        .array(
          z.object({
            protocol: text.optional(),
            port: z.union([z.number(), text]).optional(),
            endPort: z.number().optional(),
          }),
        )
        .optional(),
    }),
  )
  .optional();

const securityContext = z
  .object({
    runAsUser: z.number().optional(),
    runAsNonRoot: z.boolean().optional(),
    privileged: z.boolean().optional(),
    allowPrivilegeEscalation: z.boolean().optional(),
    capabilities: z.object({ add: texts.optional() }).optional(),
    seccompProfile: z.object({ type: text.optional() }).optional(),
  })
  .optional();

const container = z.object({
  securityContext,
  ports: z.array(z.object({ containerPort: z.number(), name: text.optional() })).optional(),
  env: z.array(z.object({ name: text, value: text.optional() })).optional(),
});

const workload = z.object({
  template: z
    .object({
      metadata: z.object({ labels: labels.optional(), annotations: labels.optional() }).optional(),
      spec: z
        .object({
          serviceAccountName: text.optional(),
          automountServiceAccountToken: z.boolean().optional(),
          hostNetwork: z.boolean().optional(),
          hostPID: z.boolean().optional(),
          hostIPC: z.boolean().optional(),
          securityContext,
          volumes: z
            .array(z.object({ name: text.optional(), hostPath: z.unknown().optional() }))
            .optional(),
          containers: z.array(container).optional(),
          initContainers: z.array(container).optional(),
        })
        .optional(),
    })
    .optional(),
});

/** Fields beside `apiVersion`, `kind` and `metadata`, by the group and the kind. */
const fieldsOf = {
  "networking.istio.io/Gateway": {
    spec: z.object({
      selector: labels.optional(),
      servers: z
        .array(
          z.object({
            port: port.optional(),
            bind: text.optional(),
            hosts: texts.optional(),
            tls: z.object({ mode: text.optional() }).optional(),
          }),
        )
        .optional(),
    }),
  },
  "networking.istio.io/ServiceEntry": {
    spec: z.object({
      hosts: texts.optional(),
      addresses: texts.optional(),
      location: text.optional(),
      resolution: text.optional(),
      exportTo: texts.optional(),
      subjectAltNames: texts.optional(),
      workloadSelector: workloadLabels.optional(),
      ports: z
        .array(
          z.object({
            name: text.optional(),
            number: z.number(),
            protocol: text.optional(),
            targetPort: z.number().optional(),
          }),
        )
        .optional(),
      endpoints: z
        .array(
          z.object({
            address: text.optional(),
            ports: z.record(z.string(), z.number()).optional(),
            labels: labels.optional(),
            serviceAccount: text.optional(),
          }),
        )
        .optional(),
    }),
  },
  "networking.istio.io/DestinationRule": {
    spec: z.object({
      host: text.optional(),
      exportTo: texts.optional(),
      workloadSelector: matchLabels.optional(),
      trafficPolicy: trafficPolicy.optional(),
      subsets: z
        .array(
          z.object({
            name: text,
            labels: labels.optional(),
            trafficPolicy: trafficPolicy.optional(),
          }),
        )
        .optional(),
    }),
  },
  "networking.istio.io/VirtualService": {
    spec: z.object({
      hosts: texts.optional(),
      gateways: texts.optional(),
      exportTo: texts.optional(),
    }),
  },
  "networking.istio.io/Sidecar": {
    spec: z.object({
      workloadSelector: workloadLabels.optional(),
      egress: z.array(z.object({ hosts: texts.optional() })).optional(),
    }),
  },
  "security.istio.io/PeerAuthentication": {
    spec: z.object({
      selector: matchLabels.optional(),
      mtls: mutualTls.optional(),
      portLevelMtls: z.record(z.string(), mutualTls).optional(),
    }),
  },
  "security.istio.io/AuthorizationPolicy": {
    spec: z.object({
      selector: matchLabels.optional(),
      targetRef: z.unknown().optional(),
      targetRefs: z.unknown().optional(),
      action: text.optional(),
      rules: z
        .array(
          z.object({
            from: z.array(z.object({ source: z.record(z.string(), texts).optional() })).optional(),
            to: z.array(z.object({ operation: z.record(z.string(), texts).optional() })).optional(),
            when: z.array(z.unknown()).optional(),
          }),
        )
        .optional(),
    }),
  },
  "networking.k8s.io/NetworkPolicy": {
    spec: z.object({
      podSelector: labelSelector.optional(),
      policyTypes: texts.optional(),
      ingress: networkPolicyRules,
      egress: networkPolicyRules,
    }),
  },
  "core/Secret": { data: labels.optional(), stringData: labels.optional(), type: text.optional() },
  "core/ConfigMap": { data: labels.optional(), binaryData: labels.optional() },
  "core/Service": {
    spec: z.object({
      type: text.optional(),
      clusterIP: text.optional(),
      loadBalancerSourceRanges: texts.optional(),
      selector: labels.optional(),
      ports: z
        .array(
          z.object({
            port: z.number(),
            protocol: text.optional(),
            targetPort: z.union([z.number(), text]).optional(),
            nodePort: z.number().optional(),
          }),
        )
        .optional(),
    }),
  },
  "apps/Deployment": { spec: workload.extend({ replicas: z.number().optional() }) },
  "apps/StatefulSet": { spec: workload.extend({ replicas: z.number().optional() }) },
  "apps/DaemonSet": { spec: workload },
} as const;

const metadata = z.object({
  name: text.optional(),
  generateName: text.optional(),
  namespace: text.optional(),
  labels: labels.optional(),
  annotations: labels.optional(),
});

const shapes = new Map(
  Object.entries(fieldsOf).map(([kind, fields]) => [
    kind,
    z.object({
      apiVersion: text,
      kind: text,
      metadata: metadata.optional(),
      ...fields,
      ...("spec" in fields ? { spec: fields.spec.optional() } : {}),
    }),
  ]),
);

/** Shape of objects of that version and kind; `undefined` for kinds that no rule reads. */
export function shapeOf(apiVersion: string, kind: string): z.ZodType | undefined {
  const [group = "", version] = apiVersion.split("/");
  return shapes.get(`${version === undefined ? "core" : group}/${kind}`);
}
