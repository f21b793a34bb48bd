/** What a trace says of route rules: which requests go where. */
import { type MeshDescription, parseMesh, planMesh, tracePlan } from "../../../src";

type Routes = NonNullable<NonNullable<MeshDescription["services"]>[string]["routes"]>;

/** The version and its share, and the text of the hop `route`, of each way to `reviews` from east. */
function routesWith(routes: Routes): readonly string[] {
  const plan = planMesh(
    parseMesh({
      name: "shop",
      clusters: {
        east: { gateway: { address: "192.0.2.1" } },
        west: { gateway: { address: "192.0.2.2" } },
      },
      services: {
        "reviews.default": {
          ports: [{ name: "http", port: 80, protocol: "HTTP" }],
          serviceAccount: "reviews",
          servedBy: { east: ["v1"], west: ["v2"] },
          versions: { v1: { version: "v1" }, v2: { version: "v2" } },
          routes,
        },
      },
    }),
  );
  const [trace] = tracePlan(plan).filter(({ call }) => call.cluster === "east");
  return trace!.paths.map(({ version = "any", weight, hops }) => {
    const hop = hops.find(({ kind }) => kind === "route");
    return `${version}${weight === undefined ? "" : ` ×${weight}`}: ${hop?.text ?? "no rule"}`;
  });
}

const share: Routes[number] = {
  to: [
    { version: "v1", weight: 90 },
    { version: "v2", weight: 10 },
  ],
};
const only = (version: string, match?: Routes[number]["match"]): Routes[number] => ({
  ...(match === undefined ? {} : { match }),
  to: [{ version }],
});

describe("the rules of a route", () => {
  it("say nothing of requests where they are for all of them", () => {
    expect(routesWith([share])).toEqual(["v1 ×90: version v1", "v2 ×10: version v2"]);
  });

  it("say which requests they are for, and which go by the last one", () => {
    const tester = { headers: { "end-user": "tester" } };
    expect(routesWith([only("v2", tester), share])).toEqual([
      'v2: version v2, where header end-user is "tester"',
      "v1 ×90: version v1, otherwise",
      "v2 ×10: version v2, otherwise",
    ]);
  });

  it("of the same destination are told together", () => {
    const match = [
      { uri: { prefix: "/new" }, method: "GET" },
      { queryParams: { beta: { regex: "1|yes" } } },
    ];
    expect(
      routesWith([only("v2", match), only("v1", { authority: "a.example" }), only("v2")]),
    ).toEqual([
      'v2: version v2, where uri starts with "/new" and method is "GET" or query parameter beta matches "1|yes", or otherwise',
      'v1: version v1, where authority is "a.example"',
    ]);
  });
});
