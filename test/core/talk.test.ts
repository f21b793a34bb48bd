import { mergeCorefile, parseMesh, planMesh, stubDomainBlock } from "../../src";

/** What the talk's slides show, in a description of today. */
const slide = parseMesh({
  name: "hipster-shop",
  addresses: "127.255.0.0/16",
  clusters: { east: {}, west: { gateway: { address: "62.208.220.13" } } },
  services: {
    "redis-cart.default": {
      ports: [{ name: "redis", port: 6379, protocol: "tcp" }],
      serviceAccount: "redis-cart",
      servedBy: ["west"],
      consumedBy: ["east"],
      address: "127.255.3.6",
    },
  },
});

describe("a mesh described with the talk's values", () => {
  it("has the ServiceEntry of the slide in every field", () => {
    const east = planMesh(slide).clusters.find(({ cluster }) => cluster.name === "east")!;
    const entry = east.objects.find(({ manifest }) => manifest.kind === "ServiceEntry")!.manifest;
    expect(entry.metadata.name).toBe("redis-cart");
    expect(entry.spec).toEqual({
      hosts: ["redis-cart.default.global"],
      location: "MESH_INTERNAL",
      ports: [{ name: "redis", number: 6379, protocol: "tcp" }],
      resolution: "STATIC",
      addresses: ["127.255.3.6"],
      endpoints: [{ address: "62.208.220.13", ports: { redis: 15443 } }],
    });
  });

  it("has the stub domain of the slide, with forward instead of proxy", () => {
    expect(stubDomainBlock("global", "10.0.0.10").replace(/\s+/g, " ").trim()).toBe(
      "global:53 { errors cache 30 forward . 10.0.0.10 }",
    );
    const merged = mergeCorefile(
      ".:53 {\n    forward . /etc/resolv.conf\n}\n",
      "global",
      "10.0.0.10",
    );
    expect(merged.text).toContain(stubDomainBlock("global", "10.0.0.10"));
    expect(merged.text).not.toMatch(/^\s*proxy /m);
  });

  it("gives istiod the four files of the slide, under the slide's names", () => {
    const secrets = planMesh(slide).clusters.map(({ objects }) =>
      objects.find(({ manifest }) => manifest.kind === "Secret")!,
    );
    for (const { manifest } of secrets) {
      expect(manifest.metadata).toMatchObject({ name: "cacerts", namespace: "istio-system" });
      expect(Object.keys(manifest.data as object).sort()).toEqual([
        "ca-cert.pem",
        "ca-key.pem",
        "cert-chain.pem",
        "root-cert.pem",
      ]);
    }
  });
});
