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

  describe("of which some consumers serve", () => {
    const cluster = (address: string) => ({ gateway: { address } });
    const planServed = (servedBy: readonly string[], callers?: readonly string[]) =>
      planMesh(
        parseMesh({
          name: "shop",
          distribution: "hub",
          istio: { version: "1.31.0" },
          clusters: {
            east: cluster("203.0.113.10"),
            west: cluster("203.0.113.20"),
            north: cluster("203.0.113.30"),
          },
          services: {
            "pay.default": {
              ports: [{ name: "http", port: 8080, protocol: "HTTP" }],
              serviceAccount: "pay",
              servedBy: [...servedBy],
              ...(callers === undefined ? {} : { callers: [...callers] }),
            },
          },
        }),
      );
    const served = (...given: Parameters<typeof planServed>) => tracePlan(planServed(...given));
    const placesOf = (traces: ReturnType<typeof served>) =>
      traces.map(({ call, ok, paths }) => [
        call.cluster,
        ok,
        paths.map((path) => path.servedBy).sort(),
      ]);

    it.each([
      ["pods of a namespace that the description has", ["shop.web"]],
      ["any pod", undefined],
    ])("go to their own pods, and not by their own gateway: %s", (_, callers) => {
      expect(placesOf(served(["west"], callers))).toEqual([
        ["east", true, ["west"]],
        ["north", true, ["west"]],
        ["west", true, ["west"]],
      ]);
      expect(placesOf(served(["east", "west"], callers))).toEqual([
        ["east", true, ["east", "west"]],
        ["north", true, ["east", "west"]],
        ["west", true, ["east", "west"]],
      ]);
      const ownWays = served(["east", "west"], callers).flatMap(({ call, paths }) =>
        paths.filter(({ servedBy }) => servedBy === call.cluster),
      );
      expect(ownWays).toHaveLength(2);
      expect(ownWays.flatMap(({ hops }) => hops.map(({ kind }) => kind))).not.toContain("gateway");
    });

    it("go by the own gateway, too, from a namespace that the description doesn't have", () => {
      const caller = { name: "shop", namespace: "web", serviceAccount: "shop" };
      const call = { cluster: "west", caller, host: "pay.default.global", port: 8080 };
      const [trace] = tracePlan(planServed(["west"]), [call]);
      expect(placesOf([trace!])).toEqual([["west", true, ["west"]]]);
      expect(trace!.paths[0]!.hops.map(({ text }) => text)).toContain("gateway of west");
    });
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
