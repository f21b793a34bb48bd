/** Server names that a cluster's gateway has to refuse, out of what the cluster has. */
import type { LabCluster } from "./cluster";
import { exported, localHost, serverName, undescribed } from "./refusedMesh";

/**
 * Each host of the cluster with each port that any Service has, and each subset that any DestinationRule has, but for what is
 * exported; and other ways to write what is. `null` is a greeting without a server name.
 */
export async function namesNotExported(cluster: LabCluster): Promise<readonly (string | null)[]> {
  const list = async (path: string): Promise<readonly any[]> =>
    (await cluster.api.find(path)).items;
  const networking = "/apis/networking.istio.io/v1";
  const services = await list("/api/v1/services");
  const hosts = [
    ...services.map(({ metadata: { name, namespace } }) => localHost(name, namespace)),
    ...(await list(`${networking}/serviceentries`)).flatMap(({ spec }) => spec.hosts as string[]),
    ...["store", "vault", "ledger"].map((name) => `${name}.default.global`),
  ];
  const ports = services.flatMap(({ spec }) =>
    spec.ports.flatMap(({ port, targetPort }: any) => [port, targetPort]),
  );
  const subsets = (await list(`${networking}/destinationrules`)).flatMap(({ spec }) =>
    spec.subsets.map(({ name }: any) => name as string),
  );
  const addresses = [
    ...services.map(({ spec }) => spec.clusterIP as string),
    ...cluster.pods.map(({ address }) => address),
    cluster.gatewayAddress,
  ];
  const names = new Set<string | null>([
    ...hosts.flatMap((host) =>
      [...new Set(ports)].flatMap((port) =>
        ["", ...new Set(subsets), "v3"].map((subset) => serverName(port, subset, host)),
      ),
    ),
    ...hosts.flatMap((host) => [host, host.replace(/\.svc\.cluster\.local$/, "")]),
    ...otherWays("store", 80),
    ...addresses,
    ...["*", "*.global", "*.local", "*.svc.cluster.local", "*.default.svc.cluster.local"],
    ...["localhost", "istiod.istio-system.svc", "a".repeat(255), null],
  ]);
  for (const name of [...Object.values(exported).flat(), ...undescribed]) names.delete(name);
  return [...names];
}

/** Names that look like an exported one. */
function otherWays(service: string, port: number): readonly string[] {
  const host = localHost(service);
  const right = serverName(port, "", host);
  return [
    `${right}.`,
    `x.${right}`,
    `${right}.example.com`,
    right.replace("outbound", "inbound"),
    right.replace("outbound_", "outbound"),
    right.replace("_._", "__"),
    `outbound|${port}||${host}`,
    ...[service, `${service}.default`, `${service}.default.svc`].flatMap((short) => [
      short,
      serverName(port, "", short),
    ]),
    ...["*", "*.local", "*.svc.cluster.local", `*.default.svc.cluster.local`, `x.${host}`].map(
      (other) => serverName(port, "", other),
    ),
    ...["*", "0", "080", "80,9000", "65536", "http"].map((other) => serverName(other, "", host)),
    ...["*", "v", "v1,v2", "v1_v2", "v11"].map((subset) => serverName(port, subset, host)),
  ];
}
