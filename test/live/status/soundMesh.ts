/** A mesh that is as described, as one would see it; tests break a part of it. */
import type { KubernetesObject, V1Deployment, V1Pod } from "@kubernetes/client-node";
import { type Manifest, type MeshDescription, parseMesh, planMesh } from "../../../src";
import type { Late } from "../../../src/core/late";
import { mapLate } from "../../../src/core/late";
import type { Answer } from "../../../src/live/status/answer";
import type { ClusterObservation } from "../../../src/live/status/observation";
import { type CertificateSet, createIntermediate, createRoot } from "../../../src/pki";

export const description: MeshDescription = {
  name: "shop",
  clusters: {
    east: { gateway: { address: "203.0.113.10" } },
    west: { dns: "coredns" },
  },
  services: {
    "pay.default": {
      ports: [{ name: "http", port: 80, protocol: "HTTP" }],
      serviceAccount: "pay",
      servedBy: ["west"],
      consumedBy: ["east", "west"],
      callers: ["web.default"],
    },
  },
};

export const mesh = parseMesh(description);
export const plan = planMesh(mesh);

export function planOf(cluster: string) {
  const found = plan.clusters.find((own) => own.cluster.name === cluster);
  if (found === undefined) throw new Error(`no ${cluster}`);
  return found;
}

export const answer = <T>(value: T): Answer<T> => ({ ok: true, value });
export const forbidden = (what: string): Answer<never> => ({
  ok: false,
  reason: "forbidden",
  what,
  message: "no",
});

export const now = new Date("2026-06-01T00:00:00Z");

/** Certificates of both clusters; `days` is the intermediates' life. */
export async function certificates(days = 730): Promise<CertificateSet> {
  const root = await createRoot({ meshName: "shop", now });
  const clusters = await Promise.all(
    ["east", "west"].map(async (cluster) => {
      const made = await createIntermediate(root, { meshName: "shop", cluster, now, days });
      return [
        cluster,
        {
          "ca-cert.pem": made.certificatePem,
          "ca-key.pem": made.keyPem,
          "root-cert.pem": root.certificatePem,
          "cert-chain.pem": made.certificatePem + root.certificatePem,
        },
      ] as const;
    }),
  );
  return { root: { certificatePem: root.certificatePem }, clusters: Object.fromEntries(clusters) };
}

/** Late values as the clusters have them. */
const known: Readonly<Record<string, string>> = {
  "gatewayAddress.west": "203.0.113.20",
  "dnsAddress.west": "10.96.0.53",
  "corefile.west": ".:53 {\n    errors\n}\n",
};

function literal(manifest: Manifest): Manifest {
  const resolve = (late: Late) =>
    late.resolve(({ kind, cluster }) => known[`${kind}.${cluster}`] ?? "");
  return mapLate(manifest, resolve) as Manifest;
}

export function pod(name: string, namespace = "default", changes: Partial<V1Pod> = {}): V1Pod {
  return {
    metadata: { name: `${name}-1`, namespace, labels: { app: name } },
    spec: {
      containers: [
        { name },
        { name: "istio-proxy", env: [{ name: "ISTIO_META_DNS_CAPTURE", value: "true" }] },
      ],
    },
    status: { conditions: [{ type: "Ready", status: "True" }] },
    ...changes,
  };
}

/** Planned objects as they are there. */
function plannedOf(cluster: string): Map<string, Answer<KubernetesObject | undefined>> {
  const ip = cluster === "east" ? "203.0.113.10" : "203.0.113.20";
  return new Map(
    planOf(cluster).objects.map(({ key, manifest }) => {
      const live: any = structuredClone(literal(manifest));
      if (manifest.kind === "Service") {
        live.status = { loadBalancer: { ingress: [{ ip }] } };
        live.spec.clusterIP = "10.96.0.53";
      }
      if (manifest.kind === "Deployment") {
        live.spec.replicas = 2;
        live.status = { availableReplicas: 2 };
      }
      return [key, answer(live as KubernetesObject)];
    }),
  );
}

export function istiod(changes: Partial<V1Deployment["status"]> = {}): V1Deployment {
  return {
    metadata: { name: "istiod", namespace: "istio-system" },
    spec: {
      replicas: 1,
      selector: {},
      template: {
        spec: {
          containers: [
            {
              name: "discovery",
              image: "istio/pilot:1.31.0",
              env: [{ name: "CLUSTER_ID", value: "east" }],
            },
          ],
        },
      },
    },
    status: { availableReplicas: 1, ...changes },
  };
}

/** Everything of a cluster that is fine. */
export function sound(cluster: "east" | "west", set?: CertificateSet): ClusterObservation {
  const files = set?.clusters[cluster];
  const encoded = Object.entries(files ?? {}).map(([name, text]) => [
    name,
    Buffer.from(text).toString("base64"),
  ]);
  const deployment = istiod();
  deployment.spec!.template.spec!.containers[0]!.env = [{ name: "CLUSTER_ID", value: cluster }];
  const proxyMetadata = {
    PROXY_CONFIG_XDS_AGENT: "true",
    ...(cluster === "east" ? { ISTIO_META_DNS_CAPTURE: "true" } : {}),
  };
  const meshConfig = JSON.stringify({ defaultConfig: { meshId: "shop", proxyMetadata } });
  return {
    cluster,
    planned: plannedOf(cluster),
    owned: new Map([["networking.istio.io/v1 Gateway", answer([])]]),
    istiod: answer([deployment]),
    istiodPods: answer([pod("istiod", "istio-system")]),
    anyIstiodPods: answer([pod("istiod", "istio-system")]),
    meshConfig: answer({ data: { mesh: meshConfig } }),
    caSecret: answer(
      files === undefined
        ? undefined
        : { metadata: { name: "cacerts" }, data: Object.fromEntries(encoded) as object },
    ) as ClusterObservation["caSecret"],
    ownCaSecret: answer(undefined),
    rootConfigMaps: answer(
      ["default", "istio-system"].map((namespace) => ({
        metadata: { name: "istio-ca-root-cert", namespace },
        data: { "root-cert.pem": files?.["root-cert.pem"] ?? "" },
      })),
    ),
    gatewayPods: answer([pod("istio-eastwestgateway", "istio-eastwest")]),
    clusterDnsPods: answer([pod("coredns", "kube-system")]),
    meshDnsPods: answer([pod("meshspan-dns", "istio-system")]),
    nodes: answer([]),
    namespaces: new Map([
      [
        "default",
        {
          pods: answer([pod(cluster === "west" ? "pay" : "web")]),
          services: answer([
            {
              metadata: { name: "pay", namespace: "default" },
              spec: { selector: { app: "pay" }, ports: [{ port: 80 }] },
            },
          ]),
          slices: answer([
            {
              addressType: "IPv4",
              metadata: { labels: { "kubernetes.io/service-name": "pay" } },
              endpoints: [{ addresses: ["10.0.0.1"], conditions: { ready: true } }],
            },
          ]),
        },
      ],
    ]),
  };
}

/** The same with a planned object as it is after a change; `undefined` takes it away. */
export function withObject(
  seen: ClusterObservation,
  key: string,
  change: (live: any) => unknown,
): ClusterObservation {
  const before = seen.planned.get(key);
  if (before?.ok !== true || before.value === undefined) throw new Error(`no ${key}`);
  const live = structuredClone(before.value);
  const after = change(live);
  const value = after === undefined ? undefined : live;
  return { ...seen, planned: new Map(seen.planned).set(key, answer(value)) };
}
