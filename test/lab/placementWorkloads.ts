/** What runs in generated placements: a server per cluster and version, and callers in every cluster. */
import type { Manifest, Workloads } from "../../src";
import {
  callerNames,
  type CallerName,
  callerNamespace,
  clusterNames,
  type ClusterName,
  type Placement,
  type PlacedService,
  runs,
} from "./placements";

/** What servers listen on; pods name each port, as some Services do. */
const listeners = [
  ["web", "http", 8080],
  ["web-admin", "http", 8081],
  ["rpc", "http2", 7000],
  ["rpc-api", "http2", 7001],
  ["line", "tcp", 9000],
  ["line-two", "tcp", 9001],
] as const;
const listen = listeners.map(([, protocol, port]) => `${protocol}:${port}`).join(",");

/** Whether the description lets a caller in. */
export function mayCall({ callers }: PlacedService, caller: CallerName): boolean {
  return callers === undefined || callers.includes(caller);
}

/** Servers of all placements, and callers whose environment has what they may call. */
export function placedWorkloads(placements: readonly Placement[]): Workloads {
  return Object.fromEntries(
    clusterNames.map((cluster) => [
      cluster,
      [
        ...placements.flatMap((placement) => servers(placement, cluster)),
        ...callerNames.flatMap((caller) => callerObjects(placements, cluster, caller)),
      ],
    ]),
  );
}

function servers({ namespace, services }: Placement, cluster: ClusterName): readonly Manifest[] {
  const here = services.filter(({ servedBy }) => servedBy[cluster] !== undefined);
  if (here.length === 0) return [];
  const versions = here.flatMap(({ servedBy }) => servedBy[cluster] ?? []);
  const labels = {
    app: here[0]!.name,
    ...(services.length > 1 ? Object.fromEntries(here.map(({ name }) => [runs(name), "yes"])) : {}),
  };
  return [
    account(namespace, "server"),
    ...here.map((service) => kubernetesService(namespace, service, services.length)),
    ...(versions.length === 0 ? [undefined] : versions).map((version) =>
      deployment({
        ...{ namespace, account: "server", cluster, version },
        name: version === undefined ? "server" : `server-${version}`,
        labels: version === undefined ? labels : { ...labels, version },
        env: { LISTEN: listen, NAME: namespace },
      }),
    ),
  ];
}

function kubernetesService(
  namespace: string,
  { name, ports }: PlacedService,
  together: number,
): Manifest {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace },
    spec: {
      selector: together > 1 ? { [runs(name)]: "yes" } : { app: name },
      ports: ports.map(({ name: portName, port, targetPort = port, named, protocol }) => ({
        name: portName,
        port,
        protocol: "TCP",
        appProtocol: protocol.toLowerCase(),
        targetPort:
          named === true ? listeners.find(([, , number]) => number === targetPort)![0] : targetPort,
      })),
    },
  };
}

function callerObjects(
  placements: readonly Placement[],
  cluster: ClusterName,
  caller: CallerName,
): readonly Manifest[] {
  const called = placements.flatMap(({ namespace, services }) =>
    services
      .filter((service) => service.consumedBy.includes(cluster) && mayCall(service, caller))
      .flatMap(({ name, ports }) =>
        ports.map(
          ({ scheme, port }) =>
            `${scheme === "tcp" ? "" : `${scheme}://`}${name}.${namespace}.global:${port}`,
        ),
      ),
  );
  return [
    account(callerNamespace, caller),
    deployment({
      ...{ namespace: callerNamespace, name: caller, account: caller, cluster, version: undefined },
      labels: { app: caller },
      env: {
        LISTEN: "http:8080",
        NAME: caller,
        ...Object.fromEntries(called.map((address, index) => [`CALL_${index}`, address])),
      },
    }),
  ];
}

function account(namespace: string, name: string): Manifest {
  return { apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace } };
}

interface DeploymentParts {
  readonly namespace: string;
  readonly name: string;
  readonly account: string;
  readonly cluster: string;
  readonly version: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
}

function deployment(parts: DeploymentParts): Manifest {
  const { namespace, name, labels, cluster, version } = parts;
  const env = {
    ...parts.env,
    CLUSTER: cluster,
    ...(version === undefined ? {} : { VERSION: version }),
  };
  const ports = parts.env.LISTEN === listen ? listeners : [["web", "http", 8080] as const];
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          serviceAccountName: parts.account,
          terminationGracePeriodSeconds: 1,
          containers: [
            {
              name: "echo",
              image: "lab/echo",
              ports: ports.map(([portName, , containerPort]) => ({
                name: portName,
                containerPort,
              })),
              env: Object.entries(env).map(([key, value]) => ({ name: key, value })),
              readinessProbe: { tcpSocket: { port: 8080 } },
            },
          ],
        },
      },
    },
  };
}
