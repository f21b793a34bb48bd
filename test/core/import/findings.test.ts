/** Settings of clusters that a description has otherwise, or can't have, are told with a code and the clusters. */
import { importMesh, type ImportOptions, type Manifest, parseMesh, planMesh } from "../../../src";
import { liveClusters } from "./liveClusters";

type Clusters = Record<"east" | "west", Manifest[]>;

/** A mesh of two clusters as it is once it's applied. */
function applied(): Clusters {
  const mesh = parseMesh({
    ...{ name: "shop", trust: { issuer: "existing" }, observability: true },
    clusters: {
      east: { gateway: { address: "203.0.113.10" } },
      west: { gateway: { address: "203.0.113.20" } },
    },
    services: {
      "cart.shop": {
        ports: [{ name: "grpc", port: 9090, protocol: "GRPC" }],
        serviceAccount: "cart",
        servedBy: ["west"],
      },
    },
  });
  return structuredClone(liveClusters(planMesh(mesh))) as Clusters;
}

/** `code: clusters: message`. */
const told = (clusters: Clusters, options: ImportOptions = {}) =>
  importMesh(clusters, options).findings.map(
    ({ code, clusters: names, message }) => `${code}: ${names.join()}: ${message}`,
  );

const find = (objects: readonly Manifest[], kind: string, name: string): any =>
  objects.find((one) => one.kind === kind && one.metadata.name === name)!;

/** Changes istiod's settings in its ConfigMap. */
const setting = (objects: readonly Manifest[], from: string | RegExp, to: string) => {
  const { data } = find(objects, "ConfigMap", "istio");
  expect(data.mesh).toMatch(from);
  data.mesh = data.mesh.replace(from, to);
};

const kubeSystem = (name: string, data: Readonly<Record<string, string>>): Manifest => ({
  ...{ apiVersion: "v1", kind: "ConfigMap", data },
  metadata: { name, namespace: "kube-system" },
});

it("nothing of a mesh that is as described", () => {
  expect(told(applied())).toEqual([]);
});

it.each<[string, (clusters: Clusters) => void, readonly string[]]>([
  [
    "a control plane that calls its cluster otherwise",
    ({ west }) => {
      find(west, "Deployment", "istiod").spec.template.spec.containers[0].env[0].value = "prod-2";
    },
    ["istiod_names_differ: west: istiod's cluster name is prod-2, and the description has west"],
  ],
  [
    "one that has another mesh ID",
    ({ west }) => setting(west, "meshId: shop", "meshId: other"),
    ["istiod_names_differ: west: istiod's mesh ID is other, and the description has shop"],
  ],
  [
    "aliases that one cluster lacks",
    ({ east }) => setting(east, /^/, "trustDomainAliases: [old.example]\n"),
    ["settings_differ: west: trustDomainAliases lacks some of old.example, which others have"],
  ],
  [
    "what only one cluster has to be seen",
    ({ west }) => {
      west.splice(0, west.length, ...west.filter(({ kind }) => kind !== "PrometheusRule"));
    },
    [
      "settings_differ: west: what is to be seen of calls (observability) is not what it is in east, whose is taken",
    ],
  ],
  [
    "control planes of which none is the default one",
    ({ east }) => {
      const own = find(east, "ConfigMap", "istio");
      own.metadata.name = "istio-1-30";
      east.push({ ...own, metadata: { ...own.metadata, name: "istio-1-31" } });
    },
    [
      "revision_unclear: east: nothing tells which of istio-1-30, istio-1-31 is the mesh's control plane",
      "dns_unclear: east: nothing that was given shows how pods resolve names of global",
    ],
  ],
  [
    "names that nothing resolves",
    ({ east, west }) => {
      for (const objects of [east, west]) setting(objects, "ISTIO_META_DNS_CAPTURE", "OTHER");
    },
    [
      "dns_unclear: east,west: neither a stub domain nor istiod's settings let pods resolve names of global",
    ],
  ],
  [
    "settings that weren't given",
    ({ east }) => {
      east.splice(0, east.length, ...east.filter(({ metadata }) => metadata.name !== "istio"));
    },
    ["dns_unclear: east: nothing that was given shows how pods resolve names of global"],
  ],
  ...(
    [
      ["coredns", { Corefile: "global:53 {\n    forward . 10.96.0.77\n}\n.:53 {\n}\n" }],
      ["coredns-custom", { "global.server": "global:53 {\n    forward . 10.96.0.77\n}\n" }],
      ["kube-dns", { stubDomains: '{"global":["10.96.0.77"]}' }],
    ] as const
  ).map(([name, data]): [string, (clusters: Clusters) => void, readonly string[]] => [
    `a DNS server that is somebody else's, by ${name}`,
    ({ east }) => east.push(kubeSystem(name, data)),
    [`dns_unclear: east: kube-system/${name} sends global to a DNS server that isn't the mesh's`],
  ]),
  [
    "remote secrets beside entries that name gateways",
    ({ east }) =>
      east.push({
        ...{ apiVersion: "v1", kind: "Secret" },
        metadata: {
          ...{ name: "istio-remote-secret-west", namespace: "istio-system" },
          labels: { "istio/multiCluster": "true" },
        },
      }),
    [
      "distribution_unclear: east: control planes read endpoints of other clusters, and entries name gateways, or there are none",
    ],
  ],
])("%s", (_, change, findings) => {
  const clusters = applied();
  change(clusters);
  expect(told(clusters)).toEqual(findings);
});

it("another name of the mesh than its control planes have", () => {
  expect(told(applied(), { name: "store" })).toEqual([
    "istiod_names_differ: east,west: istiod's mesh ID is shop, and the description has store",
  ]);
});
