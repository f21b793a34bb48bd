import { formatPreview, readPreview } from "../../../src";

const prefix = "urn:pulumi:dev::shop::meshspan:index:Mesh$meshspan:index:SharedRootCA$";
const urnOf = (type: string, name: string) => `${prefix}${type}::${name}`;

/** As Pulumi prints a step; what isn't read is left out. */
function step(
  op: string,
  type: string,
  name: string,
  old?: object,
  now?: object,
  more: object = {},
) {
  const urn = urnOf(type, name);
  return {
    op,
    urn,
    ...(old === undefined ? {} : { oldState: { urn, type, inputs: old } }),
    ...(now === undefined ? {} : { newState: { urn, type, inputs: now } }),
    ...more,
  };
}

const object = (apiVersion: string, kind: string, name: string, fields: object = {}) => ({
  apiVersion,
  kind,
  metadata: { name, namespace: "default" },
  ...fields,
});
const istio = (kind: string, name: string, spec: object) =>
  object("networking.istio.io/v1", kind, name, { spec });
const secret = (data: unknown) => object("v1", "Secret", "cacerts", { data });
const shared = (label: string, kubeconfig: string) => ({
  __provider: "code",
  kubeconfig,
  manifest: { apiVersion: "v1", kind: "Namespace", metadata: { name: "istio", labels: { label } } },
});

const entryType = "kubernetes:networking.istio.io/v1:ServiceEntry";
const steps = [
  step("same", "kubernetes:core/v1:Service", "shop/east/default/same", {}, {}),
  step(
    "update",
    entryType,
    "shop/east/default/cart",
    istio("ServiceEntry", "cart", { endpoints: [{ address: "203.0.113.20" }] }),
    istio("ServiceEntry", "cart", {
      endpoints: [{ address: "04da6b54-80e4-46f7-96ec-b56ff0331ba9" }],
    }),
  ),
  step(
    "update",
    "kubernetes:core/v1:Secret",
    "shop/east/istio-system/cacerts",
    secret("[secret]"),
    secret("[secret]"),
    { detailedDiff: { 'data["ca-key.pem"]': { kind: "update" } } },
  ),
  step("create", entryType, "shop/west/default/pay", undefined, istio("ServiceEntry", "pay", {})),
  step("delete", entryType, "shop/west/default/old", istio("ServiceEntry", "old", {})),
  step(
    "delete-replaced",
    "kubernetes:core/v1:Service",
    "shop/west/default/dns",
    object("v1", "Service", "dns", { spec: { clusterIP: "10.0.0.1" } }),
  ),
  step(
    "replace",
    "kubernetes:core/v1:Service",
    "shop/west/default/dns",
    object("v1", "Service", "dns", { spec: { clusterIP: "10.0.0.1" } }),
    object("v1", "Service", "dns", { spec: { clusterIP: "10.0.0.2" } }),
  ),
  step(
    "update",
    "pulumi-nodejs:dynamic/meshspan:SharedObject",
    "shop/west/istio",
    shared("a", "token-1"),
    shared("b", "token-2"),
  ),
  step(
    "update",
    "kubernetes:helm.sh/v3:Release",
    "shop/west/istiod",
    { values: {} },
    { values: { a: 1 } },
  ),
  step(
    "update",
    "tls:index/privateKey:PrivateKey",
    "shop-root-ca-root",
    { privateKeyPem: "KEY-1" },
    { privateKeyPem: "KEY-2" },
    { diffReasons: ["privateKeyPem"] },
  ),
];

describe("a preview of Pulumi", () => {
  const preview = readPreview({ steps, diagnostics: [] })!;

  it("says per cluster what is made, deleted, replaced and changed, by the keys of the plan", () => {
    expect(preview.clusters.map(({ cluster }) => cluster)).toEqual(["", "east", "west"]);
    const [, east, west] = preview.clusters;
    expect(east!.updated).toEqual([
      {
        key: "core/Secret/default/cacerts",
        fields: [{ path: 'data["ca-key.pem"]', change: "changed" }],
      },
      {
        key: "networking.istio.io/ServiceEntry/default/cart",
        fields: [
          {
            path: "spec.endpoints[0].address",
            change: "changed",
            before: "203.0.113.20",
            after: "(known after the run)",
          },
        ],
      },
    ]);
    expect(west).toMatchObject({
      created: ["networking.istio.io/ServiceEntry/default/pay"],
      deleted: ["networking.istio.io/ServiceEntry/default/old"],
      replaced: [{ key: "core/Service/default/dns", fields: [{ path: "spec.clusterIP" }] }],
      updated: [
        { key: "core/Namespace//istio", fields: [{ path: "metadata.labels.label" }] },
        { key: "helm/istiod", fields: [{ path: "values.a" }] },
      ],
    });
  });

  it("tells no secret, marked as one or not", () => {
    const all = [
      JSON.stringify(preview),
      formatPreview(preview, "text"),
      formatPreview(preview, "markdown"),
    ].join();
    expect(all).not.toMatch(/KEY-\d|token-\d|\[secret\]|"code"/);
    const plain = readPreview({
      steps: [
        step(
          "update",
          "kubernetes:core/v1:Secret",
          "shop/east/default/cacerts",
          secret({ key: "b2xk" }),
          secret({ key: "bmV3" }),
        ),
      ],
    });
    expect(plain!.clusters[0]!.updated[0]!.fields).toEqual([
      { path: "data.key", change: "changed" },
    ]);
  });

  it("is written for a terminal and as a comment, what is replaced first", () => {
    const text = formatPreview(preview, "text");
    expect(text).toContain(
      "west: 1 replaced, 1 deleted, 1 created, 2 updated\n  +- core/Service/default/dns\n",
    );
    expect(text).toContain('      spec.clusterIP: "10.0.0.1" → "10.0.0.2"');
    const comment = formatPreview(preview, "markdown");
    expect(comment).toContain("- **west**: 1 replaced, 1 deleted, 1 created, 2 updated\n");
    expect(comment).toContain("| **replaced** | `core/Service/default/dns` |");
    const short = formatPreview(preview, "markdown", { maxLength: 1000 });
    expect(short.length).toBeLessThanOrEqual(1000);
    expect(short).toMatch(/Left out.*\d objects/);
  });

  it("says so when nothing changes", () => {
    expect(formatPreview(readPreview({ steps: [] })!, "text")).toBe("Preview: nothing changes\n");
    expect(formatPreview(readPreview({ steps: steps.slice(0, 1) })!, "markdown")).toContain(
      "nothing changes",
    );
  });

  it.each([undefined, null, [], {}, { steps: {} }, { steps: [1] }, { steps: [{ op: "same" }] }])(
    "is no preview: %j",
    (printed) => expect(readPreview(printed)).toBeUndefined(),
  );
});
