/** A mesh with hubs: services in one cluster, in all, and for some, with pods that call them, and what its tests do with hubs. */
import type { MeshDescription, ServiceDescription, Workloads } from "../../src";
import { caller, echo, echoClusters, echoPorts } from "./echoMesh";
import { eventually } from "./eventually";
import { callOnce, exec } from "./exec";
import type { Lab } from "./lab";
import type { Pod } from "./pod";

const ports = [...echoPorts];

export const clusters = ["east", "west", "north"] as const;
export type ClusterName = (typeof clusters)[number];

/** A service of `echo` in these clusters. */
export function echoService(
  name: string,
  servedBy: readonly ClusterName[],
  consumedBy?: readonly ClusterName[],
): Record<string, ServiceDescription> {
  return {
    [`${name}.default`]: {
      ...{ ports, serviceAccount: name, servedBy: [...servedBy] },
      ...(consumedBy === undefined ? {} : { consumedBy: [...consumedBy] }),
    },
  };
}

/** `far` runs in west, `near` everywhere, for all; hubs are in east and west. */
export function hubMesh(more: Partial<MeshDescription> = {}): MeshDescription {
  return {
    ...{ name: "hubs", distribution: "hub", hubs: ["east", "west"], istio: { version: "1.31.0" } },
    clusters: echoClusters(...clusters),
    ...more,
    services: {
      ...echoService("far", ["west"]),
      ...echoService("near", clusters),
      ...more.services,
    },
  };
}

/** @param more Names of services that run in west beside */
export function hubWorkloads(...more: readonly string[]): Workloads {
  return Object.fromEntries(
    clusters.map((cluster) => [
      cluster,
      [
        ...["near", ...(cluster === "west" ? ["far", ...more] : [])].flatMap((name) =>
          echo({ name, cluster }),
        ),
        ...caller(),
      ],
    ]),
  );
}

export const urlOf = (service: string) => `http://${service}.default.global/`;

/** Waits until pods of a cluster reach a service. @returns the cluster that answered, and milliseconds */
export async function reached(lab: Lab, from: ClusterName, service: string) {
  const { found, ms } = await eventually(`${service} from ${from}`, async () => {
    const { ok, body } = await callOnce(lab.cluster(from).podOf("caller"), urlOf(service));
    return ok && body;
  });
  return { cluster: found.cluster as string, ms };
}

/** The istiod that pods of a cluster have, or the one that gateways and hubs have. */
export function istiodOf(lab: Lab, cluster: ClusterName, isForGateways = false): Pod {
  const pods = lab.cluster(cluster).podsOf("istiod", "istio-system");
  const found = pods.find(
    ({ object }) => object.metadata.labels["istio.io/rev"].endsWith("-gateways") === isForGateways,
  );
  if (found === undefined) throw new Error(`${cluster} has no istiod`);
  return found;
}

/** Objects that an istiod has, wherever it has them from. */
export async function configOf(istiod: Pod): Promise<readonly any[]> {
  const url = "http://localhost:8080/debug/configz";
  return JSON.parse(await exec(istiod, ["curl", "--silent", "--fail", url]));
}

/** Starts or ends hubs of an audience, and waits until pods are as many. */
export async function scaleHub(
  lab: Lab,
  cluster: ClusterName,
  replicas: number,
  name = "hub-all",
): Promise<void> {
  await lab.cluster(cluster).scale(name, replicas, "istio-hub");
  await eventually(`${replicas} hubs in ${cluster}`, () => {
    const pods = lab.cluster(cluster).podsOf(name, "istio-hub");
    return pods.length === replicas && pods.every(({ isReady }) => isReady);
  });
}

/** Kills a pod's program; the kubelet starts it again. */
export async function killIstiod(istiod: Pod): Promise<void> {
  process.kill(await istiod.container("discovery").running.pid, "SIGKILL");
  await eventually("istiod to be away", () => !istiod.isReady, 30);
}
