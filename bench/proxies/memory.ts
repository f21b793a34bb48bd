/** What processes of a cluster have in memory that has the objects of a plan. */
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { toLiteral } from "../../src/core/literals";
import type { Manifest } from "../../src";
import { helmInstall } from "../../test/engine/standins/helm";
import type { LabCluster } from "../../test/lab/cluster";
import { eventually } from "../../test/lab/eventually";
import { helmTools, labValues } from "../../test/lab/helm";
import { Lab } from "../../test/lab/lab";
import type { Pod } from "../../test/lab/pod";
import { admin, statsOf } from "../../test/lab/proxy";
import { consumer, type Consumers, planWith } from "./mesh";

/** Bytes. */
export interface ProxyMemory {
  readonly istiod: number;
  readonly sidecar: number;
  /** What the sidecar's Envoy has allocated of it, by its own account. */
  readonly sidecarAllocated: number;
  readonly gateway: number;
}

/** Of a control plane and proxies that know so many services. */
export async function memoryWith(services: number, consumers: Consumers): Promise<ProxyMemory> {
  const plan = planWith(services, consumers);
  const lab = await Lab.start({
    clusters: { [consumer]: {} },
    name: "bench-proxies",
  });
  try {
    const cluster = lab.cluster(consumer);
    const own = plan.clusters.find(({ cluster: { name } }) => name === consumer);
    if (own === undefined) throw new Error(`the plan has no ${consumer}`);
    const manifests = own.objects.map(({ manifest }) => toLiteral(manifest));
    // istiod starts when everything is there: one that has seen it come bit by bit needs more.
    await cluster.apply(manifests.filter(isNamespace));
    await install(cluster, "base", own.helm.base);
    await applyAll(
      cluster,
      manifests.filter((manifest) => !isNamespace(manifest) && !isProxy(manifest)),
    );
    await install(cluster, "istiod", own.helm.istiod, labValues, chartsDefaults);
    await cluster.apply(manifests.filter(isProxy));
    const sidecar = await configured(cluster, "caller", "default", own.objects);
    const gateway = await configured(cluster, "istio-eastwestgateway", "istio-eastwest", []);
    // What was needed to get there is given back, as far as it is.
    await sleep(10_000);
    return {
      istiod: residentMemory(await pidOf(cluster.podOf("istiod", "istio-system"), "discovery")),
      sidecar: residentMemory(await envoyOf(sidecar)),
      sidecarAllocated: await allocated(sidecar),
      gateway: residentMemory(await envoyOf(gateway)),
    };
  } finally {
    await lab.stop();
  }
}

/** The lab's values have proxies count and log more than they do by default. */
const chartsDefaults = {
  meshConfig: {
    accessLogFile: "",
    defaultConfig: { proxyStatsMatcher: { inclusionRegexps: [] } },
  },
};

/** Istio's own chart, in the namespace that is Istio's. */
function install(
  cluster: LabCluster,
  chart: "base" | "istiod",
  ...values: readonly object[]
): Promise<void> {
  const release = { name: `istio-${chart}`, chart, namespace: "istio-system" };
  return helmInstall(helmTools(), cluster.kubeconfig, release, values);
}

const isNamespace = ({ kind }: Manifest) => kind === "Namespace";
const isProxy = ({ kind }: Manifest) => kind === "Deployment";

/** Several at a time. */
async function applyAll(cluster: LabCluster, manifests: readonly Manifest[]): Promise<void> {
  const queue = manifests.values();
  const lane = async () => {
    for (const manifest of queue) await cluster.apply([manifest]);
  };
  await Promise.all(Array.from({ length: 4 }, lane));
}

/** The pod of an app, once its proxy has a cluster for each service. */
async function configured(
  cluster: LabCluster,
  app: string,
  namespace: string,
  objects: readonly { readonly manifest: Manifest }[],
): Promise<Pod> {
  const services = objects.filter(({ manifest }) => manifest.kind === "ServiceEntry").length;
  const { found } = await eventually(
    `the configuration of ${app}`,
    async () => {
      const [pod] = cluster.podsOf(app, namespace);
      if (pod?.isReady !== true) return undefined;
      const stats = await statsOf(pod, /^cluster_manager\.active_clusters$/);
      return (stats.get("cluster_manager.active_clusters") ?? 0) > services ? pod : undefined;
    },
    300,
  );
  return found;
}

/** Pid of the program of a container. */
function pidOf(pod: Pod, container: string): Promise<number> {
  return pod.container(container).running.pid;
}

/** Pid of the Envoy that pilot-agent has started. */
async function envoyOf(pod: Pod): Promise<number> {
  const agent = await pidOf(pod, "istio-proxy");
  // Each thread has the children that it has started.
  const found = readdirSync(`/proc/${agent}/task`)
    .flatMap((thread) => readFileSync(`/proc/${agent}/task/${thread}/children`, "utf8").split(" "))
    .filter((pid) => pid !== "")
    .find((pid) => readFileSync(`/proc/${pid}/comm`, "utf8").trim() === "envoy");
  if (found === undefined) throw new Error(`${pod.key} has no Envoy`);
  return Number(found);
}

function residentMemory(pid: number): number {
  const [, kibibytes] =
    /^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  if (kibibytes === undefined) throw new Error(`process ${pid} has ended`);
  return Number(kibibytes) * 1024;
}

/** By Envoy's /memory. */
async function allocated(pod: Pod): Promise<number> {
  const { allocated: bytes } = JSON.parse(await admin(pod, "memory")) as { allocated: string };
  return Number(bytes);
}
