/** A plan as the clusters have it once it's applied: objects with their addresses, istiods with their settings, workloads' Services. */
import { stringify } from "yaml";
import { type GlobalService, isServedBy, type Manifest, type Plan } from "../../../src";
import { toLiteral } from "../../../src/core/literals";
import { meshConfigName } from "../../../src/core/meshConfig";
import type { IstiodValues } from "../../../src/core/objects/helmValues";

export function liveClusters(plan: Plan): Readonly<Record<string, readonly Manifest[]>> {
  return Object.fromEntries(
    plan.clusters.map(({ cluster, objects, helm }) => [
      cluster.name,
      [
        ...objects
          .filter(({ live }) => !live)
          .map(({ manifest }) => withAddress(toLiteral(manifest), cluster.gateway.address)),
        ...[helm.istiod, helm.gateways].flatMap((values) =>
          values === undefined ? [] : istiod(values),
        ),
        ...plan.mesh.services
          .filter((service) => isServedBy(service, cluster.name))
          .map(kubernetesService),
      ],
    ]),
  );
}

/** What Istio's chart makes of its values, as far as an import reads it. */
function istiod({ revision, global, meshConfig }: IstiodValues): readonly Manifest[] {
  const namespace = global.istioNamespace;
  const { defaultConfig, ...rest } = meshConfig;
  const mesh = { ...rest, defaultConfig: { meshId: global.meshID, ...defaultConfig } };
  const env = [{ name: "CLUSTER_ID", value: global.multiCluster.clusterName }];
  return [
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: meshConfigName(revision), namespace },
      data: { mesh: stringify(mesh) },
    },
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: {
        name: revision === undefined ? "istiod" : `istiod-${revision}`,
        namespace,
        labels: { app: "istiod", "istio.io/rev": revision ?? "default" },
      },
      spec: { template: { spec: { containers: [{ name: "discovery", env }] } } },
    },
  ];
}

/** The Kubernetes Service of a service where it runs. */
const kubernetesService = ({ name, namespace, ports, selector }: GlobalService): Manifest => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, namespace },
  spec: {
    selector,
    ports: ports.map(({ name, port, targetPort }) => ({ name, port, targetPort })),
  },
});

/** A load balancer's Service as a cluster has it. */
function withAddress(manifest: Manifest, address = ""): Manifest {
  if (manifest.kind !== "Service" || !manifest.metadata.labels?.["meshspan.dev/gateway"])
    return manifest;
  const ingress = [/^[\d.]+$/.test(address) ? { ip: address } : { hostname: address }];
  return { ...manifest, status: { loadBalancer: { ingress } } };
}
