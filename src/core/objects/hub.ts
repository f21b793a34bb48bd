/**
 * Hubs in a cluster: the hubs that it has, and the way of its own istiod to those that it reads: its own gateway, which has an
 * identity to show, as istiod has none as a client.
 */
import { audiencesOf } from "../audiences";
import type { Cluster } from "../mesh";
import { consumerDestinationRule } from "./destinationRule";
import { gatewaySelector } from "./gateway";
import {
  audienceLabel,
  hasHubs,
  hubDoorName,
  type HubDoor,
  hubDoors,
  type HubMesh,
  hubNamespaceName,
  isHub,
  objectsNamespaceOf,
} from "./hubService";
import { hubWorkload } from "./hubWorkload";
import { type Manifest, ownerLabels, planned, type PlannedObject } from "./manifest";
import { gatewayNamespace, namespaceManifest } from "./namespaces";
import { localServiceEntry, remoteServiceEntry } from "./serviceEntry";

/** Everything of hubs that a cluster needs; nothing where the mesh has none. */
export function planHub(mesh: HubMesh, cluster: Cluster): readonly PlannedObject[] {
  if (!hasHubs(mesh)) return [];
  const namespace = namespaceManifest(hubNamespaceName);
  const add = (manifest: Manifest, dependsOn: Manifest) =>
    planned("gateway", "Hub", manifest, { dependsOn: [dependsOn] });
  const shared = (manifest: Manifest) => planned("namespaces", "Hub", manifest, { shared: true });
  const audiences = isHub(mesh, cluster.name) ? audiencesOf(mesh) : [];
  const doors = hubDoors(mesh, cluster.name);
  return [
    shared(namespace),
    ...audiences.map((audience) =>
      planned("namespaces", "Hub", {
        apiVersion: "v1",
        kind: "Namespace",
        metadata: {
          name: objectsNamespaceOf(audience),
          labels: { ...ownerLabels(mesh), [audienceLabel]: audience.id },
        },
      }),
    ),
    ...audiences
      .flatMap((audience) => hubWorkload(mesh, cluster, audience))
      .map((manifest) => add(manifest, namespace)),
    ...doors.flatMap((door) =>
      wayTo(mesh, cluster, door).map((manifest) => add(manifest, namespace)),
    ),
    ...(doors.length === 0
      ? []
      : [doorService(mesh, cluster, doors), doorGateway(mesh, cluster, doors)].map((manifest) =>
          add(manifest, gatewayNamespace(cluster)),
        )),
    ...doors.map((door) => add(doorRoute(mesh, cluster, door), gatewayNamespace(cluster))),
  ];
}

/** Where hubs of an audience are, for gateways alone. In a hub's own cluster its pod comes first, and the other one after it. */
function wayTo(mesh: HubMesh, cluster: Cluster, { service }: HubDoor): readonly Manifest[] {
  const entries = [
    remoteServiceEntry(mesh, service, cluster.name),
    localServiceEntry(mesh, service, cluster.name),
  ].filter((entry) => entry !== undefined);
  return [consumerDestinationRule(mesh, service, cluster.name), ...entries.map(withoutAddresses)];
}

function withoutAddresses(entry: Manifest): Manifest {
  const { addresses: _, ...spec } = entry.spec as Record<string, unknown>;
  return { ...entry, spec };
}

function metadata(mesh: HubMesh, { gateway }: Cluster, name: string): Manifest["metadata"] {
  return { name, namespace: gateway.namespace, labels: ownerLabels(mesh) };
}

/** A Service of its own: the gateway's may be a load balancer's, and these ports are the cluster's own. */
function doorService(mesh: HubMesh, cluster: Cluster, doors: readonly HubDoor[]): Manifest {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: metadata(mesh, cluster, hubDoorName),
    spec: {
      type: "ClusterIP",
      selector: gatewaySelector(mesh, cluster),
      ports: doors.map(({ audience, port }) => ({
        name: `tcp-${audience.id}`,
        port,
        targetPort: port,
        protocol: "TCP",
      })),
    },
  };
}

function doorGateway(mesh: HubMesh, cluster: Cluster, doors: readonly HubDoor[]): Manifest {
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "Gateway",
    metadata: metadata(mesh, cluster, hubDoorName),
    spec: {
      selector: gatewaySelector(mesh, cluster),
      servers: doors.map(({ audience, service, port }) => ({
        port: { number: port, name: `tcp-${audience.id}`, protocol: "TCP" },
        hosts: [service.host],
      })),
    },
  };
}

function doorRoute(mesh: HubMesh, cluster: Cluster, { service, port }: HubDoor): Manifest {
  const [{ port: number } = { port: 0 }] = service.ports;
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: metadata(mesh, cluster, service.name),
    spec: {
      exportTo: ["."],
      gateways: [hubDoorName],
      hosts: [service.host],
      tcp: [
        {
          match: [{ port }],
          route: [{ destination: { host: service.host, port: { number } } }],
        },
      ],
    },
  };
}
