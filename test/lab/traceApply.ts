/** Puts what differs between two plans into the lab's clusters. */
import { parse, stringify } from "yaml";
import type { ClusterPlan, Manifest, Plan } from "../../src";
import { objectKey } from "../../src/core/objects/manifest";
import type { LabCluster } from "./cluster";
import type { Lab } from "./lab";

/** Has the clusters go from one plan to another: only objects that differ are deleted and applied, the namespaces' order kept. */
export async function putInto(lab: Lab, before: Plan, after: Plan): Promise<void> {
  await Promise.all(
    after.clusters.map(async (target) => {
      const current = before.clusters.find((one) => one.cluster.name === target.cluster.name)!;
      const cluster = lab.cluster(target.cluster.name);
      await putObjects(cluster, manifestsOf(current), manifestsOf(target));
      if (JSON.stringify(current.helm) !== JSON.stringify(target.helm))
        await putMeshConfig(cluster, target);
    }),
  );
}

/** By what they are in the cluster: a changed namespace makes it another object. */
function manifestsOf({ objects }: ClusterPlan): ReadonlyMap<string, Manifest> {
  return new Map(objects.map(({ manifest }) => [objectKey(manifest), manifest]));
}

async function putObjects(
  cluster: LabCluster,
  before: ReadonlyMap<string, Manifest>,
  after: ReadonlyMap<string, Manifest>,
): Promise<void> {
  const gone = [...before].filter(([key]) => !after.has(key)).map(([, manifest]) => manifest);
  const changed = [...after]
    .filter(([key, manifest]) => !isSame(manifest, before.get(key)))
    .map(([, manifest]) => manifest);
  // Of a Service neither the address can change, nor do its endpoints go when its selector does.
  const anew = changed.filter(({ kind }) => kind === "Service");
  for (const manifest of [...gone, ...anew]) await cluster.delete(manifest);
  await cluster.apply(changed);
}

function isSame(one: Manifest, other: Manifest | undefined): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}

/** What `helm upgrade` does with other trust domains: istiod reads its configuration again. */
async function putMeshConfig({ api }: LabCluster, { helm }: ClusterPlan): Promise<void> {
  const { istioNamespace } = helm.istiod.global;
  const path = `/api/v1/namespaces/${istioNamespace}/configmaps/istio`;
  const { trustDomain, trustDomainAliases } = helm.istiod.meshConfig;
  const current = await api.find(path);
  const config = { ...parse(current.data.mesh), trustDomain, trustDomainAliases };
  await api.patch(path, { data: { mesh: stringify(config) } });
}
