/** Global names in all three modes, of pods with a proxy and of processes without. */
import { setTimeout as sleep } from "node:timers/promises";
import type { ClusterDescription, Manifest, MeshDescription, Workloads } from "../../src";
import { parseMesh } from "../../src";
import { corefile } from "./clusterDns";
import { caller, echo, echoClusters, echoPorts } from "./echoMesh";
import { eventually } from "./eventually";
import { callOnce, exec } from "./exec";
import { Lab } from "./lab";
import type { Pod } from "./pod";
import { PulumiMesh, withoutAddresses } from "./pulumiMesh";

/** Where each mode is; the service runs in the first. */
const modes = { east: "proxy", west: "coredns", north: "kube-dns" } as const;
const names = Object.keys(modes) as (keyof typeof modes)[];

function description(services: readonly string[]): MeshDescription {
  const clusters = echoClusters(...names);
  return withoutAddresses({
    name: "names",
    clusters: Object.fromEntries(
      names.map((name): [string, ClusterDescription] => [
        name,
        { ...clusters[name], provider: "existing", dns: modes[name] },
      ]),
    ),
    services: Object.fromEntries(
      services.map((service) => [
        `${service}.default`,
        { ports: [...echoPorts], serviceAccount: service, servedBy: ["east"] },
      ]),
    ),
  });
}

/** A pod that the mesh knows nothing of. */
function outsider(): readonly Manifest[] {
  return caller("outsider").map((manifest) => {
    if (manifest.kind !== "Deployment") return manifest;
    const spec = manifest.spec as { template: { metadata: { labels: object } } };
    Object.assign(spec.template.metadata.labels, { "sidecar.istio.io/inject": "false" });
    return manifest;
  });
}

const workloads: Workloads = Object.fromEntries(
  names.map((cluster) => [
    cluster,
    [...(cluster === "east" ? echo({ name: "hello", cluster }) : []), ...caller(), ...outsider()],
  ]),
);

const before = description(["hello"]);
const after = description(["hello", "later"]);
const addressOf = (service: string) =>
  parseMesh(after).services.find(({ key }) => key === `${service}.default`)!.address;

let lab: Lab;
let mesh: PulumiMesh;

beforeAll(async () => {
  lab = await Lab.start({
    clusters: { east: {}, west: {}, north: { clusterDns: "kube-dns" } },
    name: "dns",
  });
  mesh = await PulumiMesh.create(lab, { description: before, workloads });
  await mesh.up();
}, 400_000);

afterAll(async () => {
  mesh.remove();
  await lab.stop();
});

/** Addresses of a name, as a process in the pod is told them. */
async function resolve(pod: Pod, name: string): Promise<readonly string[]> {
  const program = `require("node:dns").promises.resolve4(${JSON.stringify(name)}).then(
    (addresses) => console.log(JSON.stringify(addresses)), (error) => console.log(JSON.stringify([error.code])))`;
  const text = await exec(pod, ["/usr/local/bin/node", "-e", program]);
  return [...new Set(JSON.parse(text) as string[])];
}

it.each(names)(
  "in %s, pods with a proxy find the service by its name and reach it",
  async (name) => {
    const { found } = await eventually("an answer", async () => {
      const pod = lab.cluster(name).podOf("caller");
      const result = await callOnce(pod, "http://hello.default.global/");
      return result.ok ? result : Promise.reject(new Error(JSON.stringify(result)));
    });
    expect(found.body).toMatchObject({ name: "hello", cluster: "east" });
    expect(await resolve(lab.cluster(name).podOf("caller"), "hello.default.global")).toEqual([
      addressOf("hello"),
    ]);
  },
);

it.each(["west", "north"])(
  "in %s, a process outside of the mesh resolves the name, and the cluster's own names as before",
  async (name) => {
    const pod = lab.cluster(name).podOf("outsider");
    expect(pod.object.spec.containers).toHaveLength(1);
    expect(await resolve(pod, "hello.default.global")).toEqual([addressOf("hello")]);
    expect(await resolve(pod, "nobody.default.global")).toEqual(["ENOTFOUND"]);
    expect(await resolve(pod, "kubernetes.default.svc.cluster.local")).toEqual(["10.96.0.1"]);
  },
);

it("in east, where proxies answer, a process outside of the mesh knows no global names", async () => {
  const pod = lab.cluster("east").podOf("outsider");
  // The lab's own name server has nobody to ask.
  expect(await resolve(pod, "hello.default.global")).toEqual(["ESERVFAIL"]);
});

it("has a name that is added resolve everywhere, after as long as zones and caches say", async () => {
  const [west, north] = ["west", "north"].map((name) => lab.cluster(name).podOf("outsider"));
  await mesh.up({ description: after, workloads });
  const changed = performance.now();
  // The kubelet brings the zone in 2 s, CoreDNS looks at it each 10 s. Who asks before has "no such name" cached for 30 s.
  await sleep(12_000);
  for (const pod of [west!, north!])
    await eventually("the new name", async () =>
      (await resolve(pod, "later.default.global")).includes(addressOf("later")),
    );
  const seconds = (performance.now() - changed) / 1000;
  console.log(`a new name resolves ${seconds.toFixed(1)} s after the up that adds it`);
});

it("takes the mesh's names out again, and leaves the clusters' own DNS as it was", async () => {
  await mesh.destroy();
  const { data } = await lab
    .cluster("west")
    .api.find("/api/v1/namespaces/kube-system/configmaps/coredns");
  expect(data.Corefile).toBe(corefile);
  const kubeDns = await lab
    .cluster("north")
    .api.find("/api/v1/namespaces/kube-system/configmaps/kube-dns");
  expect(kubeDns.data ?? {}).toEqual({});
}, 400_000);
