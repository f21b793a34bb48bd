/** A mesh as cdk8s writes it, put into the lab's clusters as the GitOps example's README says. */
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { App, YamlOutputType } from "cdk8s";
import { parseAllDocuments } from "yaml";
import { type MeshDescription, parseMesh, type Plan, type Workloads } from "../../src";
import { Mesh } from "../../src/cdk8s";
import { ensureMeshCertificates } from "../../src/pki";
import { helmInstall } from "../engine/standins/helm";
import type { LabCluster } from "./cluster";
import { helmTools, labValues } from "./helm";
import { type Lab, workFolder } from "./lab";

/** What is put in. */
export interface MeshInput {
  readonly description: MeshDescription;
  readonly workloads?: Workloads;
}

/** Where the mesh's certificates are kept. */
export const certificatesFolder = join(workFolder, "certs");
const manifests = join(workFolder, "manifests");

/** Writes the mesh's manifests. @returns objects of each cluster's two files, and the plan that they are */
export async function synthesise({ description, workloads = {} }: MeshInput): Promise<{
  readonly plan: Plan;
  readonly filesOf: (cluster: string) => { readonly trust: any[]; readonly objects: any[] };
}> {
  const mesh = parseMesh(description);
  const { clusters } = await ensureMeshCertificates(certificatesFolder, mesh);
  rmSync(manifests, { recursive: true, force: true });
  const app = new App({ outdir: manifests, yamlOutputType: YamlOutputType.FILE_PER_CHART });
  const { plan } = new Mesh(app, "mesh", { mesh, workloads, certificates: clusters });
  app.synth();
  const read = (name: string) =>
    parseAllDocuments(readFileSync(join(manifests, `${name}.k8s.yaml`), "utf8")).map(
      (document) => document.toJS() as unknown,
    );
  return {
    plan,
    filesOf: (cluster) => ({ trust: read(`${cluster}-cacerts`), objects: read(cluster) }),
  };
}

/** Puts a whole mesh into clusters that have nothing yet: the CA, Istio, and then everything else. */
export async function installCdk8s(
  lab: Lab,
  input: MeshInput,
  istiodValues: object = {},
): Promise<Plan> {
  const { plan, filesOf } = await synthesise(input);
  await Promise.all(
    plan.clusters.map(async ({ cluster: { name }, helm }) => {
      const cluster = lab.cluster(name);
      const { trust, objects } = filesOf(name);
      await installIstio(lab, cluster, plan, trust, helm, istiodValues);
      lab.progress(`${name}: ${objects.length} objects`);
      await cluster.apply(objects);
    }),
  );
  return plan;
}

/** The CA, and Istio's charts. */
export async function installIstio(
  lab: Lab,
  cluster: LabCluster,
  { mesh }: Plan,
  trust: readonly any[],
  helm: Plan["clusters"][number]["helm"],
  istiodValues: object = {},
): Promise<void> {
  const { namespace } = mesh.istio;
  await cluster.apply([{ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } }]);
  await cluster.apply(trust);
  lab.progress(`${cluster.name}: Istio's charts base and istiod`);
  const install = (name: string, chart: string, ...values: readonly object[]) =>
    helmInstall(helmTools(), cluster.kubeconfig, { name, chart, namespace }, values);
  await install("istio-base", "base", helm.base);
  if (helm.gateways === undefined) {
    await install("istiod", "istiod", helm.istiod, labValues, istiodValues);
    return;
  }
  await install("istiod-gateways", "istiod", helm.gateways, labValues, istiodValues);
  // It's ready once it has read a hub, which is among the objects that come after it.
  const release = { name: "istiod", chart: "istiod", namespace, wait: false };
  const values = [helm.istiod, labValues, istiodValues];
  await helmInstall(helmTools(), cluster.kubeconfig, release, values);
}

/** Applies what a mesh has become; objects that it no longer has are deleted, as by `kubectl apply --prune`. */
export async function updateCdk8s(lab: Lab, before: Plan, input: MeshInput): Promise<Plan> {
  const { plan, filesOf } = await synthesise(input);
  const keys = new Map(
    plan.clusters.map(({ cluster, objects }) => [
      cluster.name,
      new Set(objects.map(({ key }) => key)),
    ]),
  );
  await Promise.all(
    plan.clusters.map(({ cluster: { name } }) => lab.cluster(name).apply(filesOf(name).objects)),
  );
  await Promise.all(
    before.clusters.map(async ({ cluster: { name }, objects }) => {
      const kept = keys.get(name);
      if (kept === undefined) return;
      for (const { key, manifest } of objects)
        if (!kept.has(key)) await lab.cluster(name).delete(manifest);
    }),
  );
  return plan;
}
