/** Reads everything of one cluster that is judged later: lists where there are many, and no more than that. */
import type {
  KubernetesObject,
  V1ConfigMap,
  V1Deployment,
  V1EndpointSlice,
  V1Node,
  V1Pod,
  V1Secret,
  V1Service,
} from "@kubernetes/client-node";
import type { Mesh } from "../../core/mesh";
import { meshConfigName } from "../../core/meshConfig";
import { dnsServerName } from "../../core/objects/globalDns";
import { gatewaySelector } from "../../core/objects/gateway";
import { gatewayRevision } from "../../core/objects/hubService";
import {
  type Manifest,
  objectKey,
  ownerLabels,
  type PlannedObject,
} from "../../core/objects/manifest";
import { caSecretName } from "../../core/objects/rootOfTrust";
import type { ClusterPlan } from "../../core/plan";
import { bounded } from "../bounded";
import { kindOf, resourceOf } from "../kinds";
import type { ListOptions, LiveCluster } from "../liveCluster";
import { type Answer, asked, type NoAnswer } from "./answer";
import { type ClusterObservation, type NamespaceObservation, ownSecretName } from "./observation";

/** Questions that an API server is asked at the same time. */
const atOnce = 8;

/** Every kind that the mesh may have made objects of: also one that today's plan has none of may have left-overs. */
const ownedKinds = [
  "v1 ConfigMap",
  "v1 Service",
  "v1 ServiceAccount",
  "apps/v1 Deployment",
  "rbac.authorization.k8s.io/v1 Role",
  "rbac.authorization.k8s.io/v1 RoleBinding",
  "rbac.authorization.k8s.io/v1 ClusterRole",
  "rbac.authorization.k8s.io/v1 ClusterRoleBinding",
  "autoscaling/v2 HorizontalPodAutoscaler",
  "policy/v1 PodDisruptionBudget",
  "networking.k8s.io/v1 NetworkPolicy",
  "networking.istio.io/v1 Gateway",
  "networking.istio.io/v1 ServiceEntry",
  "networking.istio.io/v1 DestinationRule",
  "networking.istio.io/v1 VirtualService",
  "security.istio.io/v1 PeerAuthentication",
  "security.istio.io/v1 AuthorizationPolicy",
] as const;

/** @throws nothing: what isn't answered says so in its place. */
export async function observe(
  live: LiveCluster,
  mesh: Mesh,
  plan: ClusterPlan,
): Promise<ClusterObservation> {
  const reader = new Reader(live);
  const { cluster } = plan;
  const root = mesh.istio.namespace;
  const [owned, others, namespaces] = await Promise.all([
    reader.owned(mesh),
    observeOthers(reader, mesh, plan),
    observeNamespaces(reader, mesh, cluster.name),
  ]);
  return {
    cluster: cluster.name,
    owned,
    planned: await reader.planned(
      plan.objects.filter((object) => !object.live),
      owned,
    ),
    ...others,
    caSecret: await reader.find<V1Secret>("v1 Secret", caSecretName, root),
    ownCaSecret: await reader.find<V1Secret>("v1 Secret", ownSecretName, root),
    namespaces,
  };
}

type Others = Omit<
  ClusterObservation,
  "cluster" | "owned" | "planned" | "caSecret" | "ownCaSecret" | "namespaces"
>;

async function observeOthers(reader: Reader, mesh: Mesh, plan: ClusterPlan): Promise<Others> {
  const { cluster } = plan;
  const { namespace, revision } = mesh.istio;
  const labels = { app: "istiod" };
  const hasServer = cluster.dns.mode !== "proxy";
  const none = { ok: true, value: [] } as const;
  const needsNodes =
    cluster.gateway.service === "NodePort" && cluster.gateway.address === undefined;
  const [deployments, istiodPods, meshConfig, rootConfigMaps, gatewayPods] = await Promise.all([
    reader.list<V1Deployment>("apps/v1 Deployment", { namespace, labels }),
    reader.list<V1Pod>("v1 Pod", { namespace, labels }),
    reader.find<V1ConfigMap>("v1 ConfigMap", meshConfigName(revision), namespace),
    reader.list<V1ConfigMap>("v1 ConfigMap", { labels: { "istio.io/config": "true" } }),
    reader.list<V1Pod>("v1 Pod", {
      namespace: cluster.gateway.namespace,
      labels: gatewaySelector(mesh, cluster),
    }),
  ]);
  const [clusterDnsPods, meshDnsPods, nodes] = await Promise.all([
    hasServer
      ? reader.list<V1Pod>("v1 Pod", {
          namespace: "kube-system",
          labels: { "k8s-app": "kube-dns" },
        })
      : none,
    hasServer
      ? reader.list<V1Pod>("v1 Pod", {
          namespace,
          labels: { "app.kubernetes.io/name": dnsServerName },
        })
      : none,
    needsNodes ? reader.list<V1Node>("v1 Node") : none,
  ]);
  return {
    istiod: ofMesh(mesh, deployments),
    istiodPods: ofMesh(mesh, istiodPods),
    anyIstiodPods: istiodPods,
    meshConfig,
    rootConfigMaps,
    gatewayPods,
    clusterDnsPods,
    meshDnsPods,
    nodes,
  };
}

/** istiods of the mesh's revision and, after those, of its gateways' where that is another; without a revision all. */
function ofMesh<T extends KubernetesObject>(
  mesh: Mesh,
  found: Answer<readonly T[]>,
): Answer<readonly T[]> {
  const { revision } = mesh.istio;
  if (!found.ok || revision === undefined) return found;
  const of = (wanted: string | undefined) =>
    found.value.filter(({ metadata }) => metadata?.labels?.["istio.io/rev"] === wanted);
  const gateways = gatewayRevision(mesh);
  return { ok: true, value: [...of(revision), ...(gateways === revision ? [] : of(gateways))] };
}

/** Namespaces of services that the cluster serves or consumes, and of those who may call. */
export function namespacesOf(mesh: Mesh, cluster: string): readonly string[] {
  const names = mesh.services.flatMap(({ namespace, servedBy, consumedBy, callers = [] }) => [
    ...(servedBy.some((place) => place.cluster === cluster) ? [namespace] : []),
    ...(consumedBy.includes(cluster)
      ? [namespace, ...callers.map((caller) => caller.namespace)]
      : []),
  ]);
  return [...new Set(names)].sort();
}

async function observeNamespaces(
  reader: Reader,
  mesh: Mesh,
  cluster: string,
): Promise<ReadonlyMap<string, NamespaceObservation>> {
  const names = namespacesOf(mesh, cluster);
  const seen = await bounded(names, atOnce, async (namespace): Promise<NamespaceObservation> => {
    const [pods, services, slices] = await Promise.all([
      reader.list<V1Pod>("v1 Pod", { namespace }),
      reader.list<V1Service>("v1 Service", { namespace }),
      reader.list<V1EndpointSlice>("discovery.k8s.io/v1 EndpointSlice", { namespace }),
    ]);
    return { pods, services, slices };
  });
  return new Map(
    names.flatMap((name, index) => (seen[index] === undefined ? [] : [[name, seen[index]]])),
  );
}

const nothing: NoAnswer = { ok: false, reason: "failed", what: "look", message: "wasn't asked" };

class Reader {
  readonly #live: LiveCluster;

  constructor(live: LiveCluster) {
    this.#live = live;
  }

  list<T extends KubernetesObject>(
    what: string,
    options: ListOptions = {},
  ): Promise<Answer<readonly T[]>> {
    const { apiVersion, kind } = kindOf(what);
    const place = options.namespace === undefined ? "in all namespaces" : `in ${options.namespace}`;
    return asked(`list ${resourceOf(kindOf(what))} ${place}`, () =>
      this.#live.list<T>(apiVersion, kind, options),
    );
  }

  find<T extends KubernetesObject>(
    what: string,
    name: string,
    namespace: string,
  ): Promise<Answer<T | undefined>> {
    return asked(`get ${resourceOf(kindOf(what))} in ${namespace}`, () =>
      this.#live.find<T>({ ...kindOf(what), metadata: { name, namespace } }),
    );
  }

  async owned(mesh: Mesh): Promise<ClusterObservation["owned"]> {
    const lists = await bounded(ownedKinds, atOnce, (kind) =>
      this.list(kind, { labels: ownerLabels(mesh) }),
    );
    return new Map(ownedKinds.map((kind, index) => [kind, lists[index] ?? nothing]));
  }

  /** Those that the lists have, and the others one by one: shared ones, and those that lost their labels. */
  async planned(
    objects: readonly PlannedObject[],
    owned: ClusterObservation["owned"],
  ): Promise<ClusterObservation["planned"]> {
    const listed = new Map<string, KubernetesObject>();
    for (const list of owned.values()) {
      if (!list.ok) continue;
      for (const object of list.value) listed.set(objectKey(object as Manifest), object);
    }
    const answers = await bounded(objects, atOnce, async ({ key, manifest }) => {
      const found = listed.get(key);
      if (found !== undefined) return { ok: true, value: found } as const;
      const list = owned.get(`${manifest.apiVersion} ${manifest.kind}`);
      // The server said already that it knows no such kind, or doesn't answer: it isn't waited for with each of them.
      if (list?.ok === false && list.reason !== "forbidden") return list;
      const { name, namespace } = manifest.metadata;
      const place = namespace === undefined ? "" : ` in ${namespace}`;
      const what = `get ${resourceOf(manifest)}${place}`;
      return asked(`${what} (${name})`, () => this.#live.find(manifest));
    });
    return new Map(objects.map(({ key }, index) => [key, answers[index] ?? nothing]));
  }
}
