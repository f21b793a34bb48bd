/** What Meshspan itself makes is read back whole: the same objects are planned again, and nothing is left to be told. */
import {
  importMesh,
  type MeshDescription,
  type Plan,
  parseMesh,
  planMesh,
  safeParseMesh,
} from "../../../src";
import { toLiteral } from "../../../src/core/literals";
import { generatedMeshes } from "../../generatedMesh";
import { liveClusters } from "./liveClusters";

const observabilities: readonly MeshDescription["observability"][] = [
  undefined,
  true,
  { accessLogs: "all", rules: "configMap", dashboard: false },
  { accessLogs: "none", namespace: "monitoring", labels: { release: "prometheus" } },
  { rules: "configMap" },
];
const image = "registry.example/pilot:1.31.0";
const distributions: readonly ((
  first: string,
) => Pick<MeshDescription, "distribution" | "hubs" | "istio">)[] = [
  () => ({}),
  () => ({ distribution: "endpoints" }),
  () => ({ distribution: "hub", istio: { image } }),
  (first) => ({ hubs: [first], istio: { image } }),
  (first) => ({ distribution: "hub", hubs: [first], istio: { image } }),
];
const trusts: readonly (readonly [Pick<MeshDescription, "trust" | "trustDomain">, string?])[] = [
  [{}],
  [{ trustDomain: "shop.example" }],
  [{ trust: { trustDomainAliases: ["old.example"] } }, "own.example"],
];

/** Valid descriptions of every sort, whatever the generator leaves out varied beside what it varies. */
const descriptions = generatedMeshes(150).flatMap(
  (generated, index): readonly MeshDescription[] => {
    const [{ trust, ...rest }, ownDomain] = trusts[index % trusts.length]!;
    const [first = ""] = Object.keys(generated.clusters);
    const { istio, ...distribution } = distributions[index % distributions.length]!(first);
    const description: MeshDescription = {
      ...generated,
      ...rest,
      ...distribution,
      istio: { ...generated.istio, ...istio },
      observability: observabilities[Math.floor(index / 3) % observabilities.length],
      trust: { issuer: "existing", ...trust },
      clusters: Object.fromEntries(
        Object.entries(generated.clusters).map(([name, cluster], at) => [
          name,
          {
            ...cluster,
            ...(ownDomain === undefined || at > 0 ? {} : { trustDomain: ownDomain }),
            ...(index % 7 === 0 ? { network: `net-${at}` } : {}),
            ...(index % 4 === 3
              ? {
                  dns: {
                    mode: "kube-dns" as const,
                    address: "10.96.0.53",
                    stubDomains: '{"corp":["10.0.0.2"]}',
                  },
                }
              : {}),
          },
        ]),
      ),
    };
    return safeParseMesh(description).ok ? [description] : [];
  },
);

it("is tried with every distribution, DNS mode and form of rules", () => {
  const seen = (of: (description: MeshDescription) => unknown) =>
    new Set(descriptions.map((description) => JSON.stringify(of(description) ?? null)));
  expect(descriptions.length).toBeGreaterThan(100);
  const ways = seen(({ distribution, hubs }) => [distribution, hubs?.length]);
  expect(ways.size).toBe(distributions.length);
  expect(seen(({ observability }) => observability).size).toBe(observabilities.length);
  const modes = descriptions.flatMap(({ clusters }) =>
    Object.values(clusters).map(({ dns }) => (typeof dns === "object" ? dns.mode : dns)),
  );
  expect(new Set(modes)).toEqual(new Set(["proxy", "coredns", "kube-dns"]));
});

it("gives the same objects again, and tells of no object or setting that it can't express", () => {
  for (const description of descriptions) {
    const plan = planMesh(parseMesh(description));
    const imported = importMesh(liveClusters(plan), { domain: plan.mesh.domain });
    const told = imported.objects.filter(
      ({ state, reason }) => state !== "same" && reason?.code !== "kind_not_made",
    );
    expect({ of: description.name, told, added: imported.added }).toEqual({
      ...{ of: description.name, told: [], added: [] },
    });
    // Where endpoints are read, secrets know by which URL.
    const codes = imported.findings.map(({ code }) => code);
    const isRead = plan.clusters.some(({ objects }) => objects.some(({ live }) => live));
    expect(codes).toEqual(isRead ? ["api_server_unknown"] : []);
    const again = planMesh(parseMesh(imported.description));
    expect(contentOf(again)).toEqual(contentOf(plan));
  }
});

it("takes names, networks, trust domains and DNS from the clusters' own settings", () => {
  const plan = planMesh(
    parseMesh({
      ...{ name: "shop", trustDomain: "shop.example", trust: { issuer: "existing" } },
      clusters: {
        east: { network: "net-1", gateway: { address: "203.0.113.10" } },
        west: {
          ...{ network: "net-2", trustDomain: "west.example" },
          gateway: { address: "203.0.113.20" },
        },
      },
    }),
  );
  const { description, findings } = importMesh(liveClusters(plan));
  expect(findings).toEqual([]);
  expect(description).toMatchObject({
    ...{ name: "shop", trustDomain: "shop.example" },
    clusters: {
      east: { network: "net-1" },
      west: { network: "net-2", trustDomain: "west.example" },
    },
  });
});

/** Objects and charts' values: what a mesh makes of a description. */
const contentOf = ({ clusters }: Plan) =>
  clusters.map(({ objects, helm }) => ({
    helm,
    objects: objects.filter(({ live }) => !live).map(({ manifest }) => toLiteral(manifest)),
  }));
