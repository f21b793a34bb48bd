import * as pulumi from "@pulumi/pulumi";
import { ExistingCluster, GkeCluster, KindCluster, Mesh } from "../../src/pulumi";
import { sampleDescription } from "../core/sampleMesh";
import { kubeconfigFor, run } from "./program";

class Thing extends pulumi.CustomResource {
  constructor() {
    super("test:index:Thing", "thing", {});
  }
}

/** What each resource waits for, by type and name: names of resources, whichever way they get to it. */
async function waits(program: () => unknown): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const { registered } = await run(program, ({ type }) =>
    type === "gcp:container/cluster:Cluster" ? { masterAuth: {} } : {},
  );
  const direct = new Map(
    registered.map(({ type, name, needs }) => [`${type} ${name}`, needs.map(labelOf)]),
  );
  const all = (label: string, found = new Set<string>()): ReadonlySet<string> => {
    for (const next of direct.get(label) ?? []) {
      if (found.has(next)) continue;
      found.add(next);
      all(next, found);
    }
    return found;
  };
  return new Map([...direct.keys()].map((label) => [label, all(label)]));
}

/** `urn:pulumi:stack::project::a$b::name`, and as a provider's reference `…::id`. */
function labelOf(urn: string): string {
  const [, , types = "", name = ""] = urn.split("::");
  return `${types.split("$").at(-1)} ${name}`;
}

const thing = "test:index:Thing thing";

/** Components are there at once, and make nothing themselves. */
const isMade = (label: string) => !/^(?:pulumi:pulumi|meshspan:)/.test(label) && label !== thing;

it.each<[string, (options: pulumi.ComponentResourceOptions) => unknown]>([
  [
    "ExistingCluster",
    (options) => new ExistingCluster("c", { kubeconfig: kubeconfigFor("https://c") }, options),
  ],
  ["KindCluster", (options) => new KindCluster("c", { metalLb: true }, options)],
  [
    "GkeCluster",
    (options) =>
      new GkeCluster("c", { location: "us-east1" }, options).admitPeers(["192.0.2.0/24"], 15443),
  ],
  [
    "Mesh, whose clusters are made along",
    (options) =>
      new Mesh(
        "m",
        {
          description: {
            ...sampleDescription,
            clusters: { east: { provider: "kind" }, west: { provider: "existing" } },
          },
          clusters: {
            west: { kubeconfig: kubeconfigFor("https://west"), nodeAddress: "192.0.2.1" },
          },
        },
        options,
      ),
  ],
])("all of %s waits for what it's told to wait for", async (_what, make) => {
  const found = await waits(() => make({ dependsOn: [new Thing()] }));
  const made = [...found].filter(([label]) => isMade(label));
  expect(made.length).toBeGreaterThan(0);
  expect(made.filter(([, needed]) => !needed.has(thing)).map(([label]) => label)).toEqual([]);
});

it("what is shared in a cluster waits for what the cluster is told to wait for", async () => {
  const found = await waits(() => {
    const cluster = (name: string) =>
      new ExistingCluster(
        name,
        { kubeconfig: kubeconfigFor(`https://${name}`) },
        { dependsOn: new Thing() },
      );
    new Mesh("m", {
      description: sampleDescription,
      clusters: { east: cluster("east"), west: { kubeconfig: kubeconfigFor("https://west") } },
    });
  });
  const shared = [...found].filter(([label]) => label.includes("SharedObject sample/east/"));
  expect(shared.length).toBeGreaterThan(0);
  for (const [, needed] of shared) expect(needed).toContain(thing);
});

it("gateways wait for what gives load balancers their addresses", async () => {
  const found = await waits(
    () =>
      new Mesh("m", {
        description: {
          name: "m",
          clusters: { a: { provider: "kind", gateway: { service: "LoadBalancer" } } },
        },
      }),
  );
  const gateways = [...found].filter(([label]) => label.startsWith("kubernetes:core/v1:Service "));
  expect(gateways.map(([label]) => label.split("/").at(-1))).toContain("istio-eastwestgateway");
  for (const [, needed] of gateways)
    expect([...needed]).toContain(
      "kubernetes:metallb.io/v1beta1:L2Advertisement m-a-metallb-l2advertisement",
    );
});
