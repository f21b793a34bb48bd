/** Fifty meshes at once, whose objects share three clusters: what reaches the API servers is what was planned. */
import type { Plan } from "../../src";
import { ExistingCluster, Mesh } from "../../src/pulumi";
import { clusterCorefile, generatedClusters, generatedMeshes } from "../generatedMesh";
import { startCluster, type TestCluster } from "./cluster";
import { deviations } from "./meshStack";
import { TestStack } from "./stack";

jest.setTimeout(400_000);

describe("fifty generated meshes", () => {
  const descriptions = generatedMeshes(50);
  const plans: Plan[] = [];
  let servers: readonly TestCluster[];
  let stack: TestStack;
  beforeAll(async () => {
    servers = await Promise.all(
      generatedClusters.map((name) =>
        startCluster(name, { crds: true, corefile: clusterCorefile }),
      ),
    );
    stack = await TestStack.create(
      () => {
        plans.length = 0;
        const clusters = Object.fromEntries(
          servers.map(({ name, kubeconfig }) => [name, new ExistingCluster(name, { kubeconfig })]),
        );
        for (const description of descriptions) {
          const names = Object.keys(description.clusters);
          const own = Object.fromEntries(names.map((name) => [name, clusters[name]!]));
          const istio = { install: false };
          plans.push(new Mesh(description.name, { description, clusters: own, istio }).plan);
        }
        return Promise.resolve({});
      },
      // The backend of files writes the whole state at each step, which is not what this is about.
      { PULUMI_EXPERIMENTAL: "true", PULUMI_SKIP_CHECKPOINTS: "true" },
    );
  });
  afterAll(async () => {
    await Promise.all(servers.map((server) => server.stop()));
    stack.remove();
  });

  it("are as planned, in every cluster", async () => {
    const up = await stack.up();
    expect(up.error).toBeUndefined();
    let compared = 0;
    for (const server of servers) {
      const live = new Map(
        (await server.api.objects()).map((object) => [
          `${object.group}/${object.kind}/${object.metadata.namespace ?? ""}/${object.metadata.name}`,
          object,
        ]),
      );
      const planned = plans.flatMap(({ clusters }) =>
        clusters.filter(({ cluster }) => cluster.name === server.name).flatMap((c) => c.objects),
      );
      for (const { key, manifest, shared } of planned) {
        const found = live.get(key);
        expect(`${key} ${found === undefined ? "is missing" : "is there"}`).toBe(`${key} is there`);
        // Keys of certificates, and what is merged into a live text, have tests of their own.
        const wanted =
          key.endsWith("/cacerts") || shared ? { ...manifest, data: undefined } : manifest;
        expect(deviations(wanted, found)).toEqual([]);
        compared++;
      }
      const keys = new Set(planned.map(({ key }) => key));
      expect((await server.leftovers()).filter((key) => !keys.has(key))).toEqual([]);
    }
    const { Corefile } = (
      await servers[0]!.api.find("/api/v1/namespaces/kube-system/configmaps/coredns")
    ).data;
    const merged = descriptions.filter(({ clusters }) => {
      const { dns } = (clusters.east ?? {}) as { readonly dns?: { readonly corefile?: string } };
      return dns?.corefile !== undefined;
    });
    expect(Corefile.match(/# BEGIN meshspan/g)).toHaveLength(merged.length);
    console.log(`${compared} objects of ${plans.length} meshes, up in ${Math.round(up.seconds)} s`);
  });
});
