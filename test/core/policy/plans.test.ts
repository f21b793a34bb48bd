import { parseMesh, type Plan, planMesh } from "../../../src";
import { checkPolicies } from "../../../src/core/policy/check";
import { meshPolicySettings, policySettings } from "../../../src/core/policy/settings";
import { withUnknown } from "../../../src/core/policy/unknown";
import { shopClusters, shopMesh } from "../../../src/demo";
import { generatedMeshes } from "../../generatedMesh";
import { samplePlan } from "../sampleMesh";
import { settings } from "./findings";

const found = (plan: Plan, own = meshPolicySettings(plan.mesh, settings.certificates)) =>
  checkPolicies(
    plan.clusters.map(({ cluster, objects }) => ({
      name: cluster.name,
      objects: objects.map(({ manifest }) => ({ manifest: withUnknown(manifest) })),
    })),
    own,
  ).map(({ cluster, code, name, message }) => `${cluster} ${code} ${name}: ${message}`);

describe("what Meshspan plans has no finding", () => {
  it.each([1, 2, 3, 5, 8])("the demo shop on %d clusters", (count) => {
    const { description, workloads } = shopMesh({ clusters: shopClusters(count) });
    const plan = planMesh(parseMesh(description), { workloads });
    expect(found(plan)).toEqual([]);
    // Nor where nobody shows the description.
    expect(found(plan, policySettings())).toEqual([]);
  });

  it("the demo shop on 3 clusters with hubs", () => {
    const { description, workloads } = shopMesh({ clusters: shopClusters(3) });
    const withHubs = { ...description, distribution: "hub", istio: { version: "1.31.0" } } as const;
    const plan = planMesh(parseMesh(withHubs), { workloads });
    expect(found(plan)).toEqual([]);
    expect(found(plan, policySettings())).toEqual([]);
  });

  it("services with versions, routes and places in several clusters", () => {
    expect(found(samplePlan)).toEqual([]);
  });

  it("two hundred generated meshes", () => {
    for (const description of generatedMeshes(200))
      expect(found(planMesh(parseMesh(description)))).toEqual([]);
  });
});
