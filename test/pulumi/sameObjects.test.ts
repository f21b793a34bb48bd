/** Both front ends and the plan: the same objects for the same mesh. */
import { App, Testing } from "cdk8s";
import {
  caFileNames,
  type CaFilesByCluster,
  clusterOf,
  type LateInput,
  type Manifest,
  mapLate,
  type MeshDescription,
  parseMesh,
  type Plan,
  planMesh,
  type Workloads,
} from "../../src";
import { Mesh as Cdk8sMesh } from "../../src/cdk8s";
import { toLiteral } from "../../src/core/literals";
import { readerTokenName } from "../../src/core/objects/remoteSecrets";
import { shopClusters, shopMesh } from "../../src/demo";
import { ExistingCluster, Mesh } from "../../src/pulumi";
import { sampleDescription, sampleWorkloads } from "../core/sampleMesh";
import { generatedMeshes } from "../generatedMesh";
import { kubeconfigFor, objectsOf, run } from "./program";

const demo = (clusters: number) => shopMesh({ clusters: shopClusters(clusters) });

const hubs = { distribution: "hub", istio: { version: "1.31.0" } } as const;

const byObjects: readonly (readonly [string, MeshDescription, Workloads])[] = [
  ["the sample", sampleDescription, sampleWorkloads],
  ...[1, 2, 3, 8].map((count): [string, MeshDescription, Workloads] => {
    const { description, workloads } = demo(count);
    return [`the demo on ${count}`, description, workloads];
  }),
  ["the sample with hubs", { ...sampleDescription, ...hubs }, sampleWorkloads],
  ["the demo on 3 with hubs", { ...demo(3).description, ...hubs }, demo(3).workloads],
  [
    "the demo on 3 on the way to hubs",
    { ...demo(3).description, ...hubs, distribution: "objects", hubs: ["west"] },
    demo(3).workloads,
  ],
  ["the demo on 3, observed", { ...demo(3).description, observability: true }, demo(3).workloads],
  [
    "the demo on 2, observed by a Prometheus without an operator",
    { ...demo(2).description, observability: { rules: "configMap", accessLogs: "all" } },
    demo(2).workloads,
  ],
  ...generatedMeshes(20).map((description): [string, MeshDescription, Workloads] => [
    `generated ${description.name}`,
    description,
    {},
  ]),
];

/** The same, and some of them with control planes that read each other. */
const meshes = [
  ...byObjects,
  ...byObjects
    .filter(([, { hubs: given, distribution }]) => given === undefined && distribution !== "hub")
    .slice(0, 12)
    .map(([what, description, workloads]): (typeof byObjects)[number] => [
      `${what}, by endpoints`,
      { ...description, distribution: "endpoints" },
      workloads,
    ]),
];

/** The files that the mocked provider makes. */
function caFiles(name: string, clusters: readonly string[]): CaFilesByCluster {
  return Object.fromEntries(
    clusters.map((cluster) => {
      const own = `${name}-root-ca-${cluster}`;
      const root = `${name}-root-ca-root certificate\n`;
      const files = {
        "ca-cert.pem": `${own} certificate\n`,
        "ca-key.pem": `${own} key\n`,
        "root-cert.pem": root,
        "cert-chain.pem": `${own} certificate\n${root}`,
      };
      expect(Object.keys(files)).toEqual([...caFileNames]);
      return [cluster, files];
    }),
  );
}

const keyOf = ({ apiVersion, kind, metadata }: Manifest) =>
  `${apiVersion} ${kind} ${metadata.namespace ?? ""}/${metadata.name}`;

function byKey(manifests: readonly Manifest[]): Readonly<Record<string, unknown>> {
  const entries = manifests.map((manifest) => [keyOf(manifest), withoutMergedText(manifest)]);
  expect(new Set(entries.map(([key]) => key)).size).toBe(entries.length);
  return JSON.parse(JSON.stringify(Object.fromEntries(entries))) as Record<string, unknown>;
}

/** Files quote a Corefile; Pulumi merges into the live one, which test/engine compares. */
function withoutMergedText(manifest: Manifest): Manifest {
  const { name, namespace } = manifest.metadata;
  if (manifest.kind !== "ConfigMap" || namespace !== "kube-system" || name !== "coredns")
    return manifest;
  const { data: _, ...rest } = manifest;
  return rest;
}

/** What the objects say to Pulumi's provider alone. */
function withoutProviderNotes(manifest: Manifest): Manifest {
  const notes = Object.entries(manifest.metadata.annotations ?? {});
  const annotations = notes.filter(([key]) => !key.startsWith("pulumi.com/"));
  const { annotations: _, ...metadata } = manifest.metadata;
  return {
    ...manifest,
    metadata:
      annotations.length === 0
        ? metadata
        : { ...metadata, annotations: Object.fromEntries(annotations) },
  };
}

/** A remote secret with the token that the mocked provider makes. */
function readPeers({ mesh }: Plan, manifest: Manifest): Manifest {
  const valueOf = (input: LateInput) => {
    const token = readerTokenName(clusterOf(mesh, input.cluster));
    const secret = [mesh.name, input.cluster, mesh.istio.namespace, token].join("/");
    if (input.kind === "apiServer") return `https://${input.cluster}.example.com`;
    return input.kind === "readerToken" ? `${secret} token` : `${secret} authority\n`;
  };
  return mapLate(manifest, (late) => late.resolve(valueOf)) as Manifest;
}

it.each(meshes)("%s", async (_what, description, workloads) => {
  const names = Object.keys(description.clusters);
  const { registered } = await run(() => {
    const clusters = Object.fromEntries(
      names.map((name) => [
        name,
        new ExistingCluster(name, { kubeconfig: kubeconfigFor(`https://${name}.example.com`) }),
      ]),
    );
    return new Mesh(description.name, { description, workloads, clusters });
  });
  const certificates = caFiles(description.name, names);
  const plan = planMesh(parseMesh(description), { workloads });
  const app = new App({ outdir: Testing.app().outdir });
  const constructs = new Cdk8sMesh(app, "mesh", { description, workloads, certificates });
  for (const { cluster, objects: inPlan } of plan.clusters) {
    const inFiles = inPlan.filter(({ live }) => !live);
    const planned = byKey(inFiles.map(({ manifest }) => toLiteral(manifest, certificates)));
    const { charts, trustCharts } = constructs;
    const synthesised = [charts[cluster.name]!, trustCharts[cluster.name]!].flatMap(
      (chart) => Testing.synth(chart) as Manifest[],
    );
    expect(byKey(synthesised)).toEqual(planned);
    const objects = objectsOf(registered, description.name, cluster.name);
    const remote = inPlan
      .filter(({ live }) => live)
      .map(({ manifest }) => readPeers(plan, manifest));
    expect(byKey(objects.map(withoutProviderNotes))).toEqual({ ...planned, ...byKey(remote) });
  }
});
