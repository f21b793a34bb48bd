/** A small mesh for topologies: a shop front in east, and what it calls in west and in both. */
import type { MeshDescription } from "../../../src/core/description";
import type { Manifest } from "../../../src/core/objects/manifest";
import { parseMesh } from "../../../src/core/parse";
import { type Plan, planMesh, type Workloads } from "../../../src/core/plan";

const description: MeshDescription = {
  name: "small",
  clusters: {
    east: { locality: "us-east1/us-east1-b" },
    west: { gateway: { address: "203.0.113.20" } },
  },
  services: {
    "catalog.default": {
      ports: [{ name: "grpc", port: 3550, protocol: "GRPC" }],
      serviceAccount: "catalog",
      servedBy: ["east", "west"],
    },
    "redis-cart.default": {
      ports: [{ name: "redis", port: 6379, protocol: "redis" }],
      serviceAccount: "redis-cart",
      servedBy: ["west"],
    },
  },
};

const workloads: Workloads = {
  east: [
    ...workload("front", { calls: ["cart:7070", "catalog.default.global:3550"] }),
    ...workload("cart", { port: 7070, calls: ["redis-cart.default.global:6379"] }),
    ...workload("catalog", { port: 3550 }),
  ],
  west: [...workload("redis-cart", { port: 6379 }), ...workload("catalog", { port: 3550 })],
};

/** What a workload listens on and calls. */
export interface WorkloadFacts {
  readonly port?: number;
  readonly calls?: readonly string[];
  readonly namespace?: string;
  /** Name of its Service, which selects by it. @default the workload's */
  readonly app?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** A Deployment, and its Service where it listens. */
export function workload(name: string, facts: WorkloadFacts = {}): readonly Manifest[] {
  const { port, calls = [], namespace = "default", app = name, labels } = facts;
  const env = calls.map((value, index) => ({ name: `CALL_${index}`, value }));
  const ports = port === undefined ? [] : [{ containerPort: port }];
  const deployment: Manifest = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace },
    spec: {
      template: {
        metadata: { labels: { app, ...labels } },
        spec: { serviceAccountName: app, containers: [{ name: "server", ports, env }] },
      },
    },
  };
  if (port === undefined) return [deployment];
  const service: Manifest = {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: app, namespace },
    spec: { selector: { app }, ports: [{ name: "grpc", port }] },
  };
  return [service, deployment];
}

/** The small mesh, with anything of its description replaced. */
export function smallPlan(changes: Partial<MeshDescription> = {}, deployed = workloads): Plan {
  return planMesh(parseMesh({ ...description, ...changes }), { workloads: deployed });
}

/** The small mesh whose workloads are somebody else's. */
export function describedPlan(changes: Partial<MeshDescription> = {}): Plan {
  return planMesh(parseMesh({ ...description, ...changes }));
}

/** A plan from which objects were taken out. */
export function without(plan: Plan, cluster: string, kind: string, name: string): Plan {
  const clusters = plan.clusters.map((one) => {
    if (one.cluster.name !== cluster) return one;
    const objects = one.objects.filter(
      ({ manifest }) => manifest.kind !== kind || manifest.metadata.name !== name,
    );
    if (objects.length === one.objects.length) throw new Error(`no ${kind} ${name} in ${cluster}`);
    return { ...one, objects };
  });
  return { ...plan, clusters };
}
