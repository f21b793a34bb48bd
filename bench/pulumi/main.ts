/**
 * What the components cost beside a plain program that registers the same resources, in the real engine and over real API
 * servers: `npm run bench -- pulumi [services]`, with the toolchain.
 */
import * as pulumi from "@pulumi/pulumi";
import * as kubernetes from "@pulumi/kubernetes";
import { type MeshDescription, parseMesh, planMesh } from "../../src";
import { startCluster, type TestCluster } from "../../test/engine/cluster";
import { type Run, TestStack } from "../../test/engine/stack";
import { ExistingCluster, Mesh } from "../../src/pulumi";
import { median } from "../measure";
import { writeResults } from "../results";

const names = ["east", "west"] as const;
/** Four objects each, and a few for the clusters: 5,000 resources. */
const defaultServices = 1240;
/** The backend of files writes the whole state at each step, which hides everything else. */
const env = { PULUMI_EXPERIMENTAL: "true", PULUMI_SKIP_CHECKPOINTS: "true" };
/** Of each that changes nothing; the median counts. */
const rounds = 3;

function description(services: number): MeshDescription {
  return {
    name: "large",
    // Whose certificates others make, so that both programs have the same resources.
    trust: { issuer: "existing" },
    clusters: {
      east: { provider: "existing", gateway: { address: "203.0.113.10" } },
      west: { provider: "existing", gateway: { address: "203.0.113.20" } },
    },
    services: Object.fromEntries(
      Array.from({ length: services }, (_, index) => [
        `service-${index}.default`,
        {
          ports: [{ name: "grpc", port: 9090, protocol: "GRPC" as const }],
          serviceAccount: "server",
          servedBy: ["west"],
          consumedBy: ["east"],
        },
      ]),
    ),
  };
}

type Clusters = Readonly<Record<(typeof names)[number], TestCluster>>;

/** With the component. */
function withComponents(mesh: MeshDescription, clusters: Clusters): pulumi.automation.PulumiFn {
  return () => {
    const given = Object.fromEntries(
      names.map((name) => [name, new ExistingCluster(name, clusters[name])]),
    );
    new Mesh(mesh.name, { description: mesh, clusters: given, istio: { install: false } });
    return Promise.resolve({});
  };
}

/** The same objects, each a resource of a provider, as one would write them in a loop. */
function plain(mesh: MeshDescription, clusters: Clusters): pulumi.automation.PulumiFn {
  const plan = planMesh(parseMesh(mesh));
  return () => {
    for (const { cluster, objects } of plan.clusters) {
      const { kubeconfig } = clusters[cluster.name as (typeof names)[number]];
      const provider = new kubernetes.Provider(cluster.name, { kubeconfig });
      for (const { manifest } of objects) {
        const { apiVersion, kind, metadata, ...rest } = manifest;
        const name = [cluster.name, kind, metadata.namespace, metadata.name].join("/");
        new kubernetes.apiextensions.CustomResource(
          name,
          { apiVersion, kind, metadata: { ...metadata }, ...rest },
          { provider },
        );
      }
    }
    return Promise.resolve({});
  };
}

interface Timed {
  readonly resources: number;
  readonly up: number;
  readonly preview: number;
  readonly unchanged: number;
}

async function measure(
  make: (mesh: MeshDescription, clusters: Clusters) => pulumi.automation.PulumiFn,
  mesh: MeshDescription,
): Promise<Timed> {
  const started = await Promise.all(names.map((name) => startCluster(name)));
  const clusters = Object.fromEntries(started.map((one) => [one.name, one])) as Clusters;
  const stack = await TestStack.create(make(mesh, clusters), env);
  const run = async (operation: () => Promise<Run>): Promise<Run> => {
    const done = await operation();
    if (done.error !== undefined) throw new Error(done.error);
    return done;
  };
  const previews = async () => {
    const seconds: number[] = [];
    for (let round = 0; round < rounds; round++)
      seconds.push((await run(() => stack.preview())).seconds);
    return median(seconds);
  };
  try {
    const preview = await previews();
    const up = await run(() => stack.up());
    const resources = Object.values(up.changes).reduce((sum, count) => sum + count, 0);
    return { resources, preview, up: up.seconds, unchanged: await previews() };
  } finally {
    await Promise.all(started.map((cluster) => cluster.stop()));
    stack.remove();
  }
}

async function main(): Promise<void> {
  const mesh = description(Number(process.argv[2] ?? defaultServices));
  const bare = await measure(plain, mesh);
  const ours = await measure(withComponents, mesh);
  const rows = (["preview", "up", "unchanged"] as const).map((operation) => {
    const perResource = (timed: Timed) => (timed[operation] / timed.resources) * 1000;
    return { operation, bare, ours, ratio: perResource(ours) / perResource(bare) };
  });
  const label = { preview: "preview, all new", up: "up", unchanged: "preview, nothing changed" };
  await writeResults("pulumi", {
    title: "Components beside a plain program",
    notes: [
      "Real engine and API servers; the kubernetes plugin is the tests' stand-in for both. Without checkpoints at each step. The ratio is per resource.",
    ],
    columns: ["operation", "plain: resources", "s", "Mesh: resources", "s", "ratio"],
    rows: rows.map(({ operation, ratio }) => [
      label[operation],
      bare.resources.toLocaleString("en"),
      bare[operation].toFixed(1),
      ours.resources.toLocaleString("en"),
      ours[operation].toFixed(1),
      ratio.toFixed(2),
    ]),
    plot: {
      data: rows.map(({ operation, ratio }) => ({ operation: label[operation], ratio })),
      of: "operation",
      x: { field: "ratio", title: "× plain program, per resource" },
    },
  });
  process.exit(0);
}

void main();
