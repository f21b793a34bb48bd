/**
 * What a hub is to the rest of the mesh: a service of its clusters that istiods of its audience call, through their own
 * gateways and through 15443, as any other service is called.
 */
import { type Audience, audienceOf, audiencesOf } from "../audiences";
import { type Caller, type Cluster, clusterOf, type GlobalService, type Mesh } from "../mesh";
import { localHostOf } from "../names";

/** What hubs are planned from. */
export type HubMesh = Pick<
  Mesh,
  "name" | "domain" | "clusters" | "services" | "trust" | "istio" | "distribution" | "hubs"
>;

/** The namespace of hubs, and in other clusters of what leads to them. */
export const hubNamespaceName = "istio-hub";

/** Label of namespaces that hubs read; its value is the audience's ID. */
export const audienceLabel = "meshspan.dev/audience";

/** Name of the Service by which a cluster's istiod reaches hubs, in the namespace of its gateway. */
export const hubDoorName = "meshspan-hub";

/** Port of a hub's plaintext xDS, which its sidecar has mutual TLS in front of. */
export const hubPort = 15010;

/** Whether clusters read hubs. */
export function hasHubs({ hubs }: Pick<Mesh, "hubs">): boolean {
  return hubs.length > 0;
}

/** Whether a cluster has a hub. */
export function isHub({ hubs }: Pick<Mesh, "hubs">, cluster: string): boolean {
  return hubs.includes(cluster);
}

/** The namespace of an audience's objects; nobody but its hubs reads it. */
export function objectsNamespaceOf({ id }: Pick<Audience, "id">): string {
  return `mesh-config-${id}`;
}

/** The namespace in which hubs have the objects of a service. */
export function objectsNamespaceFor(
  mesh: Pick<Mesh, "clusters">,
  service: Pick<GlobalService, "consumedBy">,
): string {
  return objectsNamespaceOf(audienceOf(mesh, service));
}

/** Audiences that a cluster is in. */
export function audiencesWith(mesh: HubMesh, cluster: string): readonly Audience[] {
  return audiencesOf(mesh).filter(({ clusters }) => clusters.includes(cluster));
}

/** An audience's hub as a service: its gateways' identities are its only callers. It has no address, as no sidecar calls it. */
export function hubService(mesh: HubMesh, { id, clusters }: Audience): GlobalService {
  const name = `hub-${id}`;
  return {
    key: `${name}.${hubNamespaceName}`,
    name,
    namespace: hubNamespaceName,
    host: `${name}.${hubNamespaceName}.${mesh.domain}`,
    localHost: localHostOf(name, hubNamespaceName),
    address: "",
    ports: [
      {
        name: "tcp-xds",
        port: hubPort,
        protocol: "TCP",
        canonicalProtocol: "TCP",
        isHttp: false,
        targetPort: hubPort,
      },
    ],
    serviceAccount: name,
    selector: { app: name },
    servedBy: mesh.hubs.map((cluster) => ({ cluster, versions: [] })),
    consumedBy: clusters,
    callers: gatewayAccounts(clusters.map((cluster) => clusterOf(mesh, cluster))),
    versions: [],
    routes: [],
    failover: { errors: 1, interval: "1s", ejection: "5s" },
    shortName: false,
  };
}

function gatewayAccounts(clusters: readonly Cluster[]): readonly Caller[] {
  const accounts = new Map(
    clusters.map(({ gateway: { name, namespace } }) => [
      `${namespace}/${name}`,
      { serviceAccount: name, namespace },
    ]),
  );
  return [...accounts.keys()].sort().flatMap((key) => accounts.get(key) ?? []);
}

/** The hubs of a cluster that other clusters read. */
export function exportedHubs(mesh: HubMesh, cluster: string): readonly GlobalService[] {
  if (!isHub(mesh, cluster)) return [];
  return audiencesOf(mesh)
    .filter(({ clusters }) => clusters.some((name) => name !== cluster))
    .map((audience) => hubService(mesh, audience));
}

/** Hubs that a cluster's istiod reads, and the gateway's port for each. */
export interface HubDoor {
  readonly audience: Audience;
  readonly service: GlobalService;
  /** Of the gateway's pods and of the Service `meshspan-hub`. */
  readonly port: number;
}

const firstDoor = 15110;

/**
 * A port for each audience that the cluster is in. It goes by the audience's ID, so that it hardly ever moves when another
 * audience comes or goes: istiods would have to start anew.
 */
export function hubDoors(mesh: HubMesh, cluster: string): readonly HubDoor[] {
  if (!hasHubs(mesh)) return [];
  const taken = new Set(mesh.clusters.map(({ gateway }) => gateway.port));
  const ports = new Map<string, number>();
  for (const { id } of audiencesOf(mesh)) {
    let port = id === "all" ? firstDoor : firstDoor + 1 + (Number.parseInt(id, 16) % 800);
    while (taken.has(port)) port++;
    taken.add(port);
    ports.set(id, port);
  }
  return audiencesWith(mesh, cluster).map((audience) => ({
    audience,
    service: hubService(mesh, audience),
    port: ports.get(audience.id) ?? firstDoor,
  }));
}

/** What istiod dials for a door. */
export function doorAddress({ gateway }: Cluster, { port }: HubDoor): string {
  return `xds://${hubDoorName}.${gateway.namespace}.svc:${port}`;
}

/**
 * Revision of the control plane that gateways and hubs have where there are hubs: it doesn't read them, so that a cluster comes up
 * in which everything is down. Elsewhere, that of the mesh.
 */
export function gatewayRevision({ hubs, istio }: Pick<Mesh, "hubs" | "istio">): string | undefined {
  if (!hasHubs({ hubs })) return istio.revision;
  return `${istio.revision ?? "meshspan"}-gateways`;
}
