/** `meshspan import` reads clusters that run: the built command, real API servers with Istio's definitions. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { parse, stringify } from "yaml";
import { type Manifest, readManifests } from "../../src";
import { meshspan, parsed, type Run } from "../cli/run";
import { exact, exactImported, exactWorkloads, importedRows } from "../handBuilt";
import type { ApiClient } from "./apiClient";
import { startCluster, type TestCluster } from "./cluster";

jest.setTimeout(180_000);

const gateway = "198.51.100.21";
const texts = exact(gateway);
const given = { east: texts.east, west: `${texts.west}---${exactWorkloads}` };

let clusters: Readonly<Record<"east" | "west" | "bare", TestCluster>>;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "meshspan-import-"));
  const options = { crds: true, anyNamespace: true, loadBalancerRange: "none" };
  const [east, west, bare] = await Promise.all([
    startCluster("east", options),
    startCluster("west", options),
    startCluster("bare"),
  ]);
  clusters = { east, west, bare };
  await Promise.all([apply(east.api, given.east), apply(west.api, given.west)]);
  await Promise.all([east.api, west.api].map((api) => apply(api, istiod("by-hand"))));
  await west.api.setLoadBalancer("edge", "eastwest", { ip: gateway });
  writeKubeconfig("config", { "kind-east": east, "kind-west": west, bare });
});

afterAll(async () => {
  await Promise.all(Object.values(clusters).map((cluster) => cluster.stop()));
  rmSync(folder, { recursive: true });
});

/** What istiod's chart leaves of its settings, as far as an import reads it. */
const istiod = (meshId: string) => `
apiVersion: v1
kind: ConfigMap
metadata: { name: istio, namespace: istio-system }
data: { mesh: "defaultConfig: { meshId: ${meshId}, proxyMetadata: { ISTIO_META_DNS_CAPTURE: 'true' } }" }
`;

async function apply(api: ApiClient, text: string): Promise<void> {
  const resources = await api.resources();
  for (const { manifest } of readManifests(text).manifests) {
    const { apiVersion, kind, metadata } = manifest as Manifest;
    const group = apiVersion.includes("/") ? apiVersion.split("/")[0] : "core";
    const found = resources.find((one) => one.kind === kind && one.group === group)!;
    const namespace = found.namespaced ? `/namespaces/${metadata.namespace}` : "";
    const root = group === "core" ? "/api" : "/apis";
    await api.post(`${root}/${apiVersion}${namespace}/${basename(found.path)}`, manifest);
  }
}

/** A kubeconfig with a context for each cluster. */
function writeKubeconfig(
  name: string,
  contexts: Readonly<Record<string, TestCluster>>,
  token?: string,
): string {
  const parts = Object.entries(contexts).map(([context, { kubeconfig }]) => {
    const {
      clusters: [{ cluster }],
      users: [{ user }],
    } = parse(kubeconfig);
    return {
      clusters: { name: context, cluster },
      users: { name: context, user: token === undefined ? user : { token } },
      contexts: { name: context, context: { cluster: context, user: context } },
    };
  });
  const file = join(folder, name);
  const text = stringify({
    ...{ apiVersion: "v1", kind: "Config" },
    clusters: parts.map((part) => part.clusters),
    users: parts.map((part) => part.users),
    contexts: parts.map((part) => part.contexts),
    "current-context": parts[0]?.contexts.name,
  });
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}

const run = (...words: readonly string[]): Promise<Run> =>
  meshspan(["import", "--kubeconfig", "config", "--force", ...words], { cwd: folder });

it("reads both clusters by their contexts, as from what kubectl saves, and takes the mesh ID", async () => {
  const live = ["--context", "east=kind-east", "--context", "west=kind-west"];
  const { status, stdout, stderr } = await run(...live, "--output", "json");
  expect({ status, stderr }).toMatchObject({ status: 0 });
  const data = parsed("import", stdout);
  expect(data.mesh).toBe("by-hand");
  expect(data.services).toEqual(["far.default", "orders.default"]);
  expect(data.findings).toEqual([]);
  expect(importedRows(data.objects)).toEqual(exactImported);
  const described = parse(readFileSync(join(folder, "mesh.yaml"), "utf8"));

  for (const [name, text] of Object.entries(given))
    writeFileSync(join(folder, `${name}.yaml`), `${text}---${istiod("by-hand")}`);
  await run("east=east.yaml", "west=west.yaml");
  expect(parse(readFileSync(join(folder, "mesh.yaml"), "utf8"))).toEqual(described);
});

it("mixes files and clusters; where both have an object, the cluster's counts", async () => {
  const outdated = given.west.replaceAll("v2", "v3");
  writeFileSync(join(folder, "west.yaml"), outdated);
  writeFileSync(join(folder, "east.yaml"), given.east);
  const { status, stdout } = await run(
    ...["--context", "west=kind-west", "east=east.yaml", "west=west.yaml", "--output", "json"],
  );
  expect(status).toBe(0);
  const { objects } = parsed("import", stdout);
  expect(importedRows(objects)).toEqual(exactImported);
});

it("names what can be removed by the contexts that were given", async () => {
  const { stdout } = await run("--context", "east=kind-east", "--context", "west=kind-west");
  expect(stdout).toContain(
    "  kubectl --context kind-east -n default delete destinationrule.networking.istio.io/far-tls\n",
  );
});

it("says which cluster has no Istio", async () => {
  const { status, stderr } = await run("--context", "east=kind-east", "--context", "bare=bare");
  expect(status).toBe(1);
  expect(stderr).toMatch(/bare: the cluster knows no Gateway, ServiceEntry, .*Istio/);
  expect(stderr).not.toContain("east: ");
});

it("says which rights are missing, all of them at once", async () => {
  const { api } = clusters.east;
  const namespace = "/api/v1/namespaces/default/serviceaccounts";
  await api.post(namespace, { metadata: { name: "guest" } });
  const { body } = await api.post(`${namespace}/guest/token`, {
    ...{ apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest" },
    spec: { expirationSeconds: 3600 },
  });
  const rbac = "/apis/rbac.authorization.k8s.io/v1";
  await api.post(`${rbac}/clusterroles`, {
    metadata: { name: "guest" },
    rules: [{ apiGroups: ["", "apps"], resources: ["*"], verbs: ["list"] }],
  });
  await api.post(`${rbac}/clusterrolebindings`, {
    metadata: { name: "guest" },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "guest" },
    subjects: [{ kind: "ServiceAccount", name: "guest", namespace: "default" }],
  });
  const file = writeKubeconfig("guest", { guest: clusters.east }, body.status.token);
  const { status, stderr } = await run("--kubeconfig", `east=${file}`);
  expect(status).toBe(1);
  expect(stderr).toMatch(
    /east: the credentials of the context guest may not list .*serviceentries/,
  );
  expect(stderr).not.toMatch(/may not list .*deployments/);
});

it("says which cluster isn't reached", async () => {
  await clusters.bare.stop();
  const { status, stderr } = await run("--context", "bare=bare");
  expect(status).toBe(1);
  expect(stderr).toMatch(/bare: https:\/\/127\.0\.0\.1:\d+: the API server can't be reached/);
});
