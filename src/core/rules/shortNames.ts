/** Short names that are somebody else's: where a service doesn't run, its short name is a Service without pods. */
import { type IssueCollector, show } from "../issues";
import type { Cluster, GlobalService, Mesh } from "../mesh";
import { hubDoorName, hubNamespaceName } from "../objects/hubService";
import { gatewayNamespaceName } from "../objects/namespaces";

type Named = Pick<GlobalService, "key" | "name" | "namespace" | "shortName">;

/** Reports services whose short name is one of Kubernetes, of Istio or of the mesh itself. */
export function checkShortNames(
  services: readonly Named[],
  { clusters, istio }: { readonly clusters: readonly Cluster[]; readonly istio: Mesh["istio"] },
  issues: IssueCollector,
): void {
  const short = services.filter(({ shortName }) => shortName);
  if (short.length === 0) return;
  const namespaces = new Map([
    [gatewayNamespaceName, "is the mesh's own"],
    [hubNamespaceName, "is the mesh's own"],
    [istio.namespace, "is Istio's"],
    ["kube-system", "is Kubernetes' own"],
  ]);
  const names = new Map([
    ...clusters.flatMap(({ gateway: { name, namespace } }): [string, string][] => [
      [`${name}.${namespace}`, "is a gateway of the mesh"],
      [`${hubDoorName}.${namespace}`, "leads to the mesh's hubs"],
    ]),
    ["kubernetes.default", "is the API server"],
  ]);
  for (const { key, namespace } of short) {
    const whose = names.get(key);
    const home = namespaces.get(namespace);
    if (whose === undefined && home === undefined) continue;
    const why =
      whose === undefined ? `the namespace ${namespace} ${home ?? ""}` : `${key} ${whose}`;
    issues
      .at("services", key, "shortName")
      .add(
        "invalid_host",
        `${show(key)} would be a Service of the mesh in clusters where it doesn't run, and ${why}`,
        "remove shortName, and call the service by its global name",
      );
  }
}
