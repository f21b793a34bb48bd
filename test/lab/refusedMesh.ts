/** A mesh of which little is exported: what tests of refusals knock at, and who knocks. East consumes, west serves. */
import type { Manifest, MeshDescription, Workloads } from "../../src";

const gateway = (address: string) => ({ gateway: { address, replicas: { min: 1 } } });

/** The account of `vault`'s pods. */
export const impostor = "impostor";

/** Whom west's gateway lets in: east's pods, which others see as their node, and somebody who knocks. */
const peers = ["10.11.0.1/32", "192.0.2.10/32"];

/** @param vaultAccount Whom callers expect `vault` to be. */
export const refusedMesh = (vaultAccount: string): MeshDescription => ({
  name: "refused",
  clusters: {
    east: gateway("203.0.113.10"),
    west: { gateway: { ...gateway("203.0.113.20").gateway, allowFrom: [...peers] } },
  },
  services: {
    "store.default": {
      ports: [
        { name: "http", port: 80, protocol: "HTTP", targetPort: 8080 },
        { name: "tcp", port: 9000, protocol: "TCP" },
      ],
      serviceAccount: "store",
      servedBy: { west: ["v1", "v2"] },
      consumedBy: ["east"],
      versions: { v1: { version: "v1" }, v2: { version: "v2" } },
      callers: ["caller.default"],
    },
    "vault.default": {
      ports: [{ name: "http", port: 80, protocol: "HTTP", targetPort: 8080 }],
      serviceAccount: vaultAccount,
      servedBy: ["west"],
      consumedBy: ["east"],
      callers: ["caller.default"],
    },
  },
});

export const localHost = (service: string, namespace = "default") =>
  `${service}.${namespace}.svc.cluster.local`;

export const serverName = (port: number | string, subset: string, host: string) =>
  `outbound_.${port}_.${subset}_.${host}`;

const store = (ports: readonly number[]) =>
  ports.flatMap((port) =>
    ["", "v1", "v2"].map((version) => serverName(port, version, localHost("store"))),
  );

/** A port of `store`'s Kubernetes Service that isn't in the description. */
export const undescribedPort = 9100;

/** Server names that the gateway has chains for, as it goes by hosts, and that lead nowhere. */
export const undescribed = store([undescribedPort]);

/** Every server name that west exports, by the account that answers. */
export const exported: Readonly<Record<string, readonly string[]>> = {
  store: store([80, 9000]),
  [impostor]: [serverName(80, "", localHost("vault"))],
};

/** `ledger` has ports and a version as `store` has, but isn't exported; `reports` has no pods. */
export const refusedWorkloads: Workloads = {
  east: [...workload("caller"), ...workload("stranger")],
  west: [
    ...workload("store", "store", ["v1", "v2"]),
    service("store", "default", [80, 8080], [9000], [undescribedPort]),
    ...workload("vault", impostor),
    service("vault", "default", [80, 8080]),
    ...workload("ledger"),
    service("ledger", "default", [80, 8080], [9000]),
    {
      apiVersion: "networking.istio.io/v1",
      kind: "DestinationRule",
      metadata: { name: "ledger", namespace: "default" },
      spec: { host: localHost("ledger"), subsets: [{ name: "v1", labels: { app: "ledger" } }] },
    },
    service("reports", "internal", [443, 8443], [5432]),
    elsewhere("api.example.com", "MESH_EXTERNAL"),
    elsewhere("partner.example.com", "MESH_INTERNAL"),
  ],
};

function workload(
  app: string,
  account = app,
  versions: readonly (string | undefined)[] = [undefined],
): readonly Manifest[] {
  return [
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: account, namespace: "default" } },
    ...versions.map((version) => deployment(app, account, version)),
  ];
}

function deployment(app: string, serviceAccountName: string, version?: string): Manifest {
  const labels = { app, ...(version === undefined ? {} : { version }) };
  const env = {
    LISTEN: `http:8080,tcp:9000,tcp:${undescribedPort}`,
    NAME: app,
    ...(version === undefined ? {} : { VERSION: version }),
  };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: Object.values(labels).join("-"), namespace: "default" },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          serviceAccountName,
          containers: [
            {
              name: "echo",
              image: "lab/echo",
              env: Object.entries(env).map(([name, value]) => ({ name, value })),
            },
          ],
        },
      },
    },
  };
}

function service(
  name: string,
  namespace: string,
  ...ports: readonly (readonly [port: number, targetPort?: number])[]
): Manifest {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace },
    spec: {
      selector: { app: name },
      ports: ports.map(([port, targetPort = port]) => ({
        name: targetPort === 8080 ? "http" : `tcp-${port}`,
        port,
        targetPort,
      })),
    },
  };
}

/** A host that isn't in the cluster, and that pods of it may call. */
function elsewhere(host: string, location: string): Manifest {
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "ServiceEntry",
    metadata: { name: host, namespace: "default" },
    spec: {
      hosts: [host],
      location,
      resolution: "STATIC",
      ports: [{ number: 443, name: "tls", protocol: "TLS" }],
      endpoints: [{ address: "198.51.100.7" }],
    },
  };
}
