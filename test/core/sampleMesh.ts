import {
  type Manifest,
  type Mesh,
  type MeshDescription,
  parseMesh,
  type Plan,
  planMesh,
  type PlannedObject,
  type Workloads,
} from "../../src";

/** kubeadm's Corefile, shortened. */
export const corefile = ".:53 {\n    errors\n    forward . /etc/resolv.conf\n    cache 30\n}\n";

/** Two clusters, a service of every sort: plain, with versions, in both clusters. West resolves with CoreDNS. */
export const sampleDescription = {
  name: "sample",
  clusters: {
    east: {
      provider: "existing",
      locality: "us-east1/us-east1-b",
      gateway: { address: "203.0.113.10" },
    },
    west: {
      provider: "existing",
      locality: "us-west1/us-west1-a",
      gateway: { address: "203.0.113.20" },
      dns: { mode: "coredns", address: "10.96.0.53", corefile },
    },
  },
  services: {
    "cart.default": {
      ports: [{ name: "grpc", port: 7070, protocol: "GRPC" }],
      serviceAccount: "cart",
      servedBy: ["west"],
      callers: ["front.default"],
    },
    "pay.default": {
      ports: [
        { name: "http", port: 80, protocol: "HTTP", targetPort: 8080 },
        { name: "grpc", port: 90, protocol: "GRPC" },
      ],
      serviceAccount: "pay",
      servedBy: { east: ["v1"], west: ["v1", "v2"] },
      callers: ["front.default"],
      versions: { v1: { version: "v1" }, v2: { version: "v2" } },
      routes: [
        { match: { headers: { "x-user": "tester" } }, to: [{ version: "v2" }], timeout: "2s" },
        {
          to: [
            { version: "v1", weight: 90 },
            { version: "v2", weight: 10 },
          ],
        },
      ],
    },
  },
} satisfies MeshDescription;

function workload(
  name: string,
  ports: readonly number[],
  options: { readonly version?: string; readonly env?: Record<string, string> } = {},
): Manifest {
  const full = options.version === undefined ? name : `${name}-${options.version}`;
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: full, namespace: "default" },
    spec: {
      selector: { matchLabels: { app: name } },
      template: {
        metadata: {
          labels: {
            app: name,
            ...(options.version === undefined ? {} : { version: options.version }),
          },
        },
        spec: {
          serviceAccountName: name,
          containers: [
            {
              name: "server",
              image: name,
              ports: ports.map((containerPort) => ({ containerPort })),
              env: Object.entries(options.env ?? {}).map(([key, value]) => ({ name: key, value })),
            },
          ],
        },
      },
    },
  };
}

function service(
  name: string,
  ports: readonly (readonly [port: number, targetPort: number])[],
): Manifest {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace: "default" },
    spec: {
      selector: { app: name },
      ports: ports.map(([port, targetPort]) => ({ name: `p${port}`, port, targetPort })),
    },
  };
}

const payPorts = [
  [80, 8080],
  [90, 90],
] as const;

export const sampleWorkloads: Workloads = {
  east: [
    workload("front", [8080], {
      env: {
        CART: "cart.default.global:7070",
        PAY: "http://pay.default.global:80/charge",
        PAY_RPC: "pay.default.global:90",
      },
    }),
    workload("pay", [8080, 90], { version: "v1" }),
    service("pay", payPorts),
  ],
  west: [
    workload("front", [8080], {
      env: { CART: "cart.default.global:7070", PAY: "pay.default.global:80" },
    }),
    workload("cart", [7070]),
    service("cart", [[7070, 7070]]),
    workload("pay", [8080, 90], { version: "v1" }),
    workload("pay", [8080, 90], { version: "v2" }),
    service("pay", payPorts),
  ],
};

export const sampleMesh: Mesh = parseMesh(sampleDescription);
export const samplePlan: Plan = planMesh(sampleMesh, { workloads: sampleWorkloads });

/** The plan of the sample with parts of its description exchanged; without workloads. */
export const planOf = (change: Partial<MeshDescription>): Plan =>
  planMesh(parseMesh({ ...sampleDescription, ...change }));

/** The objects of one cluster. */
export function objectsOf(plan: Plan, cluster: string): readonly PlannedObject[] {
  return plan.clusters.find((candidate) => candidate.cluster.name === cluster)!.objects;
}

/** The one object with this key. */
export function objectOf(plan: Plan, cluster: string, key: string): Manifest {
  const found = objectsOf(plan, cluster).filter((object) => object.key === key);
  if (found.length !== 1) throw new Error(`${cluster} has ${found.length} objects ${key}`);
  return found[0]!.manifest;
}

/** The plan without one object. */
export const spec = (plan: Plan, cluster: string, key: string): any =>
  objectOf(plan, cluster, key).spec;

export function without(plan: Plan, cluster: string, key: string): Plan {
  objectOf(plan, cluster, key);
  return mapObjects(plan, cluster, (objects) => objects.filter((object) => object.key !== key));
}

/** The plan with one object changed. */
export function withChange(
  plan: Plan,
  cluster: string,
  key: string,
  change: (manifest: any) => void,
): Plan {
  objectOf(plan, cluster, key);
  return mapObjects(plan, cluster, (objects) =>
    objects.map((object) => {
      if (object.key !== key) return object;
      const manifest = JSON.parse(JSON.stringify(object.manifest)) as Manifest;
      change(manifest);
      return { ...object, manifest };
    }),
  );
}

function mapObjects(
  plan: Plan,
  cluster: string,
  map: (objects: readonly PlannedObject[]) => readonly PlannedObject[],
): Plan {
  return {
    ...plan,
    clusters: plan.clusters.map((candidate) =>
      candidate.cluster.name === cluster
        ? { ...candidate, objects: map(candidate.objects) }
        : candidate,
    ),
  };
}
