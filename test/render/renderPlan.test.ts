import { parseAllDocuments } from "yaml";
import { caFileNames, type MeshError, parseMesh, planMesh } from "../../src";
import { renderPlan } from "../../src/render";
import { toLiteral } from "../../src/core/literals";
import { sampleDescription, samplePlan } from "../core/sampleMesh";

const files = (cluster: string) =>
  Object.fromEntries(caFileNames.map((name) => [name, `${cluster} ${name}`])) as Record<
    (typeof caFileNames)[number],
    string
  >;
const certificates = { east: files("east"), west: files("west") };

describe("a plan as files", () => {
  const rendered = renderPlan(samplePlan, certificates);

  it("is a file per cluster and stage, in the order in which they are applied, and Helm values below", () => {
    expect(rendered.map(({ path }) => path)).toEqual([
      "east/10-namespaces.yaml",
      "east/20-trust.yaml",
      "east/30-gateway.yaml",
      "east/40-services.yaml",
      "east/60-workloads.yaml",
      "east/helm/base.yaml",
      "east/helm/istiod.yaml",
      "west/10-namespaces.yaml",
      "west/20-trust.yaml",
      "west/30-gateway.yaml",
      "west/40-services.yaml",
      "west/50-dns.yaml",
      "west/60-workloads.yaml",
      "west/helm/base.yaml",
      "west/helm/istiod.yaml",
    ]);
  });

  it("has exactly the plan's objects, read back", () => {
    for (const { cluster, objects } of samplePlan.clusters) {
      const read = rendered
        .filter(({ path }) => path.startsWith(`${cluster.name}/`) && !path.includes("helm"))
        .flatMap(({ content }) =>
          parseAllDocuments(content).map((document) => document.toJS() as unknown),
        );
      expect(read).toEqual(objects.map(({ manifest }) => toLiteral(manifest, certificates)));
    }
  });

  it("marks files with key material", () => {
    expect(rendered.filter(({ secret }) => secret).map(({ path }) => path)).toEqual([
      "east/20-trust.yaml",
      "west/20-trust.yaml",
    ]);
  });

  it("is refused as a whole where something is still late, with all of it named", () => {
    const plan = planMesh(parseMesh({ ...sampleDescription, clusters: { east: {}, west: {} } }));
    const issues = (() => {
      try {
        renderPlan(plan);
      } catch (error) {
        return (error as MeshError).issues.map(({ path }) => path.join("."));
      }
      return [];
    })();
    expect([...issues].sort()).toEqual([
      "certificates.east",
      "certificates.west",
      "clusters.east.gateway.address",
      "clusters.west.gateway.address",
    ]);
  });
});
