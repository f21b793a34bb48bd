/** Calls of a mesh with hubs are traced by what hubs hand out. */
import { parseMesh, type Plan, planMesh, tracePlan } from "../../../src";
import { shopMesh } from "../../../src/demo";

describe("calls of a mesh with hubs", () => {
  const shop = shopMesh();
  const withHubs = { ...shop.description, istio: { version: "1.31.0" } };
  const planOf = (distribution: "objects" | "hub") =>
    planMesh(parseMesh({ ...withHubs, distribution }), { workloads: shop.workloads });
  const ways = (made: Plan) =>
    tracePlan(made).map(({ call, address, ok, paths }) => ({
      ...{ call, address, ok },
      paths: paths.map(({ servedBy, hops }) => [
        servedBy,
        ...hops.map(({ kind, status, cluster }) => `${kind} ${status} ${cluster}`),
      ]),
    }));

  it("are those of the same mesh without", () => {
    const found = ways(planOf("hub"));
    expect(found.every(({ ok }) => ok)).toBe(true);
    expect(found).toEqual(ways(planOf("objects")));
  });

  it.each([
    ["a hub's own Deployment", (key: string) => key.startsWith("apps/Deployment/istio-hub/")],
    ["the gateway's door", (key: string) => key.endsWith("/Gateway/istio-eastwest/meshspan-hub")],
    ["what leads to hubs", (key: string) => key.includes("/ServiceEntry/istio-hub/")],
    ["what hubs are told to read", (key: string) => key.includes("/ConfigMap/istio-hub/")],
  ])("are lost without %s", (_, isGone) => {
    const whole = planOf("hub");
    const broken = {
      ...whole,
      clusters: whole.clusters.map((cluster) => ({
        ...cluster,
        objects: cluster.objects.filter(({ key }) => !isGone(key)),
      })),
    };
    const lost = tracePlan(broken).filter(({ ok }) => !ok);
    expect(lost.length).toBeGreaterThan(0);
    expect(lost[0]?.paths[0]?.hops.at(-1)?.text).toMatch(/^no ServiceEntry of \w+ has the host /);
  });
});
