/** Short names of services that would be somebody else's Service. */
import type { MeshDescription } from "../../../src/core/description";
import { parseMesh, parseService, safeParseMesh } from "../../../src/core/parse";
import { changed } from "./base";
import { type FaultRow, testFaults } from "./faultTable";

const http = { name: "http", port: 80, protocol: "HTTP" };

describe("short names that are somebody else's", () => {
  const short = {
    ports: [http],
    serviceAccount: "mine",
    servedBy: ["west"],
    consumedBy: ["east"],
    shortName: true,
  };
  const at = (key: string) => `services["${key}"]`;
  const refused = (key: string, changes: object = {}): FaultRow => [
    `the short name ${key}`,
    { ...changes, [at(key)]: short },
    "invalid_host",
    `${at(key)}.shortName`,
  ];
  testFaults([
    refused("kubernetes.default"),
    refused("kube-dns.kube-system"),
    refused("istiod.istio-system"),
    refused("meshspan-dns.istio-system"),
    refused("istiod.mesh", { "istio.namespace": "mesh" }),
    refused("istio-eastwestgateway.istio-eastwest"),
    refused("hub.istio-hub"),
    refused("gate.shop", { "east.gateway.name": "gate", "east.gateway.namespace": "shop" }),
    refused("meshspan-hub.shop", { "east.gateway.namespace": "shop" }),
  ]);

  it.each(["kubernetes.shop", "istiod.shop", "frontend.default"])("%s is its own", (key) => {
    expect(safeParseMesh(changed({ [at(key)]: short })).ok).toBe(true);
  });

  it("a service of these names without a short one is what it is", () => {
    const long = { ...short, shortName: false };
    expect(safeParseMesh(changed({ [at("istiod.istio-system")]: long })).ok).toBe(true);
  });

  it("a service that stands alone is refused, too", () => {
    const mesh = parseMesh(changed({}) as MeshDescription);
    expect(() => parseService(mesh, "istiod.istio-system", short)).toThrow(
      'services["istiod.istio-system"].shortName: "istiod.istio-system" would be a Service of the mesh in clusters where it doesn\'t run, and the namespace istio-system is Istio\'s: remove shortName',
    );
  });
});
